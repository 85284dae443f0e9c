using Peregrine.Backends.Cpu.Movement;
using Peregrine.Diagnostics;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Tests.Movement;

public sealed class MovementTacticTests
{
    private static readonly DataType[] Types = [DataType.Float32, DataType.Int64, DataType.Float16, DataType.Bool, DataType.Complex128];

    [Fact]
    public void Concat_joins_any_axis()
    {
        foreach (DataType type in Types)
        {
            AllLayouts(new ConcatTactic(), new Concat(1), Bits(type, 2, 3, 5, 7), Bits(type, 2, 18, 5, 7), Bits(type, 2, 0, 5, 7), Bits(type, 2, 1, 5, 7));
            AllLayouts(new ConcatTactic(), new Concat(-1), Bits(type, 2, 3, 5, 7), Bits(type, 2, 3, 5, 1));
            AllLayouts(new ConcatTactic(), new Concat(0), Bits(type, 2, 3, 5), Bits(type, 1, 3, 5));
        }

        AllLayouts(new ConcatTactic(), new Concat(1), Bits(DataType.Float32, 1, 64, 28, 28), Bits(DataType.Float32, 1, 32, 28, 28));
    }

    [Fact]
    public void Concat_takes_mixed_layouts()
    {
        TacticHarness harness = Harness(new Concat(1), [Bits(DataType.Float32, 2, 3, 5, 7), Bits(DataType.Float32, 2, 6, 5, 7)]);
        harness.InputLayouts[1] = Layout.ChannelsLast(4, 8);
        harness.OutputLayouts[0] = Layout.ChannelsLast(4, 12);
        harness.Check(new ConcatTactic());
    }

    [Fact]
    public void Split_cuts_any_axis()
    {
        foreach (DataType type in Types)
        {
            Tensor input = Bits(type, 2, 12, 5, 7);
            AllLayouts(new SplitTactic(), new Split(1), [input, TestTensors.Longs(3, 0, 8, 1)], [true, true, false, true]);
            AllLayouts(new SplitTactic(), new Split(-1, 2), [input], [true, true]);
            AllLayouts(new SplitTactic(), new Split(1), [input], [true, true, true]);
        }
    }

    [Fact]
    public void Slice_takes_steps_of_any_sign()
    {
        Tensor input = Bits(DataType.Float32, 2, 20, 9, 11);
        AllLayouts(new SliceTactic(), new Slice(), input, TestTensors.Longs(2, -7), TestTensors.Longs(17, int.MaxValue), TestTensors.Longs(1, 3));
        AllLayouts(new SliceTactic(), new Slice(), input, TestTensors.Longs(-1, 1), TestTensors.Longs(-100, 100), TestTensors.Longs(2, 1), TestTensors.Longs(-1, 3));
        AllLayouts(new SliceTactic(), new Slice(), input, TestTensors.Longs(0, 0), TestTensors.Longs(100, 100), TestTensors.Longs(-1, -2), TestTensors.Longs(2, 2));
        AllLayouts(new SliceTactic(), new Slice(), input, TestTensors.Longs(5), TestTensors.Longs(5), TestTensors.Longs(1));
        AllLayouts(new SliceTactic(), new Slice(), input, TestTensors.Longs(0), TestTensors.Longs(9), TestTensors.Longs(3), TestTensors.Longs(long.MaxValue));
        AllLayouts(new SliceTactic(), new Slice(), Bits(DataType.UInt8, 30, 5), TestTensors.Longs(3, 1), TestTensors.Longs(30, 4));
    }

