using Peregrine.Backends.Cpu.Products;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Convolution;

/// <summary>
/// Reads a transposed convolution as one convolution for each remainder of the pixels' positions by the strides: output y takes, of the kernel's rows, those k with k ≡ y + pad (mod stride), and rows of
/// the input that follow each other. Together they make all products once and write every pixel once.
/// </summary>
internal static class TransposedConvolution
{
    private const int MostParts = 64;

    /// <summary>The convolutions; null, with a reason, if the request is none of this kind.</summary>
    public static IReadOnlyList<PatchProblem>? Read(KernelRequest request, out string reason)
    {
        if (request.Anchor is not ConvTranspose conv || request.Inputs[0].Dims.Count is not (3 or 4 or 5))
        {
            reason = "takes 1-D, 2-D and 3-D transposed convolutions";
            return null;
        }

        KernelOperand x = request.Inputs[0], w = request.Inputs[1], y = request.Outputs[0];
        if (x.Type != DataType.Float32 || y.Type != DataType.Float32 || w.Role != OperandRole.Weight || !w.Layout.IsRowMajor || !x.Dims[1].IsStatic || !PatchProblem.AreCountable(w.Dims))
        {
            reason = "needs float32, constant weights (fewer than 2^31) and static channels";
            return null;
        }

        if (ChannelsLast.PixelStride(y) is not { } outputStride || (ChannelsLast.PixelStride(x) is null && !x.Layout.IsRowMajor))
        {
            reason = "reads row-major or channels-last, and writes channels-last";
            return null;
        }

        if (OperandBinding.Bind(request, 1, out reason) is not { } operands)
        {
            return null;
        }

        int spatial = x.Dims.Count - 2, groups = (int)conv.Group, channels = (int)w.Dims[0].Min / groups, outputs = (int)w.Dims[1].Min;
        Dim[] kernel = [.. w.Dims.Skip(2).Select(d => (Dim)d.Min)];
        IReadOnlyList<WindowAxis> axes = conv.Resolve([.. x.Dims.Skip(2).Select(d => d.IsStatic ? (Dim)d.Min : Dim.Symbol("extent"))], kernel).Axes;
        if (axes.Any(a => a.Dilation != 1 || a.Stride > a.Kernel.Constant || !a.PadBegin.IsConstant || a.PadBegin.Constant is < 0 or > PatchProblem.MostReach)
            || axes.Aggregate((Int128)1, (product, a) => product * a.Stride) > MostParts)
        {
            reason = "needs kernels without gaps, strides of at most the kernel's extent, and paddings that do not depend on the input's extent";
            return null;
        }

        // Missing axes are outermost, of extent 1.
        (int slices, int rows, int columns) = (spatial > 2 ? (int)w.Dims[^3].Min : 1, spatial > 1 ? (int)w.Dims[^2].Min : 1, (int)w.Dims[^1].Min);
        (int stepZ, int stepY, int stepX) = (Step(3), Step(2), Step(1));
        bool hasBias = request.AnchorInputCount > 2 && request.Inputs[2].Role != OperandRole.Absent;
        (ValueList<OperandBinding> all, Expr? epilogue) = PatchProblem.WithBias(hasBias, operands, request.Epilogue, 1);
        List<PatchProblem> parts = [];
        for (int part = 0; part < stepZ * stepY * stepX; part++)
        {
            (int firstZ, int firstY, int firstX) = (part / stepX / stepY, part / stepX % stepY, part % stepX);
            ((PatchAxis depth, int lastSlice), (PatchAxis vertical, int lastRow), (PatchAxis horizontal, int lastColumn)) = (Axis(3, firstZ), Axis(2, firstY), Axis(1, firstX));
            if (depth.PadBegin < 0 || vertical.PadBegin < 0 || horizontal.PadBegin < 0)
            {
                reason = "needs paddings that leave no input out";
                return null;
            }

            int plane = rows * columns, volume = slices * plane;
            WeightOrder order = new(
                volume, outputs * volume, -stepZ * plane, -stepY * columns, -stepX, 1, (lastSlice * plane) + (lastRow * columns) + lastColumn, channels * outputs * volume);
            parts.Add(new(groups, channels, outputs, vertical, horizontal, ChannelsLast.PixelStride(x) ?? 0, outputStride, x.Dims[0].IsStatic ? x.Dims[0].Min : null, IsMatrix: false, order, all, epilogue, 0, 1)
            {
                Depth = depth, Placement = new(stepZ, stepY, stepX, firstZ, firstY, firstX),
            });
        }

        return parts;

        int Step(int fromEnd) => spatial < fromEnd ? 1 : (int)axes[^fromEnd].Stride;

        (PatchAxis Axis, int Last) Axis(int fromEnd, int first) => spatial < fromEnd ? (PatchAxis.Single, 0) : Part(axes[^fromEnd], x.Dims[^fromEnd], y.Dims[^fromEnd], first);
    }

    /// <summary>The window of the pixels from <paramref name="first"/> on, and the kernel's position that its first element takes.</summary>
    private static (PatchAxis Axis, int Last) Part(WindowAxis axis, KernelDim input, KernelDim output, int first)
    {
        int stride = (int)axis.Stride, kernel = (int)axis.Kernel.Constant, pad = (int)axis.PadBegin.Constant;
        (int shift, int remainder) = Math.DivRem(first + pad, stride);
        int taps = (kernel - remainder + stride - 1) / stride;
        bool isStatic = input.IsStatic && output.IsStatic;
        return (new(isStatic ? input.Min : null, taps, 1, 1, taps - 1 - shift, isStatic ? PixelPlacement.Count(output.Min, stride, first) : null), remainder + (stride * (taps - 1)));
    }
}
