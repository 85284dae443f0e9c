using Peregrine.Symbolics;

namespace Peregrine.Operators;

/// <summary>
/// A sliding window along one spatial dimension: window o covers the input positions <c>o · Stride − PadBegin + k · Dilation</c> for k in [0, Kernel); positions outside of
/// [0, Input) are padding.
/// </summary>
/// <param name="Output">Number of windows.</param>
public readonly record struct WindowAxis(Dim Input, Dim Kernel, long Stride, long Dilation, Dim PadBegin, Dim PadEnd, Dim Output)
{
    /// <summary>Input positions from the window's first element to its last: <c>(Kernel − 1) · Dilation + 1</c>.</summary>
    public Dim Extent => ExtentOf(Kernel, Dilation);

    /// <summary>The ONNX rules for padding and output extent. Explicit pads count only for <see cref="AutoPad.NotSet"/>, <paramref name="ceilMode"/> too.</summary>
    public static WindowAxis Create(Dim input, Dim kernel, long stride, long dilation, Dim padBegin, Dim padEnd, AutoPad autoPad, bool ceilMode)
    {
        Dim extent = ExtentOf(kernel, dilation);
        switch (autoPad)
        {
            case AutoPad.SameUpper or AutoPad.SameLower:
                Dim output = Dim.CeilDiv(input, stride);
                Dim total = Dim.Max(((output - 1) * stride) + extent - input, 0), small = Dim.FloorDiv(total, 2);
                return autoPad == AutoPad.SameUpper
                    ? new(input, kernel, stride, dilation, small, total - small, output)
                    : new(input, kernel, stride, dilation, total - small, small, output);
            case AutoPad.Valid:
                return new(input, kernel, stride, dilation, 0, 0, Dim.FloorDiv(input - extent, stride) + 1);
            default:
                Dim free = input + padBegin + padEnd - extent;
                if (!ceilMode)
                {
                    return new(input, kernel, stride, dilation, padBegin, padEnd, Dim.FloorDiv(free, stride) + 1);
                }

                // A window that would start in the padding at the end is no window.
                Dim startingInside = Dim.FloorDiv(input + padBegin - 1, stride) + 1;
                return new(input, kernel, stride, dilation, padBegin, padEnd, Dim.Min(Dim.CeilDiv(free, stride) + 1, startingInside));
        }
    }

    /// <summary>
    /// The window whose transposed sliding turns <paramref name="small"/> positions into <see cref="Input"/> ones (transposed convolution). <paramref name="outputShape"/>,
    /// if given, sets the large extent and decides the padding; else explicit pads, or <paramref name="autoPad"/>, decide both.
    /// </summary>
    public static WindowAxis Transposed(Dim small, Dim kernel, long stride, long dilation, Dim padBegin, Dim padEnd, long outputPadding, Dim? outputShape, AutoPad autoPad)
    {
        Dim extent = ExtentOf(kernel, dilation), full = ((small - 1) * stride) + outputPadding + extent;
        if (outputShape is null && autoPad is AutoPad.NotSet or AutoPad.Valid)
        {
            return new(full - padBegin - padEnd, kernel, stride, dilation, padBegin, padEnd, small);
        }

        Dim large = outputShape ?? (small * stride);
        Dim total = Dim.Max(full - large, 0), half = Dim.FloorDiv(total, 2);
        return autoPad == AutoPad.SameUpper
            ? new(large, kernel, stride, dilation, half, total - half, small)
            : new(large, kernel, stride, dilation, total - half, half, small);
    }

    private static Dim ExtentOf(Dim kernel, long dilation) => ((kernel - 1) * dilation) + 1;
}

/// <summary>A window over all spatial dimensions, outermost first.</summary>
public sealed class WindowGeometry(params IReadOnlyList<WindowAxis> axes)
{
    public IReadOnlyList<WindowAxis> Axes { get; } = axes;

    public int Rank => Axes.Count;

    /// <summary>Number of windows along each axis.</summary>
    public IEnumerable<Dim> Output => Axes.Select(a => a.Output);

    /// <summary>Whether each window is exactly one input element and all are covered in order: the convolution is a matrix product.</summary>
    public bool IsPointwise => Axes.All(a => a.Kernel == Dim.One && a.Stride == 1 && a.PadBegin == Dim.Zero && a.PadEnd == Dim.Zero && a.Input == a.Output);

    /// <summary>What makes the geometry impossible (a kernel larger than the padded input); null if nothing is known to.</summary>
    public string? Problem
    {
        get
        {
            for (int i = 0; i < Axes.Count; i++)
            {
                WindowAxis a = Axes[i];
                if (a.Kernel.IsConstant && a.Kernel.Constant < 1)
                {
                    return $"the kernel's extent {a.Kernel} on spatial axis {i} must be at least 1";
                }

                if ((a.Output.IsConstant && a.Output.Constant < 1 && a.Input != Dim.Zero) || (a.Output.IsConstant && a.Output.Constant < 0))
                {
                    return $"on spatial axis {i} a kernel of extent {a.Extent} (with dilation) does not fit into {a.Input} elements padded by {a.PadBegin} and {a.PadEnd}";
                }

                if (a.Input.IsConstant && a.Input.Constant < 0)
                {
                    return $"the output's extent on spatial axis {i} would be {a.Input}";
                }
            }

            return null;
        }
    }
}
