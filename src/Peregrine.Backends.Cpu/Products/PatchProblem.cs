using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Products;

/// <summary>A window along one spatial axis.</summary>
/// <param name="Input">Extent of the input; null if it is known at run time only, as <paramref name="Output"/> then is too.</param>
/// <param name="PadBegin">Positions before the input; at the end as many as the windows need.</param>
internal readonly record struct PatchAxis(long? Input, int Kernel, int Stride, int Dilation, int PadBegin, long? Output)
{
    /// <summary>An axis that an operand does not have.</summary>
    public static PatchAxis Single => new(1, 1, 1, 1, 0, 1);

    /// <summary>Whether there may be positions behind the input, as the request says where extents are known at run time only.</summary>
    public bool HasPadEnd { get; init; }

    public bool IsPointwise => Kernel == 1 && Stride == 1 && PadBegin == 0 && Input == Output && (Input is not null || !HasPadEnd);
}

/// <summary>
/// What convolutions (1-D to 3-D) and products with a constant matrix have in common: each pixel of the result is the product of a patch of the input with a matrix of weights. A matrix product
/// has pixels in one row, its rows, and patches of one pixel.
/// </summary>
/// <param name="Channels">Input channels of a group.</param>
/// <param name="Outputs">Output channels of a group.</param>
/// <param name="InputStride">Floats from input pixel to input pixel; 0 for a row-major image.</param>
/// <param name="OutputStride">Floats from output pixel to output pixel.</param>
/// <param name="Images">Images, if that many are known at build time; 1 for matrices.</param>
/// <param name="IsMatrix">Pixels are all leading dimensions of the operands.</param>
/// <param name="Weights">Where the weights' element of an output channel (within all groups), an input channel (within its group), a kernel plane, row and column lies.</param>
internal sealed record PatchProblem(
    int Groups, int Channels, int Outputs, PatchAxis Vertical, PatchAxis Horizontal, long InputStride, long OutputStride, long? Images, bool IsMatrix, WeightOrder Weights,
    ValueList<OperandBinding> Operands, Expr? Epilogue, int Input, int WeightInput)
{
    // A result of extents known at run time only is thought of as one of these.
    private const long GuessedPlane = 56 * 56, GuessedDepth = 8;

    // Strides, dilations and paddings beyond it are not worth a thought.
    public const int MostReach = 1 << 20;

    /// <summary>The outermost axis, along which volumes are stacks of planes.</summary>
    public PatchAxis Depth { get; init; } = PatchAxis.Single;

    /// <summary>Whether patches reach over several planes, or may lie outside of the input's.</summary>
    public bool HasSlices => !Depth.IsPointwise;
    /// <summary>Row-major images are read float by float, which is slower than a reformat for more channels than a picture has.</summary>
    public const int MostPlanes = 8;

    /// <summary>Every patch is one pixel and pixels are taken in order: rows do not matter.</summary>
    public bool IsPointwise => Depth.IsPointwise && Vertical.IsPointwise && Horizontal.IsPointwise && !Placement.IsSparse;

    /// <summary>Which pixels of the whole result these are.</summary>
    public PixelPlacement Placement { get; init; } = PixelPlacement.All;

    /// <summary>Inputs that lie as the result does: an epilogue reads each of their elements for the result's element in the same place.</summary>
    public IReadOnlyList<int> OperandsLikeResult => Placement.IsSparse ? [] : [.. Operands.Where(o => o.PerChannel && o.PixelStride == OutputStride).Select(o => o.Input)];

    /// <summary>Whether each image has weights of its own at run time.</summary>
    public bool ImagesDiffer { get; init; }

    /// <summary>Whether all images together are one long row of pixels.</summary>
    public bool MergesImages => IsPointwise && !(ImagesDiffer && Images != 1) && InputStride > 0 && Images is not null && (Images == 1 || Operands.All(o => o.PerImage == o.PixelStride > 0));

    /// <summary>Whether tiles can read a row-major image as it is: few planes, whose distances their code knows. A single plane is row-major and channels-last at the same time.</summary>
    public bool CanReadPlanes => (InputStride == 0 || (InputStride == 1 && Channels == 1 && !IsPointwise)) && Groups == 1 && Channels <= MostPlanes && IsSpatialStatic && PlaneBytes is { } bytes && bytes * Channels < int.MaxValue / 2;

    /// <summary>Bytes of a channel of a row-major image, if known.</summary>
    public long? PlaneBytes => Depth.Input * Vertical.Input * Horizontal.Input * sizeof(float);

    public bool IsSpatialStatic => Depth.Output is not null && Vertical.Output is not null && Horizontal.Output is not null;

    public long PatchLength => (long)Channels * Depth.Kernel * Vertical.Kernel * Horizontal.Kernel;

    /// <summary>Multiplications per result.</summary>
    public long WeightCount => Groups * Outputs * PatchLength;

    /// <summary>Pixels of one image, or a guess where only the call tells.</summary>
    public long TypicalPixels => TypicalDepth * TypicalPlanePixels;

    /// <summary>Planes of a result, or a guess.</summary>
    public long TypicalDepth => Depth.Output ?? GuessedDepth;

    /// <summary>Pixels of one plane of a result, or a guess where only the call tells.</summary>
    public long TypicalPlanePixels => Vertical.Output is { } h && Horizontal.Output is { } w ? h * w : IsMatrix ? 128 : GuessedPlane;

    /// <summary>Why tiles, whose code addresses 2 GiB at most from a pixel, cannot reach all that belongs to them; null if they can.</summary>
    public string? WhyTooFar()
    {
        const long MostPixels = 64, MostVectorBytes = 1024;
        // In double, which is exact up to far above the limits.
        double across = ((double)MostPixels * Horizontal.Stride) + ((double)Horizontal.Kernel * Horizontal.Dilation);
        double down = Horizontal.Output <= MostPixels ? (((double)MostPixels * Vertical.Stride) + ((double)Vertical.Kernel * Vertical.Dilation)) * (Horizontal.Input ?? 0) : 0;
        double padded = ((Depth.Kernel - 1.0) * Depth.Dilation) + ((Vertical.Kernel - 1.0) * Vertical.Dilation) + ((Horizontal.Kernel - 1.0) * Horizontal.Dilation);
        double pixels = (across + down) * Math.Max(InputStride, (long)Groups * Channels);
        return Math.Max(pixels, (double)MostPixels * OutputStride) * sizeof(float) > int.MaxValue || padded > MostReach || PatchLength > int.MaxValue / MostVectorBytes
            ? "patches or pixels are too far apart for one tile's code"
            : null;
    }

    /// <summary>Reads a convolution; null, with a reason, if it is not one of these.</summary>
    public static PatchProblem? OfConvolution(KernelRequest request, out string reason)
    {
        if (request.Anchor is not Conv conv || request.Inputs[0].Dims.Count is not (3 or 4 or 5))
        {
            reason = "takes 1-D, 2-D and 3-D convolutions";
            return null;
        }

        KernelOperand x = request.Inputs[0], w = request.Inputs[1], y = request.Outputs[0];
        bool hasBias = request.AnchorInputCount > 2 && request.Inputs[2].Role != OperandRole.Absent;
        if (x.Type != DataType.Float32 || y.Type != DataType.Float32 || w.Role != OperandRole.Weight || !w.Layout.IsRowMajor || !x.Dims[1].IsStatic || !AreCountable(w.Dims))
        {
            reason = "needs float32, constant weights (fewer than 2^31) and static channels";
            return null;
        }

        if (ChannelsLast.PixelStride(y) is not { } outputStride)
        {
            reason = "writes channels-last";
            return null;
        }

        long? inputStride = ChannelsLast.PixelStride(x);
        if (inputStride is null && !x.Layout.IsRowMajor)
        {
            reason = $"does not read {x.Layout}";
            return null;
        }

        if (OperandBinding.Bind(request, 1, out reason) is not { } operands)
        {
            return null;
        }

        int spatial = x.Dims.Count - 2;
        PatchAxis horizontal = Axis(spatial - 1), vertical = spatial > 1 ? Axis(spatial - 2) : PatchAxis.Single, depth = spatial > 2 ? Axis(0) : PatchAxis.Single;
        if (horizontal.Kernel == 0 || vertical.Kernel == 0 || depth.Kernel == 0)
        {
            reason = "needs paddings that do not depend on the input's extent, and strides, dilations and paddings below 2^20";
            return null;
        }

        int groups = checked((int)conv.Group);
        (ValueList<OperandBinding> all, Expr? epilogue) = WithBias(hasBias, operands, request.Epilogue, 1);
        return new(groups, (int)w.Dims[1].Min, (int)w.Dims[0].Min / groups, vertical, horizontal, inputStride ?? 0, outputStride, x.Dims[0].IsStatic ? x.Dims[0].Min : null, IsMatrix: false,
            WeightOrder.OfConvolution((int)w.Dims[1].Min, depth.Kernel, vertical.Kernel, horizontal.Kernel), all, epilogue, 0, 1)
        {
            Depth = depth,
        };

        PatchAxis Axis(int axis)
        {
            KernelDim input = x.Dims[axis + 2], output = y.Dims[axis + 2];
            long kernel = w.Dims[axis + 2].Min;
            WindowAttributes window = conv.Window;
            Dim extent = input.IsStatic ? input.Min : Dim.Symbol("extent");
            WindowAxis resolved = window.Resolve([.. Enumerable.Repeat(extent, spatial)], [.. Enumerable.Range(0, spatial).Select(i => (Dim)w.Dims[i + 2].Min)]).Axes[axis];
            bool isStatic = input.IsStatic && output.IsStatic;
            // A kernel of 0 marks what cannot be told.
            return !resolved.PadBegin.IsConstant || resolved.PadBegin.Constant is < 0 or > MostReach || Math.Max(resolved.Stride, resolved.Dilation) > MostReach
                ? default
                : new(isStatic ? input.Min : null, (int)kernel, (int)resolved.Stride, (int)resolved.Dilation, (int)resolved.PadBegin.Constant, isStatic ? output.Min : null)
                {
                    HasPadEnd = !resolved.PadEnd.IsConstant || resolved.PadEnd.Constant != 0,
                };
        }
    }

    /// <summary>Reads a product with a constant matrix on the right; null, with a reason, if it is not one.</summary>
    public static PatchProblem? OfMatrixProduct(KernelRequest request, out string reason)
    {
        Gemm? gemm = request.Anchor as Gemm;
        if (request.Anchor is not MatMul && gemm is null)
        {
            reason = "takes Gemm and MatMul";
            return null;
        }

        KernelOperand a = request.Inputs[0], b = request.Inputs[1], y = request.Outputs[0];
        if (a.Type != DataType.Float32 || y.Type != DataType.Float32 || b.Role != OperandRole.Weight || b.Dims.Count != 2 || !b.Layout.IsRowMajor || !AreCountable(b.Dims) || a.Dims.Count < 2 || !a.Dims[^1].IsStatic)
        {
            reason = "needs float32 and a constant matrix on the right";
            return null;
        }

        if (a.Role != OperandRole.Activation || !a.Layout.IsRowMajor || !y.Layout.IsRowMajor || gemm is { TransA: true })
        {
            reason = "needs row-major operands, the left one not transposed";
            return null;
        }

        int channelAxis = y.Dims.Count - 1;
        if (OperandBinding.Bind(request, channelAxis, out reason) is not { } operands)
        {
            return null;
        }

        bool hasC = gemm is not null && request.AnchorInputCount > 2 && request.Inputs[2].Role != OperandRole.Absent && gemm.Beta != 0;
        OperandBinding? c = null;
        if (hasC && (c = OperandBinding.Of(request.Inputs[2], 2, y, channelAxis, out reason)) is null)
        {
            return null;
        }

        bool transposed = gemm is { TransB: true };
        int k = (int)b.Dims[transposed ? 1 : 0].Min, n = (int)b.Dims[transposed ? 0 : 1].Min;
        (ValueList<OperandBinding> all, Expr? epilogue) = WithBias(hasC, operands, request.Epilogue, gemm?.Beta ?? 1, c);
        KernelDim[] rows = [.. y.Dims.Take(channelAxis)];
        long? count = Array.TrueForAll(rows, d => d.IsStatic) ? rows.Aggregate(1L, (product, d) => product * d.Min) : null;
        return new(1, k, n, PatchAxis.Single, new(count, 1, 1, 1, 0, count), k, n, 1, IsMatrix: true,
            transposed ? new(k, 1, 0, 0, 0, gemm?.Alpha ?? 1) : new(1, n, 0, 0, 0, gemm?.Alpha ?? 1), all, epilogue, 0, 1);
    }

    /// <summary>Whether weights have elements, and so few that an int counts them.</summary>
    public static bool AreCountable(ValueList<KernelDim> dims)
    {
        double count = 1;
        foreach (KernelDim dim in dims)
        {
            count *= dim.IsStatic && dim.Min > 0 ? dim.Min : double.PositiveInfinity;
        }

        return count <= int.MaxValue;
    }

    /// <summary>The anchor's own addend becomes the first operand of the epilogue.</summary>
    public static (ValueList<OperandBinding> Operands, Expr? Epilogue) WithBias(bool hasBias, ValueList<OperandBinding> operands, Expr? epilogue, float factor, OperandBinding? bias = null)
    {
        if (!hasBias)
        {
            return (operands, epilogue);
        }

        Expr addend = factor == 1 ? new OperandExpr(1) : new OperandExpr(1) * factor;
        Expr sum = new OperandExpr(0) + addend;
        return (ValueList.From(operands.Prepend(bias ?? OperandBinding.Bias(2))), epilogue?.Replace(i => i == 0 ? sum : new OperandExpr(i + 1)) ?? sum);
    }
}

