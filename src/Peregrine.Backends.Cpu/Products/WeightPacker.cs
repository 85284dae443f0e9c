namespace Peregrine.Backends.Cpu.Products;

/// <summary>
/// Packs weights for <see cref="DotTile"/>: [convolution group][group of output channels][kernel row][kernel column][input channel][vector][lane], the last vector of each convolution group
/// filled up with zeros.
/// </summary>
internal sealed class WeightPacker(PatchProblem problem, int vectors, int lanes)
{
    private readonly int _channelVectors = (problem.Outputs + lanes - 1) / lanes;

    /// <summary>Groups of complete vectors of output channels in a convolution group; what is left makes one more group.</summary>
    public int WholeGroups => problem.Outputs / lanes / vectors;

    /// <summary>Vectors of the last group, of which the last may be incomplete; 0 if there is none.</summary>
    public int LastVectors => _channelVectors - (WholeGroups * vectors);

    /// <summary>Bytes of a whole group.</summary>
    public int GroupBytes => checked((int)(problem.PatchLength * vectors * lanes * sizeof(float)));

    /// <summary>Bytes of a convolution group.</summary>
    public long ConvolutionGroupBytes => problem.PatchLength * _channelVectors * lanes * sizeof(float);

    public long Bytes => problem.Groups * ConvolutionGroupBytes;

    public string Key => $"dot {problem.Groups}x{problem.Outputs}x{problem.Vertical.Kernel}x{problem.Horizontal.Kernel}x{problem.Channels} by {vectors}x{lanes} from {problem.Weights}";

    public unsafe void Pack(byte* source, byte* target)
    {
        float* from = (float*)source, to = (float*)target;
        WeightOrder order = problem.Weights;
        int channels = problem.Channels, rows = problem.Vertical.Kernel, columns = problem.Horizontal.Kernel;
        for (int group = 0; group < problem.Groups; group++)
        {
            for (int vector = 0; vector < _channelVectors;)
            {
                int width = Math.Min(vectors, _channelVectors - vector) * lanes, first = vector * lanes, count = Math.Min(width, problem.Outputs - first);
                float* outputs = from + order.Offset + (group * (order.PerGroup != 0 ? order.PerGroup : (long)problem.Outputs * order.PerOutput)) + ((long)first * order.PerOutput);
                if (order.PerOutput == 1 && order.Factor == 1 && rows == 1 && columns == 1)
                {
                    // Rows of the matrix lie as they are wanted.
                    for (int channel = 0; channel < channels; channel++)
                    {
                        new ReadOnlySpan<float>(outputs + ((long)channel * order.PerChannel), count).CopyTo(new Span<float>(to + ((long)channel * width), count));
                    }
                }
                else
                {
                    for (int lane = 0; lane < count; lane++)
                    {
                        PackOutput(outputs + ((long)lane * order.PerOutput), to + lane, width, order, rows, columns, channels);
                    }
                }

                to += problem.PatchLength * width;
                vector += width / lanes;
            }
        }
    }

    private static unsafe void PackOutput(float* from, float* to, long width, WeightOrder order, int rows, int columns, int channels)
    {
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                float* source = from + (row * order.PerRow) + (column * order.PerColumn);
                for (int channel = 0; channel < channels; channel++)
                {
                    *to = source[(long)channel * order.PerChannel] * order.Factor;
                    to += width;
                }
            }
        }
    }
}
