using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// How a window slides over the spatial dimensions, as the operators' attributes say it. An empty list stands for ONNX's default (stride 1, dilation 1, no padding);
/// <paramref name="Pads"/> holds all beginnings, then all ends.
/// </summary>
/// <param name="CeilMode">Whether a last window that hangs over the end counts, provided that it starts inside the input or the padding before its end.</param>
public readonly record struct WindowAttributes(AutoPad AutoPad, Ints Dilations, Ints Pads, Ints Strides, bool CeilMode = false)
{
    /// <summary>What is wrong with the attributes for this many spatial dimensions; null if nothing is.</summary>
    public string? Problem(int spatialRank)
    {
        if (Dilations.Count > 0 && (Dilations.Count != spatialRank || Dilations.Any(d => d < 1)))
        {
            return $"dilations {Dilations} must be {spatialRank} numbers of at least 1";
        }

        if (Strides.Count > 0 && (Strides.Count != spatialRank || Strides.Any(s => s < 1)))
        {
            return $"strides {Strides} must be {spatialRank} numbers of at least 1";
        }

        return AutoPad == AutoPad.NotSet && Pads.Count > 0 && (Pads.Count != 2 * spatialRank || Pads.Any(p => p < 0))
            ? $"pads {Pads} must be {2 * spatialRank} numbers of at least 0"
            : null;
    }

    /// <summary>The geometry over these spatial extents; the attributes must have no <see cref="Problem"/>.</summary>
    public WindowGeometry Resolve(ReadOnlySpan<Dim> input, ReadOnlySpan<Dim> kernel)
    {
        WindowAxis[] axes = new WindowAxis[input.Length];
        for (int i = 0; i < axes.Length; i++)
        {
            axes[i] = WindowAxis.Create(input[i], kernel[i], StrideOf(i), DilationOf(i), PadOf(i), PadOf(i + axes.Length), AutoPad, CeilMode);
        }

        return new(axes);
    }

    public long StrideOf(int axis) => Strides.Count == 0 ? 1 : Strides[axis];

    public long DilationOf(int axis) => Dilations.Count == 0 ? 1 : Dilations[axis];

    /// <summary>Entry <paramref name="index"/> of the explicit padding: beginnings first, then ends.</summary>
    public long PadOf(int index) => Pads.Count == 0 || AutoPad != AutoPad.NotSet ? 0 : Pads[index];
}