/// <summary>Every how many planes, rows and columns of a result its pixels are computed, and from which on: those of a transposed convolution are computed in turns.</summary>
internal readonly record struct PixelPlacement(int StepZ, int StepY, int StepX, int FirstZ, int FirstY, int FirstX)
{
    /// <summary>Every pixel.</summary>
    public static PixelPlacement All => new(1, 1, 1, 0, 0, 0);

    /// <summary>Whether pixels between them belong to somebody else.</summary>
    public bool IsSparse => StepZ > 1 || StepY > 1 || StepX > 1;

    /// <summary>How many positions of an extent are computed.</summary>
    public static long Count(long extent, int step, int first) => extent <= first ? 0 : (extent - first + step - 1) / step;
}

/// <summary>Strides of a constant matrix of weights, in floats, and a factor that packing multiplies in.</summary>
/// <param name="Offset">Floats in front of the first that counts.</param>
/// <param name="PerGroup">From one convolution group to the next; 0 where the groups' outputs follow each other.</param>
internal readonly record struct WeightOrder(int PerOutput, int PerChannel, int PerSlice, int PerRow, int PerColumn, float Factor, int Offset = 0, int PerGroup = 0)
{
    /// <summary>[output channel, input channel of its group, plane, row, column].</summary>
    public static WeightOrder OfConvolution(int channels, int slices, int rows, int columns) => new(channels * slices * rows * columns, slices * rows * columns, rows * columns, columns, 1, 1);
}
