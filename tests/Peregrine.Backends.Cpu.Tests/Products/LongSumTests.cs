using System.Runtime.InteropServices;
using Peregrine.Backends.Cpu.Convolution;
using Peregrine.Backends.Cpu.Generation;
using Peregrine.Backends.Cpu.MatrixProducts;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Tests.Products;

/// <summary>
/// Sums of thousands of products are nearly as exact as short ones. For products of random signs a float32 sum of 4,096 in one go has a relative error of 1.1e-6 (root mean square; of 1,620 7e-7), one over blocks of B
/// products 1.1e-6 · sqrt((B + 4096 / B) / 4096).
/// </summary>
public sealed class LongSumTests
{
    private const double Allowed = 4e-7;

    public static TheoryData<string, int> Cases => new() { { "avx512", 4096 }, { "avx512", 4099 }, { "avx2", 4096 }, { "avx2", 4099 }, { "portable", 4096 }, { "portable", 4099 } };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Products_with_constant_matrices(string set, int k)
    {
        ProductCase sample = new(new MatMul(), ProductCase.Random(new(1), 40, k), ProductCase.Random(new(2), k, 70));
        Judge(sample, Of(set, (target, isPortable) => new ConstantMatrixTactic(target, isPortable)));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Products_of_activations(string set, int k)
    {
        foreach (bool isStatic in (bool[])[true, false])
        {
            ProductCase sample = new(new MatMul(), ProductCase.Random(new(1), 40, k), ProductCase.Random(new(2), k, 70)) { Constants = [], IsStatic = isStatic };
            Judge(sample, Of(set, (target, isPortable) => new RunTimeMatrixTactic(target, isPortable)));
        }
    }

    // The first has one long row, the second rows that are cut in turn, the third rows that are a block each, the last positions that are one each, side by side in a padded image, and no whole turns of a loop.
    [Theory]
    [InlineData("avx512", 4096, 1)]
    [InlineData("avx512", 450, 3)]
    [InlineData("avx512", 20, 9)]
    [InlineData("avx512", 129, 17)]
    [InlineData("avx2", 4096, 1)]
    [InlineData("avx2", 450, 3)]
    [InlineData("avx2", 20, 9)]
    [InlineData("avx2", 129, 17)]
    [InlineData("portable", 4096, 1)]
    [InlineData("portable", 450, 3)]
    [InlineData("portable", 20, 9)]
    [InlineData("portable", 129, 17)]
    public void Convolutions(string set, int channels, int kernel)
    {
        Conv conv = new(Pads: Ints.Create([kernel / 2, kernel / 2, kernel / 2, kernel / 2]));
        ProductCase sample = new(conv, ProductCase.Random(new(1), 1, channels, 13, 13), ProductCase.Random(new(2), 40, channels, kernel, kernel)) { PixelStride = 0 };
        Judge(sample, Of(set, (target, isPortable) => new DirectConvolutionTactic(target, isPortable)));
    }

    private static ITactic Of(string set, Func<GeneratorTarget?, bool, ITactic> make) => set switch
    {
        "avx512" => make(ProductCase.Avx512, false),
        "avx2" => make(ProductCase.Avx2, false),
        _ => make(null, true),
    };

    private static void Judge(ProductCase sample, ITactic tactic)
    {
        TacticHarness harness = sample.Harness();
        Tensor expected = harness.Expected[0]!, found = LayoutConversion.ToRowMajor(expected.Type, expected.Dims, harness.OutputLayouts[0], harness.Run(tactic, 1)[0]);
        ReadOnlySpan<float> x = MemoryMarshal.Cast<byte, float>(expected.Data.Span), y = MemoryMarshal.Cast<byte, float>(found.Data.Span);
        double noise = 0, signal = 0;
        for (int i = 0; i < x.Length; i++)
        {
            noise += ((double)y[i] - x[i]) * ((double)y[i] - x[i]);
            signal += (double)x[i] * x[i];
        }

        Assert.InRange(Math.Sqrt(noise / signal), 0, Allowed);
    }
}
