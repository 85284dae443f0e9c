using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Peregrine.Backends.Cpu.Products;

namespace Peregrine.Backends.Cpu.Convolution;

/// <summary>
/// Packs transformed kernels G g Gᵀ, computed in double precision and rounded once: [group of output channels][matrix][input channel][vector][lane], the last vector filled up with zeros and
/// the last group only as wide as it has vectors.
/// </summary>
internal sealed class WinogradWeights(PatchProblem problem, WinogradTile tile, int vectors, int lanes)
{
    // Kernels that are transformed in one go: as many floats as the narrowest vector of generated code has.
    private const int Together = 8;

    private readonly int _channelVectors = (problem.Outputs + lanes - 1) / lanes;

    public int Groups => (_channelVectors + vectors - 1) / vectors;

    /// <summary>Vectors of a group.</summary>
    public int VectorsOf(int group) => Math.Min(vectors, _channelVectors - (group * vectors));

    /// <summary>Bytes from one matrix to the next.</summary>
    public long MatrixBytes(int group) => (long)problem.Channels * VectorsOf(group) * lanes * sizeof(float);

    /// <summary>Bytes in front of a group.</summary>
    public long Offset(int group) => (long)tile.Matrices * problem.Channels * group * vectors * lanes * sizeof(float);

    public long Bytes => (long)tile.Matrices * problem.Channels * _channelVectors * lanes * sizeof(float);

    public string Key => $"winograd {tile.Name} {problem.Outputs}x{problem.Channels} by {vectors}x{lanes} from {problem.Weights}";

    /// <summary>A part is a group of output channels.</summary>
    public unsafe void Pack(byte* source, byte* target, int part)
    {
        int first = part * vectors * lanes, width = VectorsOf(part) * lanes, count = Math.Min(width, problem.Outputs - first);
        float* to = (float*)(target + Offset(part)), from = (float*)source + ((long)first * problem.Weights.PerOutput);
        long perMatrix = MatrixBytes(part) / sizeof(float);
        for (int channel = 0; channel < problem.Channels; channel++, to += width, from += problem.Weights.PerChannel)
        {
            for (int lane = 0; lane < count; lane += Together)
            {
                Transform(from + ((long)lane * problem.Weights.PerOutput), Math.Min(Together, count - lane), to + lane, perMatrix);
            }
        }
    }

    /// <summary>Transforms the kernels of up to eight output channels side by side.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void Transform(float* from, int count, float* to, long perMatrix)
    {
        WeightOrder order = problem.Weights;
        double[,] vertical = tile.Vertical.KernelMatrix, horizontal = tile.Horizontal.KernelMatrix;
        int rows = vertical.GetLength(0), width = horizontal.GetLength(0);
        double* kernels = stackalloc double[9 * Together], columns = stackalloc double[3 * rows * Together];
        new Span<double>(kernels, 9 * Together).Clear();
        for (int lane = 0; lane < count; lane++, from += order.PerOutput)
        {
            for (int row = 0; row < 3; row++)
            {
                float* g = from + (row * order.PerRow);
                double* kernel = kernels + (row * 3 * Together) + lane;
                kernel[0] = g[0];
                kernel[Together] = g[order.PerColumn];
                kernel[2 * Together] = g[2 * order.PerColumn];
            }
        }

        for (int row = 0; row < rows; row++)
        {
            Vector256<double> m0 = Vector256.Create(vertical[row, 0]), m1 = Vector256.Create(vertical[row, 1]), m2 = Vector256.Create(vertical[row, 2]);
            for (int i = 0; i < 3 * Together; i += Vector256<double>.Count)
            {
                ((m0 * Vector256.Load(kernels + i)) + (m1 * Vector256.Load(kernels + (3 * Together) + i)) + (m2 * Vector256.Load(kernels + (6 * Together) + i)))
                    .Store(columns + (row * 3 * Together) + i);
            }
        }

        Vector256<float> factor = Vector256.Create(order.Factor);
        for (int column = 0; column < width; column++)
        {
            Vector256<double> m0 = Vector256.Create(horizontal[column, 0]), m1 = Vector256.Create(horizontal[column, 1]), m2 = Vector256.Create(horizontal[column, 2]);
            for (int row = 0; row < rows; row++)
            {
                double* c = columns + (row * 3 * Together);
                Vector256<double> low = (Vector256.Load(c) * m0) + (Vector256.Load(c + Together) * m1) + (Vector256.Load(c + (2 * Together)) * m2);
                Vector256<double> high = (Vector256.Load(c + 4) * m0) + (Vector256.Load(c + Together + 4) * m1) + (Vector256.Load(c + (2 * Together) + 4) * m2);
                // Safe: vectors of the packed form are eight lanes or a multiple of it.
                (Vector256.Narrow(low, high) * factor).Store(to + (((row * width) + column) * perMatrix));
            }
        }
    }
}
