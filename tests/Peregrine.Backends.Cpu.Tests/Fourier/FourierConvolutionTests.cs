using System.Runtime.InteropServices;
using Peregrine.Backends.Cpu.Fourier;
using Peregrine.Backends.Cpu.Generation;
using Peregrine.Backends.Cpu.Tests.Products;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Tuning;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Tests.Fourier;

public sealed class FourierConvolutionTests
{
    private static GeneratorTarget?[] Targets => [ProductCase.Avx512, ProductCase.Avx2, null];

    public static TheoryData<int> Seeds { get; } = [.. Enumerable.Range(0, 40)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Random_shapes_agree_with_the_reference(int seed)
    {
        Random random = new(seed);
        int spatial = random.Next(3) == 0 ? 1 : 2, channels = random.Next(4) switch { 0 => random.Next(1, 4), 1 => random.Next(4, 20), 2 => 32, _ => random.Next(20, 70) };
        long[] kernel = [.. Enumerable.Range(0, spatial).Select(_ => (long)random.Next(1, spatial == 1 ? 90 : 16))], dilations = [.. kernel.Select(_ => (long)random.Next(1, random.Next(3) == 0 ? 4 : 2))];
        long[] pads = [.. kernel.Concat(kernel).Select((k, i) => random.Next(3) switch { 0 => 0, 1 => (k - 1) * dilations[i % spatial] / 2, _ => random.Next(0, (int)k + 2) })];
        long[] extents = [.. kernel.Select((k, i) => Math.Max(random.Next(1, spatial == 1 ? 400 : 50), ((k - 1) * dilations[i]) + 1 - pads[i] - pads[i + spatial]))];
        Conv conv = new(Dilations: Ints.Create(dilations), Group: channels, Pads: Ints.Create(pads));
        Tensor x = ProductCase.Random(random, [random.Next(1, 4), channels, .. extents]), w = ProductCase.Random(random, [channels, 1, .. kernel]);
        Tensor? b = random.Next(2) == 0 ? ProductCase.Random(random, channels) : null;
        ProductCase sample = new(conv, b is null ? [x, w] : [x, w, b])
        {
            Constants = b is null ? [1] : [1, 2], PixelStride = random.Next(3) == 0 ? channels + 5 : 0, GuardPages = random.Next(2) == 0,
        };
        long[] dims = sample.Evaluate().Dims.ToArray();
        switch (random.Next(4))
        {
            case 0: sample.Then(new Add(), ProductCase.Random(random, dims)).Then(new Relu()); break;
            case 1: sample.Then(new Mul(), ProductCase.Random(random, [dims[0], 1, .. dims[2..]])).Then(new Add(), ProductCase.Random(random, [channels, .. Enumerable.Repeat(1L, spatial)])); break;
            case 2: sample.Then(new Mul(), ProductCase.Random(random, [dims[0], dims[1], .. Enumerable.Repeat(1L, spatial)])).Then(new Swish()); break;
        }

        Check(sample, random.Next(100));
    }

    [Fact]
    public void Lengths_that_hold_an_image_with_its_padding_wrap_around()
    {
        Random random = new(1);
        foreach ((long extent, long kernel, FourierShape shape) in ((long, long, FourierShape)[])[(28, 27, new(48, 48)), (10, 13, new(16, 16)), (9, 15, new(16, 24)), (56, 31, new(72 / 3 * 4, 128))])
        {
            ProductCase sample = new(new Conv(Group: 33, Pads: Ints.Create([kernel / 2, kernel / 2, kernel / 2, kernel / 2])), ProductCase.Random(random, 2, 33, extent, extent), ProductCase.Random(random, 33, 1, kernel, kernel)) { PixelStride = 0 };
            foreach (GeneratorTarget? target in Targets)
            {
                Judge(sample.Harness(), new Pinned(new(target), shape.ToOption()));
            }
        }
    }

    [Fact]
    public void Magnitudes_alternate_and_cancel_without_harm()
    {
        Random random = new(2);
        foreach (float magnitude in (float[])[1e15f, 1, 1e-15f])
        {
            Tensor x = ProductCase.Random(random, 1, 40, 30, 30), w = ProductCase.Random(random, 40, 1, 15, 15);
            Span<float> values = MemoryMarshal.Cast<byte, float>(x.Data.Span);
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = magnitude * (i % 2 == 0 ? 1 : -1) * (1 + (i % 5 * 1e-3f));
            }

            Check(new ProductCase(new Conv(Group: 40, Pads: Ints.Create([7, 7, 7, 7])), x, w) { PixelStride = 0 }, 0);
        }
    }