    [Theory]
    [InlineData(PadMode.Constant)]
    [InlineData(PadMode.Reflect)]
    [InlineData(PadMode.Edge)]
    [InlineData(PadMode.Wrap)]
    public void Pad_adds_and_removes(PadMode mode)
    {
        foreach (DataType type in Types)
        {
            AllLayouts(new PadTactic(), new Pad(mode), Bits(type, 1, 5, 6, 7), TestTensors.Longs(0, 0, 1, 2, 0, 0, 3, 1));
            AllLayouts(new PadTactic(), new Pad(mode), Bits(type, 2, 5, 6, 7), TestTensors.Longs(-1, 9, 8, -3), null, TestTensors.Longs(2, -1));
        }

        AllLayouts(new PadTactic(), new Pad(mode), Bits(DataType.Float32, 1, 5, 1, 2), TestTensors.Longs(0, 2, 3, 7, 1, 1, 2, 5));
        AllLayouts(new PadTactic(), new Pad(mode), Bits(DataType.Float32, 9), TestTensors.Longs(40, 33));
    }

    [Fact]
    public void Pad_fills_with_its_value()
    {
        AllLayouts(new PadTactic(), new Pad(), Bits(DataType.Float32, 1, 20, 6, 7), TestTensors.Longs(1, 1, 1, 1), Tensor.Scalar(3.5f), TestTensors.Longs(2, 3));
        AllLayouts(new PadTactic(), new Pad(), Bits(DataType.Float32, 1, 20, 0, 7), TestTensors.Longs(1, 1, 1, 1), Tensor.Scalar(3.5f), TestTensors.Longs(2, 3));
    }

    [Fact]
    public void Expand_and_Tile_repeat()
    {
        foreach (DataType type in Types)
        {
            AllLayouts(new RepeatTactic(), new Expand(), Bits(type, 3, 1, 5), TestTensors.Longs(2, 1, 7, 1));
            AllLayouts(new RepeatTactic(), new Expand(), Bits(type, 1, 70, 1, 1), TestTensors.Longs(2, 70, 9, 20));
            AllLayouts(new RepeatTactic(), new Expand(), Bits(type, 1), TestTensors.Longs(3, 0, 4));
            AllLayouts(new RepeatTactic(), new Tile(), Bits(type, 2, 3, 5, 4), TestTensors.Longs(1, 2, 3, 2));
            AllLayouts(new RepeatTactic(), new Tile(), Bits(type, 6, 5), TestTensors.Longs(0, 2));
        }
    }

    [Fact]
    public void Transpose_permutes_in_any_order()
    {
        foreach (DataType type in Types)
        {
            foreach (Ints permutation in (Ints[])[[0, 2, 3, 1], [0, 3, 1, 2], [0, 2, 1, 3], [3, 2, 1, 0], [1, 0, 2, 3], [0, 1, 3, 2], [2, 0, 3, 1], [0, 1, 2, 3]])
            {
                AllLayouts(new TransposeTactic(), new Transpose(permutation), Bits(type, 2, 19, 5, 33));
            }
        }

        AllLayouts(new TransposeTactic(), new Transpose(), Bits(DataType.Float32, 130, 75));
        AllLayouts(new TransposeTactic(), new Transpose([1, 0]), Bits(DataType.UInt8, 300, 270));
        AllLayouts(new TransposeTactic(), new Transpose([4, 1, 3, 0, 2]), Bits(DataType.Float32, 3, 4, 5, 6, 7));
        AllLayouts(new TransposeTactic(), new Transpose(), Bits(DataType.Float32));
    }

    [Fact]
    public void Blocks_move_between_depth_and_space()
    {
        foreach (DataType type in Types)
        {
            AllLayouts(new DepthSpaceTactic(), new DepthToSpace(2), Bits(type, 2, 24, 3, 5));
            AllLayouts(new DepthSpaceTactic(), new DepthToSpace(3, DepthOrder.ColumnRowDepth), Bits(type, 1, 18, 4, 7));
            AllLayouts(new DepthSpaceTactic(), new SpaceToDepth(2), Bits(type, 2, 5, 6, 10));
        }
    }

