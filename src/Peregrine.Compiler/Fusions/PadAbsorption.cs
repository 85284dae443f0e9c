using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Fusions;

/// <summary>What it takes for a sliding window to do the padding of a Pad before it.</summary>
internal static class PadAbsorption
{
    /// <summary>
    /// The spatial pads (beginnings, then ends) of a constant Pad of [N, C, spatial…]; null if they are unknown or negative, or if batch or channels are padded.
    /// </summary>
    public static long[]? SpatialPads(Pad op, Value data, Value pads, Value? axes)
    {
        if (op.Mode != PadMode.Constant || data.Tensor is not { Shape: { IsRanked: true, Rank: >= 3 and var rank } } || pads.Contents is not { } contents || !contents.All(p => p.IsConstant && p.Constant >= 0))
        {
            return null;
        }

        long[] order = [.. Enumerable.Range(0, rank)];
        if (axes is not null)
        {
            if (axes.Contents is not { } named || !named.All(a => a.IsConstant))
            {
                return null;
            }

            order = [.. named.Select(a => a.Constant < 0 ? a.Constant + rank : a.Constant)];
        }

        long[] all = new long[2 * rank];
        for (int i = 0; i < order.Length; i++)
        {
            (all[order[i]], all[order[i] + rank]) = (contents[i].Constant, contents[i + order.Length].Constant);
        }

        return all[0] == 0 && all[1] == 0 && all[rank] == 0 && all[rank + 1] == 0 ? [.. all[2..rank], .. all[(rank + 2)..]] : null;
    }

    /// <summary>Whether the window's own padding is stated, so that more can be added to it: SAME would resolve otherwise for the unpadded data.</summary>
    public static bool CanGrow(AutoPad autoPad) => autoPad is AutoPad.NotSet or AutoPad.Valid;

    /// <summary>The window's padding with <paramref name="more"/> added.</summary>
    public static Ints Grow(WindowAttributes window, long[] more) => Ints.From(more.Select((p, i) => p + window.PadOf(i)));

    /// <summary>Whether no window lies in the padding alone, as pooling demands: each pad must be smaller than the kernel, whose elements must be neighbours.</summary>
    public static bool FitsPooling(SlidingPool pool, long[] pads) =>
        CanGrow(pool.AutoPad) && !pool.CeilMode && pool.Dilations.All(d => d == 1)
        && Grow(pool.Window, pads).Select((p, i) => p < pool.KernelShape[i % pool.KernelShape.Count]).All(fits => fits);
}
