using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>What MaxPool, AveragePool and LpPool share: a kernel of <see cref="KernelShape"/> slides over the spatial dimensions of [N, C, spatial…], each channel by itself.</summary>
public abstract record SlidingPool(AutoPad AutoPad, bool CeilMode, Ints Dilations, Ints KernelShape, Ints Pads, Ints Strides) : Operator
{
    public WindowAttributes Window => new(AutoPad, Dilations, Pads, Strides, CeilMode);

    public WindowGeometry Resolve(ReadOnlySpan<Dim> input) => Window.Resolve(input, [.. KernelShape.Select(k => (Dim)k)]);

    /// <summary>The output shape; unranked (with or without an error) if it cannot be told.</summary>
    protected Shape InferShape(InferenceScope c)
    {
        if (!c.IsRanked(0))
        {
            return Shape.Unranked;
        }

        Shape x = c.Shape(0);
        if (x.Rank < 3 || x.Rank > ConvolutionInference.MaxRank || KernelShape.Count != x.Rank - 2)
        {
            c.Error("PG2216", $"kernel_shape {KernelShape} does not fit the data {x}: it needs one extent per spatial dimension, and the data a batch and a channel dimension before those.");
            return Shape.Unranked;
        }

        if (Window.Problem(x.Rank - 2) is { } wrong)
        {
            c.Error("PG2213", $"{wrong}.");
            return Shape.Unranked;
        }

        WindowGeometry geometry = Resolve(x.AsSpan()[2..]);
        if (geometry.Problem is { } problem)
        {
            c.Error("PG2212", $"{problem}.");
            return Shape.Unranked;
        }

        return Shape.From([x[0], x[1], .. geometry.Output]);
    }

    private protected WindowKernel KernelOf(EvaluationScope c) => WindowKernel.Of(c, c.Dims(0)[2..], KernelShape.AsSpan(), this, static (pool, input, _) => pool.Resolve(input));
}

/// <summary>Reduces the elements of one plane under one window.</summary>
internal interface IWindowReduction<T>
{
    /// <param name="taps">Flat positions in the plane, padding left out; may be empty.</param>
    /// <param name="covered">Elements of the window on the input or its padding.</param>
    T Reduce(ReadOnlySpan<T> plane, ReadOnlySpan<int> taps, long covered);
}

/// <summary>Runs a reduction over all windows of all planes.</summary>
internal static class PoolingKernel
{
    public static void Run<T, TReduction>(EvaluationScope c, WindowKernel window, ReadOnlySpan<T> x, Span<T> y, TReduction reduction) where TReduction : struct, IWindowReduction<T>
    {
        if (y.IsEmpty)
        {
            return;
        }

        int planes = y.Length / window.OutputVolume;
        Span<int> room = c.Scratch<int>(window.MaxTaps);
        for (int position = 0; position < window.OutputVolume; position++)
        {
            ReadOnlySpan<int> taps = room[..window.Taps(position, room, out long covered)];
            for (int plane = 0; plane < planes; plane++)
            {
                y[(plane * window.OutputVolume) + position] = reduction.Reduce(x.Slice(plane * window.InputVolume, window.InputVolume), taps, covered);
            }
        }
    }
}
