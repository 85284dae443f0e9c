using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Tests.Kernels;

public sealed class LayoutTests
{
    [Fact]
    public void Offsets_are_unique_and_inside_the_storage()
    {
        for (int seed = 0; seed < 3000; seed++)
        {
            Random random = new(seed);
            long[] dims = [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => (long)random.Next(1, 5))];
            Layout layout = RandomLayout(random, dims);
            (_, _, long elements) = layout.Resolve(dims);
            HashSet<long> seen = [];
            long[] at = new long[dims.Length];
            for (long i = 0; i < Tensor.CountElements(dims); i++)
            {
                long rest = i;
                for (int axis = dims.Length - 1; axis >= 0; axis--)
                {
                    (rest, at[axis]) = Math.DivRem(rest, dims[axis]);
                }

                long offset = layout.Offset(dims, at);
                Assert.True(offset >= 0 && offset < elements && seen.Add(offset), $"seed {seed}: [{string.Join(',', at)}] of [{string.Join(',', dims)}] lies at {offset} of {elements} under {layout}");
            }
        }
    }

    [Fact]
    public void Published_examples()
    {
        Assert.Equal((1L * 3 * 5) + (2 * 5) + 4, Layout.RowMajor.Offset([2, 3, 5], [1, 2, 4]));
        // Channels-last of [1, 3, 2, 2] with 4 elements per pixel: ((h · 2) + w) · 4 + c.
        Assert.Equal((((1 * 2) + 0) * 4) + 2, Layout.ChannelsLast(4, 4).Offset([1, 3, 2, 2], [0, 2, 1, 0]));
        // NCHW8c: channel 9 is lane 1 of block 1.
        Layout blocked = new() { BlockAxis = 1, Block = 8 };
        Assert.Equal((1 * 2 * 2 * 8) + (((1 * 2) + 1) * 8) + 1, blocked.Offset([1, 16, 2, 2], [0, 9, 1, 1]));
    }

    [Fact]
    public void An_inner_stride_below_the_extent_is_refused() =>
        Assert.Throws<ArgumentException>(() => Layout.ChannelsLast(4, 2).Resolve([1, 3, 2, 2]));

    private static Layout RandomLayout(Random random, long[] dims)
    {
        int rank = dims.Length;
        long[] order = [.. Enumerable.Range(0, rank).Select(i => (long)i)];
        random.Shuffle(order);
        Layout layout = new() { Order = random.Next(2) == 0 ? [] : Ints.Create(order) };
        if (random.Next(2) == 0)
        {
            layout = layout with { BlockAxis = random.Next(rank), Block = random.Next(1, 5) };
        }

        if (random.Next(2) == 0)
        {
            // A blocked axis has its halo only in whole blocks, which no one asks for: it has none.
            layout = layout with
            {
                HaloBefore = Ints.From(Enumerable.Range(0, rank).Select(i => i == layout.BlockAxis ? 0L : random.Next(3))),
                HaloAfter = Ints.From(Enumerable.Range(0, rank).Select(i => i == layout.BlockAxis ? 0L : random.Next(3))),
                Fill = HaloFill.Zero,
            };
        }

        return random.Next(2) == 0 ? layout : layout with { InnerStride = 64 };
    }
}
