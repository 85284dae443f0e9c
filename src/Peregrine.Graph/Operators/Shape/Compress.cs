using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Keeps the slices along an axis (or, without one, the elements of the flattened tensor) for which <c>condition</c> is true; a condition that is too short drops the rest.</summary>
public sealed record Compress(long? Axis = null) : Operator
{
    public static readonly Schema<Compress> Schema = new Schema<Compress>("Compress", since: 9, a => new(a.OptionalInt("axis"))).Inputs("input", "condition").Outputs("output")
        .OptionalInt("axis", o => o.Axis);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (!c.Require(1, DataType.Bool))
        {
            return;
        }

        if (!c.IsRanked(0))
        {
            c.Set(0, c.ElementType(0), Axis is null ? c.FreshShape(1) : Shape.Unranked);
            return;
        }

        Shape input = Axis is null ? [c.Shape(0).ElementCount] : c.Shape(0);
        int axis = c.Axis(Axis ?? 0, input.Rank);
        if (input.Rank == 0)
        {
            return;
        }

        Dim kept = c.ConstantOf(1) is { } condition && input[axis].IsConstant ? Count(condition.Data.Span, input[axis].Constant) : c.FreshSymbol(input[axis]);
        c.Set(0, c.ElementType(0), input.With(axis, kept));
        MovedContents.Propagate(this, c);
    }

    public override void Evaluate(EvaluationScope c)
    {
        Tensor source = c.Input(0);
        ReadOnlySpan<byte> condition = c.Input(1).Data.Span;
        int axis = Axis is { } stated ? c.Axis(stated, source.Rank) : 0;
        long extent = Axis is null ? source.Length : source.Dims[axis];
        long inner = Axis is null ? 1 : Tensor.CountElements(source.Dims[(axis + 1)..]), outer = Axis is null ? 1 : Tensor.CountElements(source.Dims[..axis]);
        ElementMover mover = new(source, c.Output(0));
        long to = 0;
        for (long o = 0; o < outer && inner > 0; o++)
        {
            for (int i = 0; i < Math.Min(extent, condition.Length); i++)
            {
                if (condition[i] != 0)
                {
                    mover.Copy(((o * extent) + i) * inner, to, inner);
                    to += inner;
                }
            }
        }
    }

    private static long Count(ReadOnlySpan<byte> condition, long extent)
    {
        ReadOnlySpan<byte> read = condition[..(int)Math.Min(extent, condition.Length)];
        return read.Length - read.Count((byte)0);
    }
}
