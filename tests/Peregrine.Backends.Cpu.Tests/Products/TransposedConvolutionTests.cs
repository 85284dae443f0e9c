using Peregrine.Backends.Cpu.Convolution;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Tests.Products;

public sealed class TransposedConvolutionTests
{
    private static ITactic[] Tactics =>
        [.. new ITactic[] { new TransposedConvolutionTactic(ProductCase.Avx512), new TransposedConvolutionTactic(ProductCase.Avx2), new TransposedConvolutionTactic(null, isPortable: true) }.Select(t => new StaticChannels(t))];

    public static TheoryData<int> Seeds { get; } = [.. Enumerable.Range(0, 30)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Random_geometry_agrees_with_the_reference(int seed)
    {
        Random random = new(seed);
        int spatial = random.Next(4) == 0 ? 1 : 2;
        int group = random.Next(3) == 0 ? 2 : 1, channels = group * random.Next(1, 12), outputs = random.Next(1, random.Next(2) == 0 ? 6 : 40);
        long[] kernel = [.. Enumerable.Range(0, spatial).Select(_ => (long)random.Next(1, 6))], strides = [.. kernel.Select(k => (long)random.Next(1, (int)Math.Min(k, 3) + 1))];
        // Paddings below the kernel's reach leave no input out.
        long[] begin = [.. kernel.Select((k, i) => (long)random.Next(0, (int)Math.Max(1, k - strides[i] + 1)))], end = [.. kernel.Select(k => (long)random.Next(0, (int)k))];
        long[] extra = random.Next(3) == 0 ? [.. strides.Select(s => (long)random.Next(0, (int)s))] : [];
        long[] extents = [.. kernel.Select((_, i) => (long)random.Next(3, i == spatial - 1 ? 40 : 9))];
        for (int i = 0; i < spatial; i++)
        {
            extents[i] += Math.Max(0, begin[i] + end[i] - (strides[i] * (extents[i] - 1)));
        }

        ConvTranspose conv = new(Group: group, OutputPadding: extra.Length == 0 ? Ints.Empty : Ints.Create(extra), Pads: Ints.Create([.. begin, .. end]), Strides: Ints.Create(strides));
        Tensor x = ProductCase.Random(random, [random.Next(1, 3), channels, .. extents]), w = ProductCase.Random(random, [channels, outputs, .. kernel]);
        Tensor? b = random.Next(2) == 0 ? ProductCase.Random(random, outputs * group) : null;
        ProductCase sample = new(conv, b is null ? [x, w] : [x, w, b])
        {
            Constants = b is null ? [1] : [1, 2], IsStatic = random.Next(3) != 0, PixelStride = random.Next(3) == 0 ? channels + (outputs * group) + 5 : 0, RowMajorInput = random.Next(4) == 0, GuardPages = random.Next(2) == 0,
        };
        long[] dims = sample.Evaluate().Dims.ToArray();
        switch (random.Next(5))
        {
            case 0: sample.Then(new Add(), ProductCase.Random(random, dims)).Then(new Relu()); break;
            case 1: sample.Then(new Mul(), ProductCase.Random(random, [dims[0], 1, .. dims[2..]])); break;
            case 2: sample.Then(new Sigmoid()); break;
        }

        sample.Check(Tactics);
    }
}
