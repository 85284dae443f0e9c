using Peregrine.Backends.Cpu.Chains;
using Peregrine.Backends.Cpu.Convolution;
using Peregrine.Backends.Cpu.Generation;
using Peregrine.Backends.Cpu.Tests.Products;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;
using Peregrine.TestKit;

namespace Peregrine.Backends.Cpu.Tests.Chains;

/// <summary>Chains in bands against the same links one after the other, bit by bit, and against the reference.</summary>
public sealed class ChainTests
{
    public static TheoryData<int> Seeds { get; } = [.. Enumerable.Range(0, 40)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Bands_give_the_bits_of_the_links_one_by_one(int seed)
    {
        ChainCase sample = ChainCase.Random(new(seed));
        TacticHarness harness = sample.Harness();
        foreach (GeneratorTarget target in (ReadOnlySpan<GeneratorTarget>)[ProductCase.Avx512, ProductCase.Avx2])
        {
            byte[][] apart = harness.Run(Separate(target), 1);
            long between = Between(harness.Request);
            sample.Judge(harness, apart);
            // From caches that hold half of what is between links down to none that holds a row.
            foreach (long cache in (ReadOnlySpan<long>)[9 * between / 10, between / 2, between / 5, 150])
            {
                for (int workers = 1; workers <= 3; workers++)
                {
                    Assert.True(apart[0].AsSpan().SequenceEqual(harness.Run(new Narrow(new ChainTactic(target), cache / workers), workers)[0]), $"{harness.Request}: bands for {cache} bytes, {workers} workers");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void The_number_of_images_may_be_open(int seed)
    {
        ChainCase sample = ChainCase.Random(new(seed));
        TacticHarness harness = sample.Harness();
        KernelRequest known = harness.Request;
        byte[][] apart = harness.Run(Separate(ProductCase.Avx512), 1);
        Assert.True(apart[0].AsSpan().SequenceEqual(harness.Run(new OpenBatch(new Narrow(new ChainTactic(ProductCase.Avx512), 50), known), 2)[0]), $"{known}");
        Assert.True(apart[0].AsSpan().SequenceEqual(harness.Run(new OpenBatch(Separate(ProductCase.Avx512), known), 2)[0]), $"{known}");
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_mean_is_right_whatever_the_bands_and_the_same_for_all_numbers_of_workers(int seed)
    {
        ChainCase sample = ChainCase.RandomWithMean(new(seed));
        TacticHarness harness = sample.Harness();
        foreach (GeneratorTarget target in (ReadOnlySpan<GeneratorTarget>)[ProductCase.Avx512, ProductCase.Avx2])
        {
            byte[][] apart = harness.Run(Separate(target), 1), first = harness.Run(new Narrow(new ChainTactic(target), 150), 1);
            sample.Judge(harness, apart);
            sample.Judge(harness, first);
            Assert.True(apart[0].AsSpan().SequenceEqual(first[0]), $"{harness.Request}");
            for (int workers = 2; workers <= 3; workers++)
            {
                byte[][] more = harness.Run(new Narrow(new ChainTactic(target), 20), workers);
                Assert.True(first.Zip(more).All(p => p.First.AsSpan().SequenceEqual(p.Second)), $"{harness.Request}: {workers} workers");
                Assert.True(apart.Zip(harness.Run(Separate(target), workers)).All(p => p.First.AsSpan().SequenceEqual(p.Second)), $"{harness.Request}: one by one, {workers} workers");
            }

            byte[][] open = harness.Run(new OpenBatch(new Narrow(new ChainTactic(target), 50), harness.Request), 2);
            Assert.True(first.Zip(open).All(p => p.First.AsSpan().SequenceEqual(p.Second)), $"{harness.Request}: any number of images");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Without_generated_code_links_run_one_by_one(int seed)
    {
        ChainCase sample = ChainCase.Random(new(seed));
        TacticHarness harness = sample.Harness();
        Assert.Contains("generated code", harness.Decline(new ChainTactic(null)), StringComparison.Ordinal);
        SeparateLinksTactic tactic = new([new DirectConvolutionTactic(null, isPortable: true)]);
        byte[][] first = harness.Run(tactic, 1);
        sample.Judge(harness, first);
        Assert.True(first[0].AsSpan().SequenceEqual(harness.Run(tactic, 3)[0]));

        sample = ChainCase.RandomWithMean(new(seed));
        harness = sample.Harness();
        tactic = new([new DirectConvolutionTactic(null, isPortable: true)]);
        Assert.Contains("generated", harness.Decline(new ChainTactic(null, isPortable: true)), StringComparison.Ordinal);
        sample.Judge(harness, harness.Run(tactic, 2));
    }

    [Fact]
    public void Open_extents_other_operators_and_volumes_are_declined()
    {
        ChainCase sample = ChainCase.Random(new(1));
        ChainTactic tactic = new(ProductCase.Avx512);
        KernelRequest request = sample.Harness().Request;
        KernelOperand x = request.Inputs[0];
        KernelRequest open = request with { Inputs = ValueList.From(request.Inputs.Skip(1).Prepend(x with { Dims = ValueList.From(x.Dims.SkipLast(1).Append(new KernelDim(1, 100, 1))) })) };
        Assert.Contains("extents", Reason(open), StringComparison.Ordinal);
        Assert.Contains("chains", Reason(request with { Anchor = new Conv() }), StringComparison.Ordinal);
        Assert.Contains("chains", Reason(request with { Inputs = ValueList.From(request.Inputs.SkipLast(1)) }), StringComparison.Ordinal);
        KernelRequest half = request with { Inputs = ValueList.From(request.Inputs.Skip(1).Prepend(x with { Type = DataType.Float16 })) };
        Assert.Contains("float32", Reason(half), StringComparison.Ordinal);

        string Reason(KernelRequest r) => ((Verdict.Decline)tactic.Consider(r, CpuDevice.Detect(1))).Reason;
    }

    [Fact]
    public void Large_results_between_links_speak_for_a_chain_and_small_ones_do_not()
    {
        DeviceProfile device = CpuDevice.Detect(1) with { Facts = [("l1d", 48 << 10), ("l2", 1 << 20)] };
        ITactic bands = new ChainTactic(ProductCase.Avx512), apart = Separate(ProductCase.Avx512);
        Assert.True(Cost(bands, 190) < Cost(apart, 190));
        Assert.Contains("second-level cache", ((Verdict.Decline)bands.Consider(ChainCase.Expansion(24, 144, 14), device)).Reason, StringComparison.Ordinal);

        double Cost(ITactic tactic, long extent) => ((Verdict.Accept)tactic.Consider(ChainCase.Expansion(24, 144, extent), device)).EstimatedCost;
    }

    [Fact]
    public void A_chain_of_few_parts_is_dearer_where_workers_would_wait_for_the_last()
    {
        DeviceProfile two = CpuDevice.Detect(2) with { Facts = [("l1d", 48 << 10), ("l2", 1 << 20)] };
        double PerChannel(long outputs) => ((Verdict.Accept)new ChainTactic(ProductCase.Avx512).Consider(ChainCase.Expansion(112, outputs, 24), two)).EstimatedCost / outputs;

        // Eight groups of 96 channels, then seven.
        Assert.True(PerChannel(672) > 1.08 * PerChannel(768), $"{PerChannel(672)} and {PerChannel(768)}");
    }

    /// <summary>Bytes of the largest result between two links.</summary>
    private static long Between(KernelRequest request)
    {
        ChainLinks links = ChainLinks.Of(request, CpuBackend.PixelStride, out string reason) ?? throw new ArgumentException(reason, nameof(request));
        return (long)Enumerable.Range(0, links.Count - 1).Max(links.BytesBetween);
    }

    private static SeparateLinksTactic Separate(GeneratorTarget target) => new([new DepthwiseTactic(target), new DirectConvolutionTactic(target)]);

    /// <summary>A tactic that is told of a second-level cache of so many bytes.</summary>
    private sealed class Narrow(ITactic inner, long cache) : ITactic
    {
        public TacticId Id => inner.Id;

        public Verdict Consider(KernelRequest request, DeviceProfile device) => inner.Consider(request, device with { Facts = [("l2", cache)] });

        public IKernel Compile(KernelRequest request, TacticOption option) => inner.Compile(request, option);
    }

    /// <summary>A request that knows all but the number of images.</summary>
    private sealed class OpenBatch(ITactic inner, KernelRequest known) : ITactic
    {
        public TacticId Id => inner.Id;

        public Verdict Consider(KernelRequest request, DeviceProfile device) => inner.Consider(Open(), device);

        public IKernel Compile(KernelRequest request, TacticOption option) => inner.Compile(Open(), option);

        private KernelRequest Open() => known with { Inputs = Open(known.Inputs), Outputs = Open(known.Outputs) };

        private static ValueList<KernelOperand> Open(ValueList<KernelOperand> operands) => ValueList.From(operands.Select(o =>
            o.Role != OperandRole.Activation ? o : o with { Dims = ValueList.From(o.Dims.Skip(1).Prepend(new KernelDim(0, long.MaxValue, 1))) }));
    }
}
