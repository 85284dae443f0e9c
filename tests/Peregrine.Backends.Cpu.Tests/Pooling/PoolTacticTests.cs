using Peregrine.Backends.Cpu.Pooling;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;
using Peregrine.TestKit;

namespace Peregrine.Backends.Cpu.Tests.Pooling;

public sealed class PoolTacticTests
{
    private static readonly PoolTactic Tactic = new();

    public static TheoryData<long[]> Shapes => new(
        [1, 3, 13, 13], [2, 64, 14, 15], [1, 40, 9, 31], [1, 1, 7, 5], [2, 7, 40, 300], [1, 5, 61], [1, 33, 6, 7, 8], [0, 3, 8, 8], [1, 24, 600]);

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Sliding_pools_agree_with_the_reference(long[] dims)
    {
        int rank = dims.Length - 2;
        foreach ((long kernel, long stride, long dilation, long padBegin, long padEnd, bool ceil) in ((long, long, long, long, long, bool)[])
            [(2, 2, 1, 0, 0, false), (3, 1, 1, 1, 1, false), (3, 2, 1, 1, 0, true), (5, 1, 1, 2, 2, false), (2, 3, 2, 1, 1, true), (3, 3, 1, 2, 1, false), (4, 1, 1, 0, 3, true)])
        {
            Ints shape = Each(rank, kernel), strides = Each(rank, stride), dilations = Each(rank, dilation), pads = [.. Each(rank, padBegin), .. Each(rank, padEnd)];
            Both(new MaxPool(CeilMode: ceil, Dilations: dilations, KernelShape: shape, Pads: pads, Strides: strides), TestTensors.WildFloats(dims), Tolerance.Exact);
            foreach (bool counts in (bool[])[false, true])
            {
                Both(new AveragePool(CeilMode: ceil, CountIncludePad: counts, Dilations: dilations, KernelShape: shape, Pads: pads, Strides: strides), TestTensors.Floats(dims), new(1e-6, 1e-6));
            }
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 7)]
    [InlineData(33, 41)]
    [InlineData(112, 112)]
    public void Global_pools_agree_with_the_reference(long height, long width)
    {
        foreach (long channels in (long[])[1, 5, 64, 200])
        {
            long[] dims = [2, channels, height, width];
            Both(new GlobalMaxPool(), TestTensors.WildFloats(dims), Tolerance.Exact);
            Both(new GlobalAveragePool(), TestTensors.Floats(dims), new(2e-6, 2e-6));
            Both(new AveragePool(KernelShape: [height, width]), TestTensors.Floats(dims), new(2e-6, 2e-6));
        }
    }

    [Theory]
    [InlineData(1, 7, 7)]
    [InlineData(8, 7, 9)]
    [InlineData(16, 28, 28)]
    public void Global_pools_of_volumes_agree_with_the_reference(long depth, long height, long width)
    {
        foreach (long channels in (long[])[1, 5, 64])
        {
            long[] dims = [2, channels, depth, height, width];
            Both(new GlobalMaxPool(), TestTensors.WildFloats(dims), Tolerance.Exact);
            Both(new GlobalAveragePool(), TestTensors.Floats(dims), new(2e-6, 2e-6));
            Both(new AveragePool(KernelShape: [depth, 3, 3], Strides: [1, 2, 2], Pads: [0, 1, 1, 0, 1, 1]), TestTensors.Floats(dims), new(2e-6, 2e-6));
        }
    }

    [Theory]
    [InlineData(new long[] { 1, 1100, 24, 23 })]
    [InlineData(new long[] { 3, 37, 130, 131 })]
    [InlineData(new long[] { 2, 48, 12000 })]
    [InlineData(new long[] { 1, 21, 50, 80, 9 })]
    [InlineData(new long[] { 0, 37, 130, 131 })]
    public void Global_means_of_many_parts_channels_and_dimensions(long[] dims)
    {
        foreach (bool guard in (bool[])[false, true])
        {
            new TacticHarness(new GlobalAveragePool(), [TestTensors.Floats(dims)]) { Tolerance = new(1e-6, 1e-6), GuardPages = guard }.ChannelsLast().Check(Tactic);
            new TacticHarness(new GlobalAveragePool(), [TestTensors.Floats(dims)]) { Tolerance = new(1e-6, 1e-6), GuardPages = guard }.ChannelsLast(dims[1] + 16).Check(Tactic);
        }
    }

    [Fact]
    public void Different_windows_per_axis_and_automatic_padding()
    {
        Both(new MaxPool(AutoPad.SameUpper, KernelShape: [3, 2], Strides: [2, 1]), TestTensors.WildFloats(1, 20, 11, 12), Tolerance.Exact);
        Both(new AveragePool(AutoPad.SameLower, KernelShape: [1, 9], Strides: [1, 4]), TestTensors.Floats(1, 20, 11, 50), new(1e-6, 1e-6));
        Both(new AveragePool(KernelShape: [1, 40], Strides: [1, 40]), TestTensors.Floats(1, 4, 3, 400), new(1e-6, 1e-6));
    }

    [Theory]
    [InlineData(DataType.Int8)]
    [InlineData(DataType.UInt8)]
    [InlineData(DataType.Float64)]
    public void Other_types_have_a_maximum(DataType type) =>
        Both(new MaxPool(KernelShape: [3, 3], Pads: [1, 1, 1, 1], Strides: [2, 2]), type == DataType.Float64 ? Doubles(2, 50, 15, 15) : TestTensors.Bits(type, 2, 50, 15, 15), Tolerance.Exact);

    [Fact]
    public void A_global_pool_of_channels_last_may_give_a_row_major_tensor()
    {
        TacticHarness harness = new TacticHarness(new GlobalAveragePool(), [TestTensors.Floats(2, 70, 5, 5)]) { Tolerance = new(1e-6, 1e-6) }.ChannelsLast(80);
        harness.OutputLayouts[0] = Layout.RowMajor;
        harness.Check(Tactic);
    }

    [Fact]
    public void What_it_cannot_do_is_declined()
    {
        Assert.NotNull(new TacticHarness(new MaxPool(KernelShape: [2, 2]), [TestTensors.Floats(1, 2, 4, 4)], true, true).Decline(Tactic));
        TacticHarness mixed = new(new MaxPool(KernelShape: [2, 2]), [TestTensors.Floats(1, 2, 4, 4)]);
        mixed.OutputLayouts[0] = Layout.ChannelsLast(4);
        Assert.NotNull(mixed.Decline(Tactic));
        Assert.NotNull(new TacticHarness(new GlobalAveragePool(), [Doubles(1, 2, 4, 4)]).Decline(Tactic));
    }

    private static void Both(Operator op, Tensor input, Tolerance tolerance)
    {
        TacticHarness harness = new(op, [input]) { Tolerance = tolerance };
        harness.Check(Tactic);
        harness.ChannelsLast().Check(Tactic);
        harness.ChannelsLast(input.Dims[1] + 5).Check(Tactic);
        new TacticHarness(op, [input]) { Tolerance = tolerance, IsStatic = false }.ChannelsLast().Check(Tactic);
    }

    private static Tensor Doubles(params long[] dims)
    {
        Tensor tensor = Tensor.Allocate(DataType.Float64, dims);
        Random random = new(1);
        foreach (ref double value in tensor.Span<double>())
        {
            value = random.NextDouble();
        }

        return tensor;
    }

    private static Ints Each(int rank, long value) => Ints.Create([.. Enumerable.Repeat(value, rank)]);
}
