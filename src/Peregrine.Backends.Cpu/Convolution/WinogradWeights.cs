using Peregrine.Backends.Cpu.Products;

namespace Peregrine.Backends.Cpu.Convolution;

/// <summary>
/// Packs transformed kernels G g Gᵀ, computed in double precision and rounded once: [group of output channels][product][input channel][vector][lane], the last vector filled up with zeros and
/// the last group only as wide as it has vectors.
/// </summary>
internal sealed class WinogradWeights(PatchProblem problem, int tile, int vectors, int lanes)
{
    private readonly WinogradTransform _transform = WinogradTransform.Of(tile);
    private readonly int _channelVectors = (problem.Outputs + lanes - 1) / lanes;

    public int Groups => (_channelVectors + vectors - 1) / vectors;

    /// <summary>Vectors of a group.</summary>
    public int VectorsOf(int group) => Math.Min(vectors, _channelVectors - (group * vectors));

    /// <summary>Bytes from one product's matrix to that of the next.</summary>
    public long ProductBytes(int group) => (long)problem.Channels * VectorsOf(group) * lanes * sizeof(float);

    /// <summary>Bytes in front of a group.</summary>
    public long Offset(int group) => (long)_transform.Products * problem.Channels * group * vectors * lanes * sizeof(float);

    public long Bytes => (long)_transform.Products * problem.Channels * _channelVectors * lanes * sizeof(float);

    public string Key => $"winograd {tile} {problem.Outputs}x{problem.Channels} by {vectors}x{lanes} from {problem.Weights}";

    public unsafe void Pack(byte* source, byte* target)
    {
        int patch = _transform.Patch;
        double[,] matrix = _transform.KernelMatrix;
        double* columns = stackalloc double[3 * patch];
        WeightOrder order = problem.Weights;
        for (int group = 0; group < Groups; group++)
        {
            int first = group * vectors * lanes, width = VectorsOf(group) * lanes, count = Math.Min(width, problem.Outputs - first);
            float* to = (float*)(target + Offset(group));
            long perProduct = ProductBytes(group) / sizeof(float);
            for (int channel = 0; channel < problem.Channels; channel++, to += width)
            {
                for (int lane = 0; lane < count; lane++)
                {
                    float* g = (float*)source + ((long)(first + lane) * order.PerOutput) + ((long)channel * order.PerChannel);
                    for (int column = 0; column < 3; column++)
                    {
                        double g0 = g[column * order.PerColumn], g1 = g[order.PerRow + (column * order.PerColumn)], g2 = g[(2 * order.PerRow) + (column * order.PerColumn)];
                        for (int row = 0; row < patch; row++)
                        {
                            columns[(row * 3) + column] = (matrix[row, 0] * g0) + (matrix[row, 1] * g1) + (matrix[row, 2] * g2);
                        }
                    }

                    float* at = to + lane;
                    for (int row = 0; row < patch; row++)
                    {
                        double c0 = columns[row * 3], c1 = columns[(row * 3) + 1], c2 = columns[(row * 3) + 2];
                        for (int column = 0; column < patch; column++, at += perProduct)
                        {
                            *at = (float)((c0 * matrix[column, 0]) + (c1 * matrix[column, 1]) + (c2 * matrix[column, 2])) * order.Factor;
                        }
                    }
                }
            }
        }
    }
}
