using System.Runtime.InteropServices;
using Peregrine.Backends.Cpu.Convolution;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Tests.Products;

public sealed class ScaledConvolutionTests
{
    private static ITactic[] Tactics => [new ScaledConvolutionTactic(ProductCase.Avx512), new ScaledConvolutionTactic(ProductCase.Avx2), new ScaledConvolutionTactic(null, isPortable: true)];

    public static TheoryData<int> Seeds { get; } = [.. Enumerable.Range(0, 40)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Random_geometry_agrees_with_the_reference(int seed)
    {
        Random random = new(seed);
        long batch = random.Next(1, 4), channels = random.Next(1, 50), outputs = random.Next(2, random.Next(2) == 0 ? 8 : 90);
        long[] spatial = random.Next(4) == 0 ? [random.Next(1, 60)] : [random.Next(1, 12), random.Next(1, 20)];
        long[] ones = [.. spatial.Select(_ => 1L)];
        Tensor x = ProductCase.Random(random, [batch, channels, .. spatial]), s = ProductCase.Random(random, [random.Next(2) == 0 ? 1 : batch, channels, .. ones]), w = ProductCase.Random(random, [outputs, channels, .. ones]);
        Tensor? b = random.Next(2) == 0 ? ProductCase.Random(random, outputs) : null;
        ProductCase Sample(bool isStatic)
        {
            ProductCase sample = new(new ScaledConv(), b is null ? [x, s, w] : [x, s, w, b])
            {
                Constants = b is null ? [2] : [2, 3], IsStatic = isStatic, PixelStride = seed % 3 == 0 ? channels + outputs + 5 : 0, GuardPages = seed % 2 == 0,
            };
            switch (seed % 4)
            {
                case 0: sample.Then(new Relu()); break;
                case 1: sample.Then(new Swish()).Then(new Add(), ProductCase.Random(new(seed), [batch, outputs, .. spatial])); break;
                case 2: sample.Then(new Mul(), ProductCase.Random(new(seed), [batch, outputs, .. ones])); break;
            }

            return sample;
        }

        Sample(true).Check(Tactics);
        KernelRequest known = Sample(true).Harness().Request;
        Sample(false).Check([.. Tactics.Select(t => new OpenBatch(t, known))]);
    }

    [Fact]
    public void Factors_of_zero_infinity_and_NaN_go_their_way()
    {
        Random random = new(5);
        Tensor x = ProductCase.Random(random, 2, 5, 3, 4), s = ProductCase.Random(random, 2, 5, 1, 1), w = ProductCase.Random(random, 20, 5, 1, 1);
        foreach (float special in (float[])[0, -0f, float.PositiveInfinity, float.NaN, 1e38f, 1e-38f])
        {
            MemoryMarshal.Cast<byte, float>(s.Data.Span)[3] = special;
            new ProductCase(new ScaledConv(), x, s, w) { Constants = [2], PixelStride = 0 }.Check(Tactics);
        }
    }

    [Fact]
    public void Other_kernels_groups_and_layouts_are_declined()
    {
        Random random = new(6);
        Tensor x = ProductCase.Random(random, 1, 16, 6, 6), s = ProductCase.Random(random, 1, 16, 1, 1);
        foreach (ITactic tactic in Tactics)
        {
            Assert.Contains("1×1", Decline(new ScaledConv(), x, s, ProductCase.Random(random, 4, 16, 3, 3)), StringComparison.Ordinal);
            Assert.Contains("1×1", Decline(new ScaledConv(Strides: Ints.Create([2, 2])), x, s, ProductCase.Random(random, 4, 16, 1, 1)), StringComparison.Ordinal);
            Assert.Contains("1×1", Decline(new ScaledConv(Group: 2), x, s, ProductCase.Random(random, 4, 8, 1, 1)), StringComparison.Ordinal);
            Assert.NotNull(new ProductCase(new ScaledConv(), x, s, ProductCase.Random(random, 4, 16, 1, 1)) { Constants = [2] }.Harness().Decline(tactic));

            string? Decline(ScaledConv conv, params Tensor[] inputs) => new ProductCase(conv, inputs) { Constants = [2], PixelStride = 0 }.Harness().Decline(tactic);
        }
    }

    /// <summary>A request that knows all but the batch.</summary>
    private sealed class OpenBatch(ITactic inner, KernelRequest known) : ITactic
    {
        public TacticId Id => inner.Id;

        public Verdict Consider(KernelRequest request, DeviceProfile device) => inner.Consider(Open(), device);

        public IKernel Compile(KernelRequest request, TacticOption option) => inner.Compile(Open(), option);

        private KernelRequest Open() => known with { Inputs = Open(known.Inputs), Outputs = Open(known.Outputs) };

        // A batch of 1 that is repeated stays 1.
        private ValueList<KernelOperand> Open(ValueList<KernelOperand> operands) => ValueList.From(operands.Select(o =>
            o.Role != OperandRole.Activation || o.Dims.Count < 3 || o.Dims[0] != known.Inputs[0].Dims[0] ? o : o with { Dims = ValueList.From(o.Dims.Skip(1).Prepend(new KernelDim(0, long.MaxValue, 1))) }));
    }
}