    [Fact]
    public void Copies_keep_the_elements()
    {
        AllLayouts(new CopyTactic(), new Identity(), Bits(DataType.Float32, 2, 20, 9, 11));
        Harness(new Reshape(), [Bits(DataType.Float16, 30, 40, 50), TestTensors.Longs(-1, 8)]).Check(new CopyTactic());
        Harness(new Flatten(), [Bits(DataType.Float32, 3, 4)]).Check(new CopyTactic());
        Assert.NotNull(Harness(new Flatten(), [Bits(DataType.Float32, 3, 4, 5, 6)]).ChannelsLast().Decline(new CopyTactic()));
    }

    [Fact]
    public void Gather_selects_by_either_index_type()
    {
        foreach (DataType type in Types)
        {
            Tensor indices = Tensor.Of<long>([2, 3], [0, -1, 5, 3, -7, 6]);
            Harness(new Gather(), [Bits(type, 7, 5), indices]).Check(new GatherTactic());
            Harness(new Gather(1), [Bits(type, 3, 7, 40), indices]).Check(new GatherTactic());
            Harness(new Gather(-1), [Bits(type, 300, 7), Tensor.Vector(2, -1)]).Check(new GatherTactic());
            Harness(new Gather(1), [Bits(type, 3, 7), Tensor.Scalar(4)]).Check(new GatherTactic());
            Harness(new Gather(1), [Bits(type, 0, 7, 2), indices]).Check(new GatherTactic());
        }
    }

    [Theory]
    [InlineData(7)]
    [InlineData(-8)]
    public void Gather_refuses_what_the_reference_refuses(int index)
    {
        // What is beyond the range is only known at run time.
        TacticHarness harness = Harness(new Gather(1), [Bits(DataType.Float32, 3, 7, 2), Tensor.Vector(2, 1)]);
        ModelException reference = Assert.Throws<ModelException>(() => ReferenceEvaluator.Evaluate(new Gather(1), "node", [Bits(DataType.Float32, 3, 7, 2), Tensor.Of<int>([65], [.. new int[64], index])], [], [true]));
        Tensor bad = Tensor.Vector(2, index);
        ModelException own = Assert.Throws<ModelException>(() => harness.With(1, bad).Run(new GatherTactic(), 2));
        Assert.Equal(reference.Diagnostics[0].Code, own.Diagnostics[0].Code);
        Assert.Equal(reference.Diagnostics[0].Message, own.Diagnostics[0].Message);
    }

    [Fact]
    public void Other_requests_are_declined()
    {
        Assert.NotNull(Harness(new Identity(), [Bits(DataType.Float32, 2)]).Decline(new ConcatTactic()));
        Assert.NotNull(Harness(new Concat(0), [Tensor.Allocate(DataType.Int4, [3]), Tensor.Allocate(DataType.Int4, [4])]).Decline(new ConcatTactic()));
        Assert.NotNull(Harness(new Gather(), [Bits(DataType.Float32, 2, 3, 4), Tensor.Scalar(1)]).ChannelsLast().Decline(new GatherTactic()));
    }

    private static Tensor Bits(DataType type, params long[] dims) => TestTensors.Bits(type, dims);

    private static TacticHarness Harness(Operator op, Tensor?[] inputs, params bool[] outputs) => new(op, inputs, outputs) { IsBitwise = true };

    private static void AllLayouts(ITactic tactic, Operator op, params Tensor?[] inputs) => AllLayouts(tactic, op, inputs, []);

    private static void AllLayouts(ITactic tactic, Operator op, Tensor?[] inputs, bool[] outputs)
    {
        Harness(op, inputs, outputs).Check(tactic);
        if (inputs[0]!.Rank is >= 3 and <= 5)
        {
            TacticHarness dynamic = new(op, inputs, outputs) { IsBitwise = true, IsStatic = false };
            dynamic.ChannelsLast().Check(tactic);
            long widest = Harness(op, inputs, outputs).Expected.Concat(inputs).Max(t => t is { Rank: >= 3 } ? t.Dims[1] : 0);
            Harness(op, inputs, outputs).ChannelsLast(widest + 3).Check(tactic);
        }
    }
}
