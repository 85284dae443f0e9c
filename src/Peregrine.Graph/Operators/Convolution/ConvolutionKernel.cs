using System.Numerics;

namespace Peregrine.Operators;

/// <summary>The reference convolution: windows unfold into the columns of a matrix, tile by tile, which the weights multiply.</summary>
internal static class ConvolutionKernel
{
    // Elements of one unfolded tile: it stays in the second-level cache or near it.
    private const int TileElements = 1 << 18;

    /// <param name="x">[N, C, spatial…].</param>
    /// <param name="w">[M, C/group, kernel…].</param>
    /// <param name="bias">[M], or empty.</param>
    /// <param name="y">[N, M, output…].</param>
    public static void Convolve<TIn, TSum, TOut>(
        EvaluationScope c, WindowKernel window, int batch, int channels, int featureMaps, int group, ReadOnlySpan<TIn> x, ReadOnlySpan<TIn> w, ReadOnlySpan<TOut> bias, Span<TOut> y)
        where TIn : unmanaged, INumber<TIn>
        where TSum : unmanaged, INumber<TSum>
        where TOut : unmanaged, INumber<TOut>
    {
        if (y.IsEmpty)
        {
            return;
        }

        int channelsInGroup = channels / group, mapsInGroup = featureMaps / group, windows = window.OutputVolume;
        int depth = checked((int)(channelsInGroup * window.KernelVolume)), tile = TileOf(depth, windows);
        Span<TIn> columns = window.IsPointwise ? default : c.Scratch<TIn>((long)depth * tile);
        Span<TSum> workspace = c.Scratch<TSum>(ReferenceGemm.WorkspaceLength(mapsInGroup, window.IsPointwise ? windows : tile, depth));
        for (int image = 0; image < batch; image++)
        {
            for (int g = 0; g < group; g++)
            {
                c.Cancellation.ThrowIfCancellationRequested();
                ReadOnlySpan<TIn> planes = x.Slice(((image * channels) + (g * channelsInGroup)) * window.InputVolume, channelsInGroup * window.InputVolume);
                MatrixView<TIn> weights = MatrixView<TIn>.RowMajor(w.Slice(g * mapsInGroup * depth, mapsInGroup * depth), depth);
                MatrixView<TOut> initial = bias.IsEmpty ? default : new(bias.Slice(g * mapsInGroup, mapsInGroup), 1, 0);
                Span<TOut> maps = y.Slice(((image * featureMaps) + (g * mapsInGroup)) * windows, mapsInGroup * windows);
                if (window.IsPointwise)
                {
                    ReferenceGemm.Multiply(mapsInGroup, windows, depth, TSum.One, weights, MatrixView<TIn>.RowMajor(planes, windows), TSum.One, initial, maps, windows, workspace);
                    continue;
                }

                for (int first = 0; first < windows; first += tile)
                {
                    int count = Math.Min(tile, windows - first);
                    window.Unfold(planes, channelsInGroup, first, count, columns);
                    ReferenceGemm.Multiply(mapsInGroup, count, depth, TSum.One, weights, MatrixView<TIn>.RowMajor(columns, count), TSum.One, initial, maps[first..], windows, workspace);
                }
            }
        }
    }

    /// <summary>Windows per tile for columns of this depth.</summary>
    public static int TileOf(int depth, int windows) => Math.Clamp(TileElements / Math.Max(depth, 1), Math.Min(64, windows), windows);
}
