using Peregrine.Backends.Cpu.Movement;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Tests.Movement;

public sealed class ReformatTacticTests
{
    private static readonly ReformatTactic Tactic = new();

    public static TheoryData<long[]> Shapes => new(
        [2, 3, 5, 7], [1, 64, 14, 14], [1, 3, 33, 47], [2, 17, 9, 9], [1, 1, 8, 8], [3, 40, 1, 1], [2, 0, 4, 4], [0, 3, 2, 2], [1, 5, 70], [2, 6, 3, 4, 5], [1, 130, 67, 3], [1, 8, 8, 200], [1, 4, 40, 40], [1, 2, 40, 40]);

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Layouts_change_into_each_other(long[] dims)
    {
        long padded = dims[1] + 13;
        Layout[] layouts = [Layout.RowMajor, Layout.ChannelsLast(dims.Length), Layout.ChannelsLast(dims.Length, padded), Layout.ChannelsLast(dims.Length, padded + 3)];
        Tensor input = TestTensors.Bits(DataType.Float32, dims);
        foreach (Layout from in layouts)
        {
            foreach (Layout to in layouts)
            {
                Reformat(input, from, to, isStatic: (dims[0] & 1) == 0).Check(Tactic);
            }
        }
    }

    [Theory]
    [InlineData(DataType.Bool)]
    [InlineData(DataType.UInt8)]
    [InlineData(DataType.Float16)]
    [InlineData(DataType.Int64)]
    [InlineData(DataType.Complex128)]
    public void Elements_of_any_size_move(DataType type)
    {
        foreach (long[] dims in (long[][])[[2, 19, 13, 11], [1, 3, 30, 30], [1, 48, 16, 16]])
        {
            Tensor input = TestTensors.Bits(type, dims);
            Reformat(input, Layout.RowMajor, Layout.ChannelsLast(4)).Check(Tactic);
            Reformat(input, Layout.ChannelsLast(4, dims[1] + 3), Layout.RowMajor).Check(Tactic);
            Reformat(input, Layout.RowMajor, Layout.ChannelsLast(4, dims[1] + 1)).Check(Tactic);
        }
    }

    [Fact]
    public void What_computes_is_declined()
    {
        Assert.NotNull(new TacticHarness(new Identity(), [TestTensors.Floats(1, 2, 3, 4)]).Decline(Tactic));
        Assert.NotNull(Reformat(TestTensors.Floats(1, 2, 3, 4), Layout.RowMajor, Layout.ChannelsLast(4) with { BlockAxis = 1, Block = 8 }).Decline(Tactic));
    }

    private static TacticHarness Reformat(Tensor input, Layout from, Layout to, bool isStatic = true)
    {
        TacticHarness harness = new(new Identity(), [input]) { IsStatic = isStatic, IsBitwise = true, Rephrase = static r => r with { Anchor = null, Epilogue = new OperandExpr(0) } };
        harness.InputLayouts[0] = from;
        harness.OutputLayouts[0] = to;
        return harness;
    }
}