    [Fact]
    public void What_products_do_as_well_is_declined()
    {
        Random random = new(3);
        FourierConvolutionTactic tactic = new(ProductCase.Avx2);
        string? Reason(Conv conv, long outputs, params long[] kernel) =>
            new ProductCase(conv, ProductCase.Random(random, 1, 16, 40, 40), ProductCase.Random(random, [outputs, 16 / conv.Group, .. kernel])) { PixelStride = 0 }.Harness().Decline(tactic);
        Assert.Contains("cycles", Reason(new Conv(Group: 16), 16, 3, 3), StringComparison.Ordinal);
        Assert.Contains("stride", Reason(new Conv(Group: 16, Strides: Ints.Create([2, 2])), 16, 21, 21), StringComparison.Ordinal);
        Assert.Contains("per group", Reason(new Conv(), 16, 21, 21), StringComparison.Ordinal);
        Assert.Null(Reason(new Conv(Group: 16, Pads: Ints.Create([15, 15, 15, 15])), 16, 31, 31));
    }

    [Theory]
    [InlineData(31, 28, 48)]
    [InlineData(21, 40, 32)]
    public void The_tuner_finds_no_fault_with_it(long kernel, long extent, int channels)
    {
        Random random = new(4);
        Conv conv = new(Group: channels, Pads: Ints.Create([kernel / 2, kernel / 2, kernel / 2, kernel / 2]));
        KernelRequest request = new ProductCase(conv, ProductCase.Random(random, 1, channels, extent, extent), ProductCase.Random(random, channels, 1, kernel, kernel)) { PixelStride = 0 }.Harness().Request;
        using CpuBackend backend = new(1);
        Selection selection = ((ITacticChooser)new Tuner(backend, new() { Level = 5 })).Select(request, conv);
        Candidate[] found = [.. selection.Candidates.Where(c => c.Tactic.Name == "cpu.convolution.fourier")];
        Assert.Contains(found, c => c.Outcome == CandidateOutcome.Measured);
        Assert.All(found, c => Assert.True(c.Outcome is not CandidateOutcome.Rejected, c.ToString()));
    }

    /// <summary>Some shapes, whatever they cost.</summary>
    private static void Check(ProductCase sample, int choice)
    {
        TacticHarness harness = sample.Harness();
        FourierShape[] shapes = [.. FourierShape.Candidates(PatchProblemOf(harness))];
        foreach (GeneratorTarget? target in Targets)
        {
            Judge(harness, new Pinned(new(target), shapes[choice % shapes.Length].ToOption()));
            Judge(harness, new Pinned(new(target), shapes[^1].ToOption()));
        }
    }

    private static Cpu.Products.PatchProblem PatchProblemOf(TacticHarness harness) =>
        Cpu.Products.PatchProblem.OfConvolution(harness.Request, out string reason) ?? throw new InvalidOperationException(reason);

    private static void Judge(TacticHarness harness, ITactic tactic)
    {
        byte[][] first = harness.Run(tactic, 1);
        Assert.Equal(first[0], harness.Run(tactic, 3)[0]);
        Tensor expected = harness.Expected[0]!;
        ReadOnlySpan<float> wanted = MemoryMarshal.Cast<byte, float>(expected.Data.Span);
        ReadOnlySpan<float> found = MemoryMarshal.Cast<byte, float>(LayoutConversion.ToRowMajor(expected.Type, expected.Dims, harness.OutputLayouts[0], first[0]).Data.Span);
        double noise = 0, signal = 0;
        for (int i = 0; i < wanted.Length; i++)
        {
            noise += Math.Pow((double)found[i] - wanted[i], 2);
            signal += Math.Pow(wanted[i], 2);
        }

        Assert.True(Math.Sqrt(noise / signal) < 3e-6, $"{harness.Request}: relative error {Math.Sqrt(noise / signal):g3}");
    }

    /// <summary>Takes what it is given, with one option.</summary>
    private sealed class Pinned(FourierConvolutionTactic inner, TacticOption option) : ITactic
    {
        public TacticId Id => inner.Id;

        public Verdict Consider(KernelRequest request, DeviceProfile device) => new Verdict.Accept([option], 1);

        public IKernel Compile(KernelRequest request, TacticOption given) => inner.Compile(request, given);
    }
}
