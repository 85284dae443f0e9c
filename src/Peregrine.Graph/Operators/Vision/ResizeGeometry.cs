using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Extents and scales of a <see cref="Resize"/>.</summary>
internal static class ResizeGeometry
{
    /// <summary>The axes that scales, sizes and roi refer to, in their order.</summary>
    public static int[] AxesOf(Resize resize, int rank) =>
        resize.Axes is { } axes ? [.. axes.Select(a => (int)(a < 0 ? a + rank : a))] : [.. Enumerable.Range(0, rank)];

    /// <summary>What is wrong with the values of roi, scales and sizes, where they are known; else null.</summary>
    public static string? Problem(InferenceScope c, Resize resize, int[] axes)
    {
        if (c.ConstantOf(2) is { } scales && Floats(scales).FirstOrDefault(s => !(s > 0 && double.IsFinite(s)), 1) is var scale and not 1)
        {
            return $"the scale {scale} is not a positive number";
        }

        if (c.ConstantInts(3) is { } sizes && sizes.FirstOrDefault(s => s < 0) is var size and < 0)
        {
            return $"the size {size} is negative";
        }

        if (resize.CoordinateMode == CoordinateTransformation.TfCropAndResize)
        {
            if (!c.Has(1))
            {
                return "tf_crop_and_resize needs the input roi";
            }

            if (c.ConstantOf(1) is { } roi && roi.Length != 2 * axes.Length)
            {
                return $"roi has {roi.Length} elements, but needs a start and an end for each of {axes.Length} axes";
            }
        }

        return null;
    }

    public static Shape ScaledShape(InferenceScope c, Shape x, int[] axes, int input = 2)
    {
        Dim[] dims = [.. x];
        double[]? scales = c.ConstantOf(input) is { } tensor ? Floats(tensor) : null;
        for (int i = 0; i < axes.Length; i++)
        {
            dims[axes[i]] = scales is null ? c.FreshSymbol(null) : Scaled(c, dims[axes[i]], scales[i]);
        }

        return Shape.Create(dims);
    }

    public static Shape SizedShape(InferenceScope c, Resize resize, Shape x, int[] axes)
    {
        Dim[] dims = [.. x];
        IReadOnlyList<Dim>? sizes = c.ValueOf(3);
        bool keepsRatio = resize.Policy != AspectRatioPolicy.Stretch;
        if (keepsRatio && sizes is not null && sizes.All(s => s.IsConstant) && axes.All(a => x[a].IsConstant && x[a].Constant > 0))
        {
            double scale = CommonScale(resize.Policy, [.. sizes.Select(s => s.Constant)], [.. axes.Select(a => x[a].Constant)]);
            foreach (int axis in axes)
            {
                dims[axis] = checked((long)Math.Floor((scale * x[axis].Constant) + 0.5));
            }

            return Shape.Create(dims);
        }

        for (int i = 0; i < axes.Length; i++)
        {
            dims[axes[i]] = sizes is null || resize.Policy == AspectRatioPolicy.NotSmaller ? c.FreshSymbol(null) : keepsRatio ? c.FreshSymbol(sizes[i]) : sizes[i];
        }

        return Shape.Create(dims);
    }

    /// <summary>Scales and regions for a call whose extents are known.</summary>
    public static ResizeAxis[] Plan(EvaluationScope c, Resize resize, ReadOnlySpan<long> input, ReadOnlySpan<long> output)
    {
        bool scaled = c.Has(2) && c.Input(2).Length > 0;
        double[]? roi = resize.CoordinateMode == CoordinateTransformation.TfCropAndResize ? Floats(c.Input(1)) : null;
        return Plan(resize, input, output, scaled ? Floats(c.Input(2)) : null, scaled ? null : Floats(c.Input(3)), roi);
    }

    /// <summary>As above, from the values of the inputs: one of scales and sizes, and the region for <see cref="CoordinateTransformation.TfCropAndResize"/>.</summary>
    public static ResizeAxis[] Plan(Resize resize, ReadOnlySpan<long> input, ReadOnlySpan<long> output, double[]? scales, double[]? sizes, double[]? roi)
    {
        int[] axes = AxesOf(resize, input.Length);
        double common = 0;
        if (sizes is not null && resize.Policy != AspectRatioPolicy.Stretch)
        {
            long[] extents = new long[axes.Length];
            for (int i = 0; i < axes.Length; i++)
            {
                extents[i] = input[axes[i]];
            }

            common = CommonScale(resize.Policy, [.. sizes.Select(s => (long)s)], extents);
        }

        ResizeAxis[] plan = new ResizeAxis[axes.Length];
        for (int i = 0; i < plan.Length; i++)
        {
            long from = input[axes[i]], to = output[axes[i]];
            double scale = scales is not null ? scales[i] : common != 0 ? common : (double)to / from;
            plan[i] = new(axes[i], (int)from, (int)to, scale, scales is not null || common != 0 ? scale * from : to, roi?[i] ?? 0, roi?[axes.Length + i] ?? 1);
        }

        return plan;
    }

    private static double CommonScale(AspectRatioPolicy policy, long[] sizes, long[] extents)
    {
        IEnumerable<double> scales = sizes.Zip(extents, (size, extent) => (double)size / extent);
        return policy == AspectRatioPolicy.NotLarger ? scales.Min() : scales.Max();
    }

    private static Dim Scaled(InferenceScope c, Dim extent, double scale)
    {
        if (!(scale > 0))
        {
            throw new DimException($"the scale {scale} is not a positive number");
        }

        if (extent.IsConstant)
        {
            // Single precision, as the scales are: 1/49 of 49 must be 1.
            float scaled = MathF.Floor((float)scale * extent.Constant);
            return scaled <= Tensor.MaxBytes ? (long)scaled : throw new OverflowException($"{extent} scaled by {scale} is too large");
        }

        // Multiples of 1/8 stay exact, so that the symbolic formula and the call agree.
        for (long denominator = 1; denominator <= 8; denominator *= 2)
        {
            double numerator = scale * denominator;
            if (double.IsInteger(numerator) && numerator < 1 << 20)
            {
                return Dim.FloorDiv(extent * (long)numerator, denominator);
            }
        }

        return c.FreshSymbol(null);
    }

    private static double[] Floats(Tensor tensor)
    {
        double[] values = new double[tensor.Length];
        ElementConversion.Load<double>(tensor, values);
        return values;
    }
}
