namespace Peregrine.Backends.Cpu.Products;

/// <summary>The extents of one call.</summary>
internal readonly record struct PatchExtents(long Images, long Height, long Width, long OutputHeight, long OutputWidth, long PaddedHeight, long PaddedWidth)
{
    public long OutputPixels => OutputHeight * OutputWidth;

    /// <summary>Pixels of a row of the whole result, of which the outputs may be a part.</summary>
    public long ResultWidth { get; init; } = OutputWidth;

    /// <summary>Pixels of a whole result.</summary>
    public long ResultPixels { get; init; } = OutputHeight * OutputWidth;

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
        if (problem.MergesImages)
        {
            return new(1, 1, input[0] * height * width, 1, input[0] * height * width, 0, 0);
        }

        PixelPlacement placement = problem.Placement;
        long ownHeight = PixelPlacement.Count(outputHeight, placement.StepY, placement.FirstY), ownWidth = PixelPlacement.Count(outputWidth, placement.StepX, placement.FirstX);
        return new(input[0], height, width, ownHeight, ownWidth, Padded(ownHeight, problem.Vertical), Padded(ownWidth, problem.Horizontal))
        {
            ResultWidth = outputWidth, ResultPixels = outputHeight * outputWidth,
        };
    }

    /// <summary>Bytes of all images with their padding, channels side by side.</summary>
    public long PaddedBytes(PatchProblem problem) => checked(Images * PaddedHeight * PaddedWidth * problem.Groups * problem.Channels * sizeof(float));

    private static long Padded(long output, PatchAxis axis) => output == 0 ? 0 : ((output - 1) * axis.Stride) + ((axis.Kernel - 1L) * axis.Dilation) + 1;
}
