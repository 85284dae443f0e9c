using System.Runtime.InteropServices;
using Peregrine.Backends.Cpu.Convolution;
using Peregrine.Backends.Cpu.Products;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Tests.Packing;

/// <summary>Packed weights against plain loops over the definition of the packed form; parts are done in reverse, as workers may.</summary>
public sealed unsafe class WeightPackingTests
{
    public static TheoryData<int, int, int, int, int, int, int> Products => new()
    {
        // groups, outputs, channels, rows, columns, vectors, lanes
        { 1, 64, 64, 1, 1, 2, 16 }, { 1, 64, 64, 3, 3, 2, 16 }, { 1, 70, 33, 3, 3, 2, 16 }, { 1, 5, 3, 7, 7, 2, 16 }, { 2, 24, 20, 3, 1, 3, 8 },
        { 3, 17, 9, 1, 5, 4, 8 }, { 1, 1000, 40, 1, 1, 4, 16 }, { 1, 16, 2, 9, 40, 1, 16 }, { 1, 1, 1, 1, 1, 1, 16 },
    };

    [Theory]
    [MemberData(nameof(Products))]
    public void Convolutions_are_packed_as_the_plain_loop_packs_them(int groups, int outputs, int channels, int rows, int columns, int vectors, int lanes)
    {
        int window = rows * columns;
        Check(Problem(groups, outputs, channels, rows, columns, new(channels * window, window, window, columns, 1, 1)), vectors, lanes);
        Check(Problem(groups, outputs, channels, rows, columns, new(channels * window, window, window, columns, 1, -1.5f)), vectors, lanes);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0.3f)]
    public void Matrices_are_packed_as_the_plain_loop_packs_them(float factor)
    {
        Check(Problem(1, 75, 50, 1, 1, new(1, 75, 0, 0, 0, factor)), 2, 16);
        Check(Problem(1, 75, 50, 1, 1, new(50, 1, 0, 0, 0, factor)), 2, 16);
    }

    [Theory]
    [InlineData(2, 1, 1, 64, 10, 2, 16)]
    [InlineData(4, 1, 1, 64, 10, 2, 16)]
    [InlineData(4, 1, 1, 45, 7, 2, 16)]
    [InlineData(2, 1, 1, 13, 5, 3, 8)]
    [InlineData(4, 2, 2, 45, 7, 2, 16)]
    [InlineData(2, 1, 2, 13, 5, 3, 8)]
    public void Transformed_kernels_have_the_bits_of_the_plain_transform(int tile, int verticalStride, int horizontalStride, int outputs, int channels, int vectors, int lanes)
    {
        PatchProblem problem = Problem(1, outputs, channels, 3, 3, new(channels * 9, 9, 9, 3, 1, 1));
        WinogradWeights weights = new(problem, new(tile, verticalStride, horizontalStride), vectors, lanes);
        double[,] vertical = WinogradTransform.Of(tile, verticalStride).KernelMatrix, horizontal = WinogradTransform.Of(tile, horizontalStride).KernelMatrix;
        int rows = vertical.GetLength(0), columns = horizontal.GetLength(0);
        float[] source = Values(outputs * channels * 9), packed = Run(source, weights.Bytes, weights.Groups, weights.Pack), expected = new float[packed.Length];
        for (int output = 0; output < outputs; output++)
        {
            int group = output / (vectors * lanes);
            for (int channel = 0; channel < channels; channel++)
            {
                ReadOnlySpan<float> g = source.AsSpan(((output * channels) + channel) * 9, 9);
                for (int row = 0; row < rows; row++)
                {
                    for (int column = 0; column < columns; column++)
                    {
                        double[] sums = new double[3];
                        for (int i = 0; i < 3; i++)
                        {
                            sums[i] = (vertical[row, 0] * g[i]) + (vertical[row, 1] * g[3 + i]) + (vertical[row, 2] * g[6 + i]);
                        }

                        long at = ((weights.Offset(group) + (((row * columns) + column) * weights.MatrixBytes(group))) / sizeof(float)) + (channel * weights.VectorsOf(group) * lanes) + (output % (vectors * lanes));
                        expected[at] = (float)((sums[0] * horizontal[column, 0]) + (sums[1] * horizontal[column, 1]) + (sums[2] * horizontal[column, 2]));
                    }
                }
            }
        }

        Assert.Equal(expected, packed);
    }

    private static void Check(PatchProblem problem, int vectors, int lanes)
    {
        WeightPacker packer = new(problem, vectors, lanes);
        WeightOrder order = problem.Weights;
        int rows = problem.Vertical.Kernel, columns = problem.Horizontal.Kernel;
        float[] source = Values(checked((int)problem.WeightCount)), packed = Run(source, packer.Bytes, packer.Parts, packer.Pack), expected = new float[packed.Length];
        for (int group = 0; group < problem.Groups; group++)
        {
            for (int output = 0; output < problem.Outputs; output++)
            {
                int block = output / (vectors * lanes), width = block < packer.WholeGroups ? vectors * lanes : packer.LastVectors * lanes;
                long start = ((group * packer.ConvolutionGroupBytes) + ((long)block * packer.GroupBytes)) / sizeof(float);
                for (int row = 0; row < rows; row++)
                {
                    for (int column = 0; column < columns; column++)
                    {
                        for (int channel = 0; channel < problem.Channels; channel++)
                        {
                            long from = ((((long)group * problem.Outputs) + output) * order.PerOutput) + ((long)channel * order.PerChannel) + (row * order.PerRow) + (column * order.PerColumn);
                            expected[start + (((((row * columns) + column) * problem.Channels) + channel) * width) + (output % (vectors * lanes))] = source[from] * order.Factor;
                        }
                    }
                }
            }
        }

        Assert.Equal(expected, packed);
        foreach (WeightPacker either in (WeightPacker[])[packer, new(problem, vectors, lanes, planes: true)])
        {
            Assert.Equal(order.Factor == 1, either.Form is not null);
            if (either.Form is { } form)
            {
                float[] restored = new float[source.Length];
                Assert.Equal((null, either.Bytes), (form.WhyNot(source.Length), form.Bytes));
                form.Unpack(MemoryMarshal.AsBytes(Run(source, either.Bytes, either.Parts, either.Pack).AsSpan()), MemoryMarshal.AsBytes(restored.AsSpan()));
                Assert.Equal(source, restored);
            }
        }
    }

    private static float[] Run(float[] source, long bytes, int parts, Cpu.Packing.PackWeights pack)
    {
        float[] packed = new float[bytes / sizeof(float)];
        fixed (float* from = source, to = packed)
        {
            for (int part = parts - 1; part >= 0; part--)
            {
                pack((byte*)from, (byte*)to, part);
            }
        }

        return packed;
    }

    private static PatchProblem Problem(int groups, int outputs, int channels, int rows, int columns, WeightOrder order) => new(
        groups, channels, outputs, new(20, rows, 1, 1, 0, 20), new(50, columns, 1, 1, 0, 50), groups * channels, groups * outputs, 1, IsMatrix: false, order, ValueList.From<OperandBinding>([]), null, 0, 1);

    private static float[] Values(int count)
    {
        Random random = new(7);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = (float)((random.NextDouble() * 4) - 2);
        }

        return values;
    }
}
