using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Format;

/// <summary>Layouts, field by field. What can be checked without the rank is checked while reading, the rest by <see cref="Fits"/>.</summary>
internal static class LayoutCodec
{
    // Far above every real layout, and low enough that sizes stay far from overflowing.
    private const long MaximumExtent = 1 << 20;

    public static void Write(BinarySectionWriter w, Layout layout)
    {
        w.WriteSignedList(layout.Order.AsSpan());
        w.WriteSigned(layout.BlockAxis);
        w.WriteSigned(layout.Block);
        w.WriteSigned(layout.InnerStride);
        w.WriteSignedList(layout.HaloBefore.AsSpan());
        w.WriteSignedList(layout.HaloAfter.AsSpan());
        w.WriteUnsigned((ulong)layout.Fill);
    }

    public static Layout Read(BinarySectionReader r)
    {
        Layout layout = new()
        {
            Order = Ints.From(r.ReadSignedList()),
            BlockAxis = r.ReadInt32(-1, short.MaxValue, "a block axis"),
            Block = r.ReadInt32(1, (int)MaximumExtent, "a block"),
            InnerStride = r.ReadSigned(),
            HaloBefore = Ints.From(r.ReadSignedList()),
            HaloAfter = Ints.From(r.ReadSignedList()),
            Fill = r.ReadEnum<HaloFill>("a halo's fill"),
        };
        return Problem(layout) is { } problem ? throw r.Error($"a layout is impossible: {problem}") : layout;
    }

    /// <summary>Whether a tensor of that rank can have the layout.</summary>
    public static bool Fits(Layout layout, int rank) =>
        (layout.Order.Count == 0 || layout.Order.Count == rank) && layout.BlockAxis < rank && (layout.HaloBefore.Count == 0 || layout.HaloBefore.Count == rank)
        && (layout.InnerStride == 0 || rank > 0);

    /// <summary>What is wrong with the layout, whatever the rank; or null.</summary>
    public static string? Problem(Layout layout)
    {
        long[] axes = layout.Order.ToArray();
        Array.Sort(axes);
        for (int i = 0; i < axes.Length; i++)
        {
            if (axes[i] != i)
            {
                return $"the order {layout.Order} is no permutation";
            }
        }

        if (layout.HaloBefore.Count != layout.HaloAfter.Count || layout.HaloBefore.Concat(layout.HaloAfter).Any(h => h is < 0 or > MaximumExtent))
        {
            return $"the halo {layout.HaloBefore}/{layout.HaloAfter} is not valid";
        }

        return layout.InnerStride is < 0 or > int.MaxValue ? $"the inner stride {layout.InnerStride} is not valid"
            : layout.BlockAxis < -1 || layout.Block < 1 || (layout.BlockAxis < 0 && layout.Block != 1) ? $"blocks of {layout.Block} along axis {layout.BlockAxis}"
            : (layout.Fill == HaloFill.None) != (layout.HaloBefore.Count == 0) ? "a halo needs a fill, and a fill a halo"
            : null;
    }
}
