using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Graph.Tests.Operators.Sequences;

public sealed class SequenceTests
{
    private static readonly Tensor One = Tensor.Vector(1f), Two = Tensor.Vector(2f, 3f), Three = Tensor.Vector(4f);

    [Theory]
    [InlineData(null, "1|2 3|4")]
    [InlineData(0L, "4|1|2 3")]
    [InlineData(-1L, "1|4|2 3")]
    [InlineData(2L, "1|2 3|4")]
    public void InsertCountsFromBothEnds(long? position, string expected)
    {
        Tensor? at = position is { } p ? Tensor.Scalar(p) : null;
        Assert.Equal(expected, Text((TensorSequence)Run(new SequenceInsert(), new TensorSequence([One, Two]), Three, at)));
    }

    [Fact]
    public void PositionsOutsideAreErrors()
    {
        foreach (long position in new long[] { 2, -3, long.MinValue })
        {
            ModelException e = Assert.Throws<ModelException>(() => Run(new SequenceAt(), new TensorSequence([One, Two]), Tensor.Scalar(position)));
            Assert.Equal("PG2161", e.Diagnostics[0].Code);
        }

        Assert.Throws<ModelException>(() => Run(new SequenceErase(), TensorSequence.Empty));
    }

    [Fact]
    public void ConcatUndoesSplit()
    {
        Tensor x = Tensor.Of<float>([5, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        TensorSequence pairs = (TensorSequence)Run(new SplitToSequence(), x, Tensor.Scalar(2L));
        Assert.Equal("1 2 3 4|5 6 7 8|9 10", Text(pairs));
        Assert.Equal(x, Run(new ConcatFromSequence(0), pairs));
        TensorSequence rows = (TensorSequence)Run(new SplitToSequence(KeepDims: false), x);
        Assert.Equal([2], ((Tensor)rows.Items[0]).Dims.ToArray());
        Assert.Equal(x, Run(new ConcatFromSequence(0, true), rows));
    }

    [Fact]
    public void ItemsOfDifferentLengthEachHaveTheirOwnExtent()
    {
        GraphBuilder g = new("test");
        Value sequence = g.Call(new SequenceConstruct(), g.Input("a", DataType.Float32, "N", 2), g.Input("b", DataType.Float32, "M", 2));
        Value first = g.Call(new SequenceAt(), sequence, g.Constant("0", Tensor.Scalar(0L))), second = g.Call(new SequenceAt(), sequence, g.Constant("1", Tensor.Scalar(1L)));
        Assert.Equal(2, first.Tensor!.Shape[1].Constant);
        Assert.NotEqual(first.Tensor.Shape[0], second.Tensor!.Shape[0]);
        Assert.Throws<ModelException>(() => g.Call(new SequenceInsert(), sequence, g.Input("c", DataType.Int64, 2)));
    }

    [Fact]
    public void OptionalsHoldOrDoNot()
    {
        OptionalType type = new(new TensorType(DataType.Float32, [1]));
        Assert.Equal(Tensor.Scalar(true), Run(new OptionalHasElement(), Run(new Optional(), One)));
        Assert.Equal(Tensor.Scalar(false), Run(new OptionalHasElement(), Run(new Optional(type.Element))));
        Assert.Equal(One, Run(new OptionalGetElement(), new OptionalValue(One)));
        Assert.Throws<ModelException>(() => Run(new OptionalGetElement(), OptionalValue.None));
    }

    private static object Run(Operator op, params object?[] inputs) => ReferenceEvaluator.Evaluate(op, "node", inputs, [], [true])[0]!;

    private static string Text(TensorSequence sequence) => string.Join('|', sequence.Items.Select(i => string.Join(' ', ((Tensor)i).Span<float>().ToArray())));
}
