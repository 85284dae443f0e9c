namespace Peregrine.Backends.Cpu.Products;

/// <summary>The extents of one call.</summary>
internal readonly record struct PatchExtents(long Images, long Height, long Width, long OutputHeight, long OutputWidth, long PaddedHeight, long PaddedWidth)
{
    public long OutputPixels => OutputHeight * OutputWidth;

    public static PatchExtents Of(PatchProblem problem, ReadOnlySpan<long> input, ReadOnlySpan<long> output)
    {
        if (problem.IsMatrix)
        {
            long rows = 1;
            foreach (long dim in output[..^1])
            {
                rows *= dim;
            }

            return new(1, 1, rows, 1, rows, 0, 0);
        }

        bool isFlat = output.Length == 3;
        (long height, long outputHeight) = isFlat ? (1, 1) : (input[2], output[2]);
        (long width, long outputWidth) = (input[^1], output[^1]);
        return problem.MergesImages
            ? new(1, 1, input[0] * height * width, 1, input[0] * height * width, 0, 0)
            : new(input[0], height, width, outputHeight, outputWidth, Padded(outputHeight, problem.Vertical), Padded(outputWidth, problem.Horizontal));
    }

    /// <summary>Bytes of all images with their padding, channels side by side.</summary>
    public long PaddedBytes(PatchProblem problem) => checked(Images * PaddedHeight * PaddedWidth * problem.Groups * problem.Channels * sizeof(float));

    private static long Padded(long output, PatchAxis axis) => output == 0 ? 0 : ((output - 1) * axis.Stride) + ((axis.Kernel - 1L) * axis.Dilation) + 1;
}
