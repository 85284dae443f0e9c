using System.Runtime.InteropServices;
using Peregrine.Backends.Cpu.Convolution;
using Peregrine.Backends.Cpu.Generation;
using Peregrine.Backends.Cpu.Tests.Generation;
using Peregrine.CodeGen.X64;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;
using Peregrine.TestKit;

namespace Peregrine.Backends.Cpu.Tests.Convolution;

public sealed class WinogradTests
{
    /// <summary>Instruction set × extent of tiles.</summary>
    public static TheoryData<string, int> Variants => new(
        ("avx512", 2), ("avx512", 4), ("avx2", 2), ("avx2", 4));

    [Theory]
    [MemberData(nameof(Variants))]
    public void Random_shapes_agree_with_the_reference(string set, int tile)
    {
        GeneratorTarget target = Target(set);
        for (int seed = 0; seed < 20; seed++)
        {
            Random random = new(seed);
            long images = random.Next(1, 4), channels = random.Next(1, 71), outputs = random.Next(1, 71), height = random.Next(1, 20), width = random.Next(1, 20);
            long[] pads = [random.Next(0, 3), random.Next(0, 3), random.Next(0, 3), random.Next(0, 3)];
            if (height + pads[0] + pads[2] < 3 || width + pads[1] + pads[3] < 3)
            {
                continue;
            }

            Conv conv = new(KernelShape: [3, 3], Pads: Ints.Create(pads), Strides: [random.Next(1, 3), random.Next(1, 3)]);
            Tensor?[] inputs = [Floats(random, 1, images, channels, height, width), Floats(random, 1, outputs, channels, 3, 3), seed % 3 == 0 ? null : Floats(random, 3, outputs)];
            TacticHarness harness = Harness(conv, inputs, tile, random.Next(2) == 0 ? 0 : Math.Max(channels, outputs) + random.Next(1, 40), dynamicBatch: random.Next(2) == 0);
            foreach (bool isPhased in (bool[])[false, true])
            {
                harness.Check(new Pinned(new WinogradTactic(target), Option(target, tile, isPhased, random.Next(1, 30))));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Epilogues_see_the_right_pixels_and_channels(string set, int tile)
    {
        GeneratorTarget target = Target(set);
        Random random = new(5);
        foreach ((long images, long channels, long outputs, long extent, long stride) in ((long, long, long, long, long)[])[(2, 20, 37, 9, 1), (1, 16, 64, 14, 1), (3, 5, 3, 6, 1), (2, 20, 37, 9, 2), (1, 16, 64, 12, 2)])
        {
            // Bias, residual, a factor per image and channel (squeeze and excite), one per channel, one per pixel.
            Region region = Fused(images, channels, outputs, extent, stride);
            Tensor?[] inputs =
            [
                Floats(random, 1, images, channels, extent * stride, extent * stride), Floats(random, 1, outputs, channels, 3, 3), Floats(random, 1, outputs), Floats(random, 1, images, outputs, extent, extent),
                Floats(random, 1, images, outputs, 1, 1), Floats(random, 1, 1, outputs, 1, 1), Floats(random, 1, images, 1, extent, extent),
            ];
            TacticHarness harness = Harness(region, inputs, tile, outputs + channels, dynamicBatch: images == 3, r => r with { Anchor = region.Anchor!.Operator, Epilogue = region.Epilogue() });
            foreach (bool isPhased in (bool[])[false, true])
            {
                harness.Check(new Pinned(new WinogradTactic(target), Option(target, tile, isPhased, 5)));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Errors_stay_small(string set, int tile)
    {
        GeneratorTarget target = Target(set);
        Random random = new(7);
        foreach ((long channels, Func<int, double> value, long stride) in from stride in (long[])[1, 2] from sample in ((long, Func<int, double>)[])
            [
                (256, _ => random.NextDouble() - 0.5), (64, _ => 1), (64, i => i % 2 == 0 ? 1 : -1), (64, _ => Math.ScaleB(random.NextDouble() - 0.5, random.Next(-20, 11))), (64, _ => random.NextDouble()),
                (64, _ => (random.NextDouble() - 0.5) * 1e30), (64, _ => (random.NextDouble() - 0.5) * 1e-30),
            ] select (sample.Item1, sample.Item2, stride))
        {
            Tensor x = Make(value, 1, channels, 13, 13), w = Floats(random, 1, 32, channels, 3, 3);
            TacticHarness harness = new(new Conv(KernelShape: [3, 3], Pads: [1, 1, 1, 1], Strides: [stride, stride]), [x, w]) { Constants = { 1 } };
            harness.ChannelsLast();
            byte[][] result = harness.Run(new Pinned(new WinogradTactic(target), Option(target, tile, false, 16)), 1);
            Tensor expected = harness.Expected[0]!;
            TensorComparison comparison = TensorComparison.Compare(expected, LayoutConversion.ToRowMajor(DataType.Float32, expected.Dims, harness.OutputLayouts[0], result[0]), default);
            double relative = Math.Pow(10, -comparison.SignalToNoise / 20);
            Assert.True(relative < (tile == 2 ? 2e-6 : stride == 2 ? 3e-6 : 6e-6), $"relative error {relative:G3}");
        }
    }

    [Theory]
    [InlineData("avx512")]
    [InlineData("avx2")]
    public void What_is_offered_is_right_as_it_stands(string set)
    {
        GeneratorTarget target = Target(set);
        Random random = new(11);
        foreach ((long images, long channels, long outputs, long extent, long stride) in ((long, long, long, long, long)[])
            [(1, 64, 64, 28, 1), (1, 48, 100, 7, 1), (2, 3, 8, 11, 1), (1, 1, 1, 3, 1), (1, 130, 40, 5, 1), (1, 64, 64, 28, 2), (2, 48, 100, 14, 2), (1, 1, 1, 3, 2)])
        {
            Tensor?[] inputs = [Floats(random, 1, images, channels, extent, extent), Floats(random, 1, outputs, channels, 3, 3)];
            TacticHarness harness = Harness(new Conv(Pads: [1, 1, 1, 1], Strides: [stride, stride]), inputs, 4, 0, dynamicBatch: false);
            WinogradTactic tactic = new(target);
            Verdict.Accept accept = Assert.IsType<Verdict.Accept>(tactic.Consider(harness.Request, CpuDevice.Detect(2)));
            Assert.True(accept.ScratchBytes > 0);
            foreach (TacticOption option in accept.Options)
            {
                Assert.Equal(option, WinogradShape.Parse(option).ToOption());
                harness.Check(new Pinned(tactic, option));
            }
        }
    }

    [Fact]
    public void What_is_no_minimal_filter_is_declined()
    {
        WinogradTactic tactic = new(Target("avx2"));
        Tensor x = TestTensors.Floats(1, 8, 9, 9), w = TestTensors.Floats(8, 8, 3, 3);
        foreach ((Conv conv, Tensor weights) in ((Conv, Tensor)[])
            [
                (new(Strides: [3, 3]), w), (new(Dilations: [2, 2]), w), (new(Strides: [1, 3]), w), (new(Group: 2), TestTensors.Floats(8, 4, 3, 3)), (new(), TestTensors.Floats(8, 8, 1, 3)), (new(), TestTensors.Floats(8, 8, 5, 5)),
            ])
        {
            Assert.NotNull(new TacticHarness(conv, [x, weights]) { Constants = { 1 } }.ChannelsLast().Decline(tactic));
        }

        Assert.NotNull(new TacticHarness(new Conv(), [x, w]) { Constants = { 1 } }.Decline(tactic));
        Assert.NotNull(new TacticHarness(new Conv(), [x, w]) { Constants = { 1 }, IsStatic = false }.ChannelsLast().Decline(tactic));
        Assert.NotNull(new TacticHarness(new Conv(), [x, w]).ChannelsLast().Decline(tactic));
        Assert.Null(new TacticHarness(new Conv(), [x, w]) { Constants = { 1 } }.ChannelsLast().Decline(tactic));
        Assert.Null(new TacticHarness(new Conv(Strides: [1, 2]), [x, w]) { Constants = { 1 } }.ChannelsLast().Decline(tactic));
        Assert.NotNull(new TacticHarness(new Conv(), [x, w]) { Constants = { 1 } }.ChannelsLast().Decline(new WinogradTactic(null)));
    }

    private static GeneratorTarget Target(string set) => new(GeneratedKernel.Require(set), HostCpu.Features);

    private static TacticOption Option(GeneratorTarget target, int tile, bool isPhased, int blockTiles) =>
        new WinogradShape(tile, isPhased, blockTiles, target.Lanes == 16 ? 14 : 6, 2).ToOption();

    /// <summary>y = max((conv(x) + bias + residual) · gate, 0) · scale + map, the gate per image and channel.</summary>
    private static Region Fused(long images, long channels, long outputs, long extent, long stride)
    {
        GraphBuilder g = new("body");
        Value x = g.Input("x", DataType.Float32, images, channels, extent * stride, extent * stride), w = g.Input("w", DataType.Float32, outputs, channels, 3, 3), b = g.Input("b", DataType.Float32, outputs);
        Value residual = g.Input("residual", DataType.Float32, images, outputs, extent, extent), gate = g.Input("gate", DataType.Float32, images, outputs, 1, 1);
        Value scale = g.Input("scale", DataType.Float32, 1, outputs, 1, 1), map = g.Input("map", DataType.Float32, images, 1, extent, extent);
        Value sum = g.Call(new Add(), g.Call(new Conv(KernelShape: [3, 3], Pads: [1, 1, 1, 1], Strides: [stride, stride]), x, w, b), residual);
        g.Output("y", g.Call(new Add(), g.Call(new Mul(), g.Call(new Relu(), g.Call(new Mul(), sum, gate)), scale), map));
        return new(g.Build());
    }

    /// <summary>Channels-last throughout, but for the map, which has one channel; errors are measured against the size of the results.</summary>
    private static TacticHarness Harness(Operator op, Tensor?[] inputs, int tile, long pixelStride, bool dynamicBatch, Func<KernelRequest, KernelRequest>? rephrase = null)
    {
        HashSet<int> constants = [.. Enumerable.Range(1, Math.Min(2, inputs.Length - 1))];
        Tensor expected = new TacticHarness(op, inputs) { Constants = constants }.Expected[0]!;
        double size = Math.Sqrt(MemoryMarshal.Cast<byte, float>(expected.Data.Span).ToArray().Average(v => (double)v * v));
        double error = tile == 2 ? 1e-5 : 5e-5;
        TacticHarness harness = new(op, inputs)
        {
            Constants = constants,
            Tolerance = new(error, error * size),
            Rephrase = r =>
            {
                r = rephrase is null ? r : rephrase(r);
                return !dynamicBatch ? r : r with { Inputs = ValueList.From(r.Inputs.Select(Dynamic)), Outputs = ValueList.From(r.Outputs.Select(Dynamic)) };
            },
        };
        harness.ChannelsLast(pixelStride);
        for (int i = 3; i < inputs.Length; i++)
        {
            if (inputs[i]!.Dims[1] == 1 || inputs[i]!.Dims[2] == 1)
            {
                harness.InputLayouts[i] = Layout.RowMajor;
            }
        }

        return harness;

        KernelOperand Dynamic(KernelOperand operand) =>
            operand.Role == OperandRole.Activation && operand.Dims.Count == 4 && operand.Dims[0].Min == inputs[0]!.Dims[0] ? operand with { Dims = ValueList.From(operand.Dims.Skip(1).Prepend(new(0, 8, 1))) } : operand;
    }

    private static Tensor Floats(Random random, double size, params long[] dims) => Make(_ => size * ((random.NextDouble() * 2) - 1), dims);

    private static Tensor Make(Func<int, double> value, params long[] dims)
    {
        Tensor tensor = Tensor.Allocate(DataType.Float32, dims);
        Span<float> values = MemoryMarshal.Cast<byte, float>(tensor.Data.Span);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)value(i);
        }

        return tensor;
    }

    /// <summary>A tactic with one option, whether it would offer it or not.</summary>
    private sealed class Pinned(ITactic tactic, TacticOption option) : ITactic
    {
        public TacticId Id => tactic.Id;

        public Verdict Consider(KernelRequest request, DeviceProfile device) =>
            tactic.Consider(request, device) is Verdict.Accept accept ? accept with { Options = [option] } : tactic.Consider(request, device);

        public IKernel Compile(KernelRequest request, TacticOption chosen) => tactic.Compile(request, chosen);
    }
}
