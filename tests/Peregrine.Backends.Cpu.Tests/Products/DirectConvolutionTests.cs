using System.Runtime.InteropServices;
using Peregrine.Backends.Cpu.Convolution;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Tests.Products;

public sealed class DirectConvolutionTests
{
    private static ITactic[] Tactics => [new DirectConvolutionTactic(ProductCase.Avx512), new DirectConvolutionTactic(ProductCase.Avx2), new DirectConvolutionTactic(null, isPortable: true)];

    public static TheoryData<int> Seeds { get; } = [.. Enumerable.Range(0, 60)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Random_geometry_agrees_with_the_reference(int seed)
    {
        Random random = new(seed);
        int spatial = random.Next(4) == 0 ? 1 : 2;
        int group = random.Next(3) == 0 ? random.Next(2, 5) : 1, channels = group * random.Next(1, random.Next(2) == 0 ? 6 : 24), outputs = group * random.Next(1, random.Next(2) == 0 ? 8 : 70);
        long batch = random.Next(1, 4);
        long[] kernel = [.. Enumerable.Range(0, spatial).Select(_ => random.Next(8) == 0 ? random.Next(17, 21) : (long)random.Next(1, 8))];
        long[] strides = [.. kernel.Select(_ => (long)random.Next(1, random.Next(4) == 0 ? 8 : 3))], dilations = [.. kernel.Select(_ => (long)random.Next(1, random.Next(3) == 0 ? 4 : 2))];
        long[] pads = [.. kernel.Concat(kernel).Select(k => random.Next(3) == 0 ? 0 : random.Next(8) == 0 ? k + 3 : (long)random.Next(0, (int)k))];
        AutoPad auto = random.Next(4) == 0 ? (AutoPad)random.Next(1, 4) : AutoPad.NotSet;
        long[] extents = [.. kernel.Select((k, i) => (long)random.Next(1, i == spatial - 1 ? 71 : 20))];
        for (int i = 0; i < spatial; i++)
        {
            long window = ((kernel[i] - 1) * dilations[i]) + 1, padded = extents[i] + (auto == AutoPad.NotSet ? pads[i] + pads[i + spatial] : 0);
            extents[i] += Math.Max(0, window - padded);
        }

        Conv conv = new(auto, Ints.Create(dilations), group, Ints.Empty, auto == AutoPad.NotSet ? Ints.Create(pads) : Ints.Empty, Ints.Create(strides));
        Tensor x = ProductCase.Random(random, [batch, channels, .. extents]), w = ProductCase.Random(random, [outputs, channels / group, .. kernel]);
        Tensor? b = random.Next(2) == 0 ? ProductCase.Random(random, outputs) : null;
        bool isStatic = random.Next(3) != 0 || auto is AutoPad.SameUpper or AutoPad.SameLower;
        ProductCase sample = new(conv, b is null ? [x, w] : [x, w, b])
        {
            Constants = b is null ? [1] : [1, 2], IsStatic = isStatic, PixelStride = random.Next(3) == 0 ? channels + outputs + 5 : 0, RowMajorInput = random.Next(4) == 0 && channels <= MostPlanes, GuardPages = random.Next(2) == 0,
        };
        Finish(sample, sample.Evaluate().Dims.ToArray(), random);
        // Channels are always known.
        sample.Check([.. Tactics.Select(t => isStatic ? t : new StaticChannels(t))]);
    }

    // Row-major images of more channels are declined: reformatting them is faster.
    private const int MostPlanes = 8;

    private static void Finish(ProductCase sample, long[] dims, Random random)
    {
        long[] Ones(int rank) => [.. Enumerable.Repeat(1L, rank)];
        Tensor Operand() => ProductCase.Random(random, random.Next(6) switch
        {
            0 => [dims[0], dims[1], .. Ones(dims.Length - 2)],
            1 => [dims[1], .. Ones(dims.Length - 2)],
            2 => dims,
            3 => [dims[0], 1, .. dims[2..]],
            4 => [1, 1, .. dims[2..]],
            _ => [],
        });
        for (int step = random.Next(4); step > 0; step--)
        {
            switch (random.Next(9))
            {
                case 0: sample.Then(new Add(), Operand()); break;
                case 1: sample.Then(new Mul(), Operand()); break;
                case 2: sample.Then(new Relu()); break;
                case 3: sample.Then(new Clip(), Tensor.Scalar(-0.5f), Tensor.Scalar(0.75f)); break;
                case 4: sample.Then(new HardSwish()); break;
                case 5: sample.Then(new Swish()); break;
                case 6: sample.Then(new Sub(), Operand()); break;
                case 7: sample.Then(new Gelu()); break;
                default: sample.Then(new LeakyRelu()); break;
            }
        }
    }

    [Fact]
    public void Padding_may_be_wider_than_what_strides_reach()
    {
        Random random = new(1);
        foreach (bool isStatic in (bool[])[true, false])
        {
            new ProductCase(new Conv(Pads: Ints.Create([5, 5, 0, 0]), Strides: Ints.Create([7, 7])), ProductCase.Random(random, 2, 3, 1, 1), ProductCase.Random(random, 20, 3, 1, 1))
            {
                PixelStride = 0, RowMajorInput = true, IsStatic = isStatic,
            }.Check([.. Tactics.Select(t => new StaticChannels(t))]);
        }
    }

    [Fact]
    public void Operands_that_all_images_share_are_not_read_past_their_end()
    {
        Random random = new(2);
        foreach (long[] dims in (long[][])[[1, 1, 5, 7], [1, 24, 5, 7], [3, 1, 5, 7], [3, 24, 1, 1], [1, 1, 1, 1]])
        {
            new ProductCase(new Conv(), ProductCase.Random(random, 3, 8, 5, 7), ProductCase.Random(random, 24, 8, 1, 1)) { PixelStride = 0, GuardPages = true }
                .Then(new Add(), ProductCase.Random(random, dims)).Check(Tactics);
        }
    }

    [Fact]
    public void Magnitudes_infinities_and_NaN_go_their_way()
    {
        Random random = new(3);
        foreach (float magnitude in (float[])[1e20f, 1e-20f, 1e-38f, 3e38f])
        {
            foreach (long[] kernel in (long[][])[[1, 1], [3, 3]])
            {
                Tensor x = ProductCase.Random(random, 1, 9, 8, 9), w = ProductCase.Random(random, 17, 9, kernel[0], kernel[1]);
                Span<float> values = MemoryMarshal.Cast<byte, float>(x.Data.Span);
                for (int i = 0; i < values.Length; i++)
                {
                    // Neighbouring channels nearly cancel.
                    values[i] = (values[i] > 0 ? 1 : -1) * (magnitude * (1 - (i % 7 * 1e-6f)));
                }

                new ProductCase(new Conv(Pads: Ints.Create([1, 1, 1, 1])), x, w) { PixelStride = 0 }.Check(Tactics);
                values[0] = float.NaN;
                values[40] = float.PositiveInfinity;
                values[^1] = float.NegativeInfinity;
                values[100] = -0f;
                new ProductCase(new Conv(Pads: Ints.Create([1, 1, 1, 1])), x, w) { PixelStride = 0 }.Then(new Relu()).Check(Tactics);
            }
        }
    }

    [Fact]
    public void Groups_of_one_channel_have_weights_of_their_own()
    {
        Random random = new(6);
        new ProductCase(new Conv(Group: 5), ProductCase.Random(random, 2, 5, 4, 4), ProductCase.Random(random, 15, 1, 1, 1)) { PixelStride = 0 }.Check(Tactics);
    }

    [Fact]
    public void No_images_and_no_pixels_are_nothing_to_do()
    {
        Random random = new(4);
        new ProductCase(new Conv(Pads: Ints.Create([1, 1, 1, 1])), ProductCase.Random(random, 0, 3, 5, 5), ProductCase.Random(random, 8, 3, 3, 3)) { PixelStride = 0 }.Check(Tactics);
        new ProductCase(new Conv(), ProductCase.Random(random, 0, 3, 5, 5), ProductCase.Random(random, 8, 3, 1, 1)) { PixelStride = 0 }.Check(Tactics);
    }

    [Fact]
    public void What_does_not_fit_is_declined()
    {
        Random random = new(5);
        Tensor x = ProductCase.Random(random, 1, 4, 6, 6), w = ProductCase.Random(random, 8, 4, 3, 3);
        DirectConvolutionTactic tactic = new(ProductCase.Avx2);
        Assert.NotNull(new ProductCase(new Conv(), x, w) { Constants = [], PixelStride = 0 }.Harness().Decline(tactic));
        Assert.NotNull(new ProductCase(new Conv(), x, w).Harness().Decline(tactic));
        Assert.NotNull(new ProductCase(new Conv(), x, w) { PixelStride = 0 }.Then(new Add(), ProductCase.Random(random, 4, 1)).Harness().Decline(tactic));
        Assert.NotNull(new ProductCase(new Conv(Pads: Ints.Create([1L << 40, 0, 0, 0]), Strides: Ints.Create([1L << 41, 1])), x, w) { PixelStride = 0 }.Harness().Decline(tactic));
        TacticHarness harness = new ProductCase(new Conv(), x, w) { PixelStride = 0 }.Then(new Add(), ProductCase.Random(random, 1, 8, 1, 1)).Harness();
        harness.InputLayouts[2] = Layout.ChannelsLast(4, 11);
        Assert.NotNull(harness.Decline(tactic));
    }
}
