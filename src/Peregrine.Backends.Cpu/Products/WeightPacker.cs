using System.Runtime.CompilerServices;
using Peregrine.Backends.Cpu.Movement;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Products;

/// <summary>
/// Packs weights for <see cref="DotTile"/>: [convolution group][group of output channels][kernel plane][kernel row][kernel column][input channel][vector][lane], the last vector of each convolution group
/// filled up with zeros.
/// </summary>
/// <param name="planes">Whether, for images read as planes, input channels come before the columns of the kernel.</param>
internal sealed class WeightPacker(PatchProblem problem, int vectors, int lanes, bool planes = false)
{
    // Half of the smallest first-level cache.
    private const int BlockFloats = 4096;

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

    public string Key =>
        $"dot {problem.Groups}x{problem.Outputs}x{(problem.Depth.Kernel > 1 ? $"{problem.Depth.Kernel}x" : "")}{problem.Vertical.Kernel}x{problem.Horizontal.Kernel}x{problem.Channels} by {vectors}x{lanes} from {problem.Weights}{(planes ? " for planes" : "")}";

    /// <summary>The packed form for others; null where packing changes values or leaves some out, and for kernels of several planes.</summary>
    public WeightForm? Form
    {
        get
        {
            if (problem.Depth.Kernel > 1 || problem.Weights is not { Factor: 1, Offset: 0, PerRow: >= 0, PerColumn: >= 0 } order)
            {
                return null;
            }

            long perGroup = order.PerGroup != 0 ? order.PerGroup : (long)problem.Outputs * order.PerOutput;
            int rows = problem.Vertical.Kernel, columns = problem.Horizontal.Kernel;
            // For planes channels and columns have changed their places.
            return planes
                ? new(problem.Groups, problem.Outputs, columns, rows, problem.Channels, perGroup, order.PerOutput, order.PerColumn, order.PerRow, order.PerChannel, vectors * lanes, lanes)
                : new(problem.Groups, problem.Outputs, problem.Channels, rows, columns, perGroup, order.PerOutput, order.PerChannel, order.PerRow, order.PerColumn, vectors * lanes, lanes);
        }
    }

    /// <summary>A part is a group of output channels.</summary>
    public int Parts => problem.Groups * GroupsOfConvolution;

    private int GroupsOfConvolution => WholeGroups + (LastVectors > 0 ? 1 : 0);

    public unsafe void Pack(byte* source, byte* target, int part)
    {
        WeightOrder order = problem.Weights;
        (int group, int channelGroup) = Math.DivRem(part, GroupsOfConvolution);
        int vector = channelGroup * vectors, width = Math.Min(vectors, _channelVectors - vector) * lanes, first = vector * lanes, count = Math.Min(width, problem.Outputs - first);
        int channels = problem.Channels, slices = problem.Depth.Kernel, rows = problem.Vertical.Kernel, columns = problem.Horizontal.Kernel;
        float* from = (float*)source + order.Offset + (group * (order.PerGroup != 0 ? order.PerGroup : (long)problem.Outputs * order.PerOutput)) + ((long)first * order.PerOutput);
        float* to = (float*)(target + (group * ConvolutionGroupBytes) + ((long)channelGroup * GroupBytes));
        int window = slices * rows * columns;
        bool isPatchContiguous = order.PerChannel == window && (columns == 1 || order.PerColumn == 1) && (rows == 1 || order.PerRow == columns) && (slices == 1 || order.PerSlice == rows * columns);
        if (order.PerOutput == 1 && order.Factor == 1 && window == 1)
        {
            // Rows of the matrix lie as they are wanted.
            for (int channel = 0; channel < channels; channel++)
            {
                new ReadOnlySpan<float>(from + ((long)channel * order.PerChannel), count).CopyTo(new Span<float>(to + ((long)channel * width), count));
            }
        }
        else if (order.Factor == 1 && isPatchContiguous && window == 1)
        {
            BlockTranspose.Run(sizeof(float), (byte*)from, (nint)order.PerOutput * sizeof(float), (byte*)to, (nint)width * sizeof(float), channels, count);
        }
        else if (!planes && order.Factor == 1 && isPatchContiguous && window <= BlockFloats / width)
        {
            PackPatches(from, to, width, count, window);
        }
        else
        {
            for (int lane = 0; lane < count; lane++)
            {
                PackOutput(from + ((long)lane * order.PerOutput), to + lane, width, order, slices, rows, columns, channels);
            }
        }
    }

    /// <summary>Transposes a few channels at a time, as they lie, and then deals out the positions of the window.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void PackPatches(float* from, float* to, int width, int count, int window)
    {
        float* block = stackalloc float[BlockFloats];
        int most = BlockFloats / width / window;
        for (int channel = 0; channel < problem.Channels; channel += most)
        {
            int channels = Math.Min(most, problem.Channels - channel);
            BlockTranspose.Run(
                sizeof(float), (byte*)(from + ((long)channel * window)), (nint)problem.Weights.PerOutput * sizeof(float), (byte*)block, (nint)width * sizeof(float), (nint)channels * window, count);
            for (int position = 0; position < window; position++)
            {
                float* source = block + (position * width), target = to + ((((long)position * problem.Channels) + channel) * width);
                for (int i = 0; i < channels; i++, source += window * width, target += width)
                {
                    new ReadOnlySpan<float>(source, count).CopyTo(new Span<float>(target, count));
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private unsafe void PackOutput(float* from, float* to, long width, WeightOrder order, int slices, int rows, int columns, int channels)
    {
        (int outer, long perOuter, int inner, long perInner) = planes ? (channels, order.PerChannel, columns, order.PerColumn) : (columns, order.PerColumn, channels, (long)order.PerChannel);
        for (int line = 0; line < slices * rows; line++)
        {
            (int slice, int row) = Math.DivRem(line, rows);
            for (int i = 0; i < outer; i++)
            {
                float* source = from + (slice * order.PerSlice) + (row * order.PerRow) + (i * perOuter);
                for (int j = 0; j < inner; j++)
                {
                    *to = source[j * perInner] * order.Factor;
                    to += width;
                }
            }
        }
    }
}
