namespace Peregrine.Backends.Cpu.Products;

/// <summary>The extents of one call.</summary>
internal readonly record struct PatchExtents(long Images, long Height, long Width, long OutputHeight, long OutputWidth, long PaddedHeight, long PaddedWidth)
{
    public long Depth { get; init; } = 1;

    public long OutputDepth { get; init; } = 1;

    public long PaddedDepth { get; init; } = 1;

    public long OutputPixels => OutputDepth * OutputHeight * OutputWidth;

    /// <summary>Pixels of a row of the whole result, of which the outputs may be a part.</summary>
    public long ResultWidth { get; init; } = OutputWidth;

    /// <summary>Pixels of a plane of the whole result.</summary>
    public long ResultPlane { get; init; } = OutputHeight * OutputWidth;

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

        (long depth, long outputDepth) = output.Length < 5 ? (1, 1) : (input[2], output[2]);
        (long height, long outputHeight) = output.Length < 4 ? (1, 1) : (input[^2], output[^2]);
        (long width, long outputWidth) = (input[^1], output[^1]);
        if (problem.MergesImages)
        {
            long pixels = input[0] * depth * height * width;
            return new(1, 1, pixels, 1, pixels, 0, 0);
        }

        PixelPlacement placement = problem.Placement;
        long ownDepth = PixelPlacement.Count(outputDepth, placement.StepZ, placement.FirstZ), ownHeight = PixelPlacement.Count(outputHeight, placement.StepY, placement.FirstY);
        long ownWidth = PixelPlacement.Count(outputWidth, placement.StepX, placement.FirstX);
        return new(input[0], height, width, ownHeight, ownWidth, Padded(ownHeight, problem.Vertical), Padded(ownWidth, problem.Horizontal))
        {
            Depth = depth, OutputDepth = ownDepth, PaddedDepth = Padded(ownDepth, problem.Depth),
            ResultWidth = outputWidth, ResultPlane = outputHeight * outputWidth, ResultPixels = outputDepth * outputHeight * outputWidth,
        };
    }

    /// <summary>Bytes of all images with their padding, channels side by side.</summary>
    public long PaddedBytes(PatchProblem problem) => checked(Images * PaddedDepth * PaddedHeight * PaddedWidth * problem.Groups * problem.Channels * sizeof(float));

    private static long Padded(long output, PatchAxis axis) => output == 0 ? 0 : ((output - 1) * axis.Stride) + ((axis.Kernel - 1L) * axis.Dilation) + 1;
}
