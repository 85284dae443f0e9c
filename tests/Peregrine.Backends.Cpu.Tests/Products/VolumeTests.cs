using Peregrine.Backends.Cpu.Convolution;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Tests.Products;

/// <summary>Convolutions with three spatial axes.</summary>
public sealed class VolumeTests
{
    private static ITactic[] Direct => [new DirectConvolutionTactic(ProductCase.Avx512), new DirectConvolutionTactic(ProductCase.Avx2), new DirectConvolutionTactic(null, isPortable: true)];

    private static ITactic[] Depthwise => [new DepthwiseTactic(ProductCase.Avx512), new DepthwiseTactic(ProductCase.Avx2)];

    private static ITactic[] Transposed => [new TransposedConvolutionTactic(ProductCase.Avx512), new TransposedConvolutionTactic(ProductCase.Avx2), new TransposedConvolutionTactic(null, isPortable: true)];

    public static TheoryData<int> Seeds { get; } = [.. Enumerable.Range(0, 50)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Random_geometry_agrees_with_the_reference(int seed)
    {
        Random random = new(seed);
        bool isDepthwise = random.Next(3) == 0;
        int channels = isDepthwise ? random.Next(1, 40) : random.Next(1, random.Next(2) == 0 ? 6 : 24), group = isDepthwise ? channels : channels % 2 == 0 ? random.Next(1, 3) : 1;
        int outputs = isDepthwise ? channels : group * random.Next(1, random.Next(2) == 0 ? 8 : 50);
        long[] kernel = [.. Enumerable.Range(0, 3).Select(axis => axis == 2 && random.Next(10) == 0 ? 18 : (long)random.Next(1, 5))];
        long[] strides = [.. kernel.Select(_ => (long)random.Next(1, 3))], dilations = [.. kernel.Select(_ => (long)random.Next(1, random.Next(3) == 0 ? 4 : 2))];
        long[] pads = [.. kernel.Concat(kernel).Select(k => random.Next(3) == 0 ? 0 : random.Next(8) == 0 ? k + 3 : (long)random.Next(0, (int)k))];
        long[] extents = [.. kernel.Select((k, i) => (long)random.Next(1, i == 2 && random.Next(2) == 0 ? 40 : 8))];
        for (int i = 0; i < 3; i++)
        {
            extents[i] += Math.Max(0, ((kernel[i] - 1) * dilations[i]) + 1 - extents[i] - pads[i] - pads[i + 3]);
        }

        Conv conv = new(Dilations: Ints.Create(dilations), Group: group, Pads: Ints.Create(pads), Strides: Ints.Create(strides));
        Tensor x = ProductCase.Random(random, [random.Next(1, 3), channels, .. extents]), w = ProductCase.Random(random, [outputs, channels / group, .. kernel]);
        Tensor? b = random.Next(2) == 0 ? ProductCase.Random(random, outputs) : null;
        bool isStatic = random.Next(3) != 0;
        ProductCase sample = new(conv, b is null ? [x, w] : [x, w, b])
        {
            Constants = b is null ? [1] : [1, 2], IsStatic = isStatic, PixelStride = random.Next(3) == 0 ? channels + outputs + 5 : 0, RowMajorInput = random.Next(4) == 0 && channels <= 8, GuardPages = random.Next(2) == 0,
        };
        Finish(sample, random);
        sample.Check([.. (isDepthwise && !sample.RowMajorInput ? [.. Direct, .. Depthwise] : Direct).Select(t => isStatic ? t : new StaticChannels(t))]);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Transposed_random_geometry_agrees_with_the_reference(int seed)
    {
        Random random = new(seed);
        int group = random.Next(4) == 0 ? 2 : 1, channels = group * random.Next(1, 9), outputs = random.Next(1, random.Next(2) == 0 ? 6 : 36);
        long[] kernel = [.. Enumerable.Range(0, 3).Select(_ => (long)random.Next(1, 4))], strides = [.. kernel.Select(k => (long)random.Next(1, (int)k + 1))];
        long[] begin = [.. kernel.Select((k, i) => (long)random.Next(0, (int)Math.Max(1, k - strides[i] + 1)))], end = [.. kernel.Select(k => (long)random.Next(0, (int)k))];
        long[] extra = random.Next(3) == 0 ? [.. strides.Select(s => (long)random.Next(0, (int)s))] : [0, 0, 0];
        long[] extents = [.. kernel.Select((_, i) => (long)random.Next(2, i == 2 && random.Next(2) == 0 ? 30 : 6))];
        for (int i = 0; i < 3; i++)
        {
            extents[i] += Math.Max(0, begin[i] + end[i] - (strides[i] * (extents[i] - 1)));
        }

        ConvTranspose conv = new(Group: group, OutputPadding: Ints.Create(extra), Pads: Ints.Create([.. begin, .. end]), Strides: Ints.Create(strides));
        Tensor x = ProductCase.Random(random, [random.Next(1, 3), channels, .. extents]), w = ProductCase.Random(random, [channels, outputs, .. kernel]);
        ProductCase sample = new(conv, x, w)
        {
            IsStatic = random.Next(3) != 0, PixelStride = random.Next(3) == 0 ? channels + (outputs * group) + 5 : 0, RowMajorInput = random.Next(4) == 0, GuardPages = random.Next(2) == 0,
        };
        Finish(sample, random);
        sample.Check([.. Transposed.Select(t => new StaticChannels(t))]);
    }

    [Fact]
    public void Padding_behind_the_input_is_no_pixel_although_the_kernel_is_one()
    {
        Random random = new(1);
        foreach (bool isStatic in (bool[])[true, false])
        {
            foreach (long[] pads in (long[][])[[0, 0, 0, 0, 0, 1], [0, 0, 0, 1, 0, 0], [1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 2, 0]])
            {
                new ProductCase(new Conv(Pads: Ints.Create(pads)), ProductCase.Random(random, 2, 9, 3, 4, 5), ProductCase.Random(random, 20, 9, 1, 1, 1))
                {
                    PixelStride = 0, IsStatic = isStatic,
                }.Check([.. Direct.Select(t => new StaticChannels(t))]);
            }
        }
    }

    [Fact]
    public void A_volume_without_planes_is_nothing_to_do()
    {
        Random random = new(2);
        new ProductCase(new Conv(Pads: Ints.Create([1, 1, 1, 1, 1, 1])), ProductCase.Random(random, 0, 3, 4, 4, 4), ProductCase.Random(random, 8, 3, 3, 3, 3)) { PixelStride = 0 }.Check(Direct);
    }

    [Fact]
    public void Winograd_does_not_take_volumes()
    {
        Random random = new(3);
        WinogradTactic tactic = new(ProductCase.Avx2);
        Assert.Contains("volumes", new ProductCase(new Conv(), ProductCase.Random(random, 1, 8, 4, 8, 8), ProductCase.Random(random, 8, 8, 1, 3, 3)) { PixelStride = 0 }.Harness().Decline(tactic), StringComparison.Ordinal);
    }

    private static void Finish(ProductCase sample, Random random)
    {
        long[] dims = sample.Evaluate().Dims.ToArray();
        switch (random.Next(5))
        {
            case 0: sample.Then(new Add(), ProductCase.Random(random, dims)).Then(new Relu()); break;
            case 1: sample.Then(new Mul(), ProductCase.Random(random, [dims[0], 1, .. dims[2..]])).Then(new Add(), ProductCase.Random(random, [dims[1], 1, 1, 1])); break;
            case 2: sample.Then(new Mul(), ProductCase.Random(random, [dims[0], dims[1], 1, 1, 1])).Then(new Swish()); break;
        }
    }
}
