using System.Numerics;
using System.Runtime.CompilerServices;
using Peregrine.Backends.Cpu.Generation;

namespace Peregrine.Backends.Cpu.Products;

/// <summary>Runs a <see cref="DotTile"/> of packed weights, whose patches touch no padding, without generated code: six pixels by two vectors at a time, on the vectors that the runtime knows.</summary>
internal sealed unsafe class PortableTile(DotTile tile)
{
    // Twelve sums, two weights and a broadcast fit into sixteen registers.
    private const int MostPixels = 6;
    public const int MostVectors = 2;

    private readonly int _step = tile.FloatStep / sizeof(float);
    private readonly long[] _sources = [.. tile.PixelOffsets];
    private readonly long[] _targets = [.. tile.OutputOffsets];
    private readonly (int Offset, int Length, bool EndsBlock)[] _stretches = [.. SumBlocks.Of(tile).Stretches(tile)];
    private readonly int _rowsOfBlock = SumBlocks.Of(tile).RowsOfBlock;
    private readonly EpilogueBlocks? _epilogue = tile.Epilogue is null ? null : new(tile.Epilogue);
    private readonly (int Slot, int Operand)[] _operands = tile.Epilogue is null ? [] : [.. new EpilogueBlocks(tile.Epilogue).Operands];
    private readonly long[]?[] _operandOffsets = [.. tile.Operands.Select(o => o.PixelOffsets.Count == 0 ? null : o.PixelOffsets.ToArray())];

    /// <summary>Bytes of memory that a call needs beside its operands.</summary>
    public long ScratchBytes { get; } = (tile.Epilogue is null ? EpilogueBlocks.Length : new EpilogueBlocks(tile.Epilogue).SlotVectors) * (long)Vector<byte>.Count + (EpilogueBlocks.Length * Vector<byte>.Count);

    /// <param name="block">As generated tiles take it.</param>
    /// <param name="scratch">Of <see cref="ScratchBytes"/>.</param>
    public void Run(long* block, byte* scratch)
    {
        Vector<float>* sums = (Vector<float>*)scratch, slots = sums + EpilogueBlocks.Length;
        long* pixels = stackalloc long[MostPixels];
        for (long number = 0; number < block[DotTile.Tiles] * tile.Groups; number++)
        {
            (long along, long group) = Math.DivRem(number, tile.Groups);
            float* weights = (float*)(block[DotTile.Weights] + (along * tile.Walk.Weights) + (group * tile.GroupBytes));
            long channelBytes = group * tile.Vectors * Vector<byte>.Count;
            for (int first = 0; first < _sources.Length;)
            {
                int left = _sources.Length - first, count = left <= 2 ? 1 : Math.Min(left, MostPixels);
                for (int i = 0; i < MostPixels; i++)
                {
                    // Pixels that are missing repeat the last one, and nobody looks at them.
                    pixels[i] = block[DotTile.Source] + (along * tile.Walk.Source) + _sources[first + Math.Min(i, count - 1)];
                }

                Sum(block, pixels, weights, sums, count > 1);
                Finish(block, first, count, along, channelBytes, sums, slots);
                first += count;
            }
        }
    }

    private void Sum(long* block, long* pixels, float* weights, Vector<float>* sums, bool six)
    {
        PortableRows rows = PortableRows.Of(tile, block);
        new Span<Vector<float>>(sums, EpilogueBlocks.Length).Clear();
        switch (six, tile.Vectors)
        {
            case (true, 2): SixByTwo(pixels, weights, sums, rows); break;
            case (true, _): SixByOne(pixels, weights, sums, rows); break;
            case (false, 2): OneByTwo((byte*)pixels[0], weights, sums, rows); break;
            default: OneByOne((byte*)pixels[0], weights, sums, rows); break;
        }
    }

    private void Finish(long* block, int first, int count, long along, long channelBytes, Vector<float>* sums, Vector<float>* slots)
    {
        int vectors = tile.Vectors, lanes = Vector<float>.Count;
        long* open = block + DotTile.FirstOperand + tile.Operands.Count;
        long stride = tile.HasStride ? open[0] : 0, columns = tile.HasColumns ? open[1] : ((vectors - 1) * lanes) + tile.LastLanes;
        Vector<float>* results = sums;
        if (_epilogue is not null)
        {
            foreach ((int slot, int operand) in _operands)
            {
                Vector<float>* to = slots + (slot * EpilogueBlocks.Length);
                if (operand == 0)
                {
                    Buffer.MemoryCopy(sums, to, (long)count * vectors * Vector<byte>.Count, (long)count * vectors * Vector<byte>.Count);
                    continue;
                }

                DotOperand description = tile.Operands[operand - 1];
                byte* from = (byte*)block[DotTile.FirstOperand + operand - 1] + (along * tile.Walk.OfOperand(operand - 1)) + (description.PerChannel ? channelBytes : 0);
                for (int pixel = 0; pixel < count; pixel++)
                {
                    float* at = (float*)(from + (description.FollowsResult ? (first + pixel) * stride : _operandOffsets[operand - 1] is { } offsets ? offsets[first + pixel] : 0));
                    for (int v = 0; v < vectors; v++)
                    {
                        to[(pixel * vectors) + v] = description.PerChannel ? Load(at + (v * lanes), columns - (v * lanes)) : new Vector<float>(*at);
                    }
                }
            }

            results = _epilogue.Run(slots, count * vectors);
        }

        for (int pixel = 0; pixel < count; pixel++)
        {
            float* at = (float*)(block[DotTile.Target] + (along * tile.Walk.Target) + channelBytes + (tile.HasStride ? (first + pixel) * stride : _targets[first + pixel]));
            for (int v = 0; v < vectors; v++)
            {
                Vector<float> value = results[(pixel * vectors) + v];
                long left = columns - (v * lanes);
                if (left >= lanes)
                {
                    Unsafe.WriteUnaligned(at + (v * lanes), value);
                    continue;
                }

                for (int lane = 0; lane < left; lane++)
                {
                    at[(v * lanes) + lane] = value[lane];
                }
            }
        }
    }

    private static Vector<float> Load(float* from, long lanes)
    {
        if (lanes >= Vector<float>.Count)
        {
            return Unsafe.ReadUnaligned<Vector<float>>(from);
        }

        float* padded = stackalloc float[Vector<float>.Count];
        new Span<float>(padded, Vector<float>.Count).Clear();
        int count = (int)Math.Max(0, lanes);
        new ReadOnlySpan<float>(from, count).CopyTo(new Span<float>(padded, count));
        return Unsafe.ReadUnaligned<Vector<float>>(padded);
    }

    private bool EndsBlock(long row) => _rowsOfBlock > 0 && (row + 1) % _rowsOfBlock == 0;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SixByTwo(long* pixels, float* w, Vector<float>* sums, in PortableRows rows)
    {
        Vector<float> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, b0 = default, b1 = default, b2 = default, b3 = default, b4 = default, b5 = default;
        for (long row = 0; row < rows.Count; row++)
        {
            long down = rows.Offset(row);
            w += rows.LeftOut(row);
            foreach ((int offset, int length, bool endsBlock) in _stretches)
            {
                long at = down + offset;
                float* x0 = (float*)(pixels[0] + at), x1 = (float*)(pixels[1] + at), x2 = (float*)(pixels[2] + at), x3 = (float*)(pixels[3] + at), x4 = (float*)(pixels[4] + at), x5 = (float*)(pixels[5] + at);
                for (long i = 0, end = (long)length * _step; i < end; i += _step, w += 2 * Vector<float>.Count)
                {
                    Vector<float> u = Unsafe.ReadUnaligned<Vector<float>>(w), v = Unsafe.ReadUnaligned<Vector<float>>(w + Vector<float>.Count), x = new(x0[i]);
                    (a0, b0) = (Vector.MultiplyAddEstimate(x, u, a0), Vector.MultiplyAddEstimate(x, v, b0));
                    x = new(x1[i]);
                    (a1, b1) = (Vector.MultiplyAddEstimate(x, u, a1), Vector.MultiplyAddEstimate(x, v, b1));
                    x = new(x2[i]);
                    (a2, b2) = (Vector.MultiplyAddEstimate(x, u, a2), Vector.MultiplyAddEstimate(x, v, b2));
                    x = new(x3[i]);
                    (a3, b3) = (Vector.MultiplyAddEstimate(x, u, a3), Vector.MultiplyAddEstimate(x, v, b3));
                    x = new(x4[i]);
                    (a4, b4) = (Vector.MultiplyAddEstimate(x, u, a4), Vector.MultiplyAddEstimate(x, v, b4));
                    x = new(x5[i]);
                    (a5, b5) = (Vector.MultiplyAddEstimate(x, u, a5), Vector.MultiplyAddEstimate(x, v, b5));
                }

                if (endsBlock || EndsBlock(row))
                {
                    (sums[0], sums[2], sums[4], sums[6], sums[8], sums[10]) = (sums[0] + a0, sums[2] + a1, sums[4] + a2, sums[6] + a3, sums[8] + a4, sums[10] + a5);
                    (sums[1], sums[3], sums[5], sums[7], sums[9], sums[11]) = (sums[1] + b0, sums[3] + b1, sums[5] + b2, sums[7] + b3, sums[9] + b4, sums[11] + b5);
                    a0 = a1 = a2 = a3 = a4 = a5 = b0 = b1 = b2 = b3 = b4 = b5 = default;
                }
            }
        }

        (sums[0], sums[2], sums[4], sums[6], sums[8], sums[10]) = (sums[0] + a0, sums[2] + a1, sums[4] + a2, sums[6] + a3, sums[8] + a4, sums[10] + a5);
        (sums[1], sums[3], sums[5], sums[7], sums[9], sums[11]) = (sums[1] + b0, sums[3] + b1, sums[5] + b2, sums[7] + b3, sums[9] + b4, sums[11] + b5);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SixByOne(long* pixels, float* w, Vector<float>* sums, in PortableRows rows)
    {
        Vector<float> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default;
        for (long row = 0; row < rows.Count; row++)
        {
            long down = rows.Offset(row);
            w += rows.LeftOut(row);
            foreach ((int offset, int length, bool endsBlock) in _stretches)
            {
                long at = down + offset;
                float* x0 = (float*)(pixels[0] + at), x1 = (float*)(pixels[1] + at), x2 = (float*)(pixels[2] + at), x3 = (float*)(pixels[3] + at), x4 = (float*)(pixels[4] + at), x5 = (float*)(pixels[5] + at);
                for (long i = 0, end = (long)length * _step; i < end; i += _step, w += Vector<float>.Count)
                {
                    Vector<float> u = Unsafe.ReadUnaligned<Vector<float>>(w);
                    a0 = Vector.MultiplyAddEstimate(new(x0[i]), u, a0);
                    a1 = Vector.MultiplyAddEstimate(new(x1[i]), u, a1);
                    a2 = Vector.MultiplyAddEstimate(new(x2[i]), u, a2);
                    a3 = Vector.MultiplyAddEstimate(new(x3[i]), u, a3);
                    a4 = Vector.MultiplyAddEstimate(new(x4[i]), u, a4);
                    a5 = Vector.MultiplyAddEstimate(new(x5[i]), u, a5);
                }

                if (endsBlock || EndsBlock(row))
                {
                    (sums[0], sums[1], sums[2], sums[3], sums[4], sums[5]) = (sums[0] + a0, sums[1] + a1, sums[2] + a2, sums[3] + a3, sums[4] + a4, sums[5] + a5);
                    a0 = a1 = a2 = a3 = a4 = a5 = default;
                }
            }
        }

        (sums[0], sums[1], sums[2], sums[3], sums[4], sums[5]) = (sums[0] + a0, sums[1] + a1, sums[2] + a2, sums[3] + a3, sums[4] + a4, sums[5] + a5);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void OneByTwo(byte* pixel, float* w, Vector<float>* sums, in PortableRows rows)
    {
        Vector<float> a = default, b = default;
        for (long row = 0; row < rows.Count; row++)
        {
            long down = rows.Offset(row);
            w += rows.LeftOut(row);
            foreach ((int offset, int length, bool endsBlock) in _stretches)
            {
                float* x = (float*)(pixel + down + offset);
                for (long i = 0, end = (long)length * _step; i < end; i += _step, w += 2 * Vector<float>.Count)
                {
                    Vector<float> value = new(x[i]);
                    a = Vector.MultiplyAddEstimate(value, Unsafe.ReadUnaligned<Vector<float>>(w), a);
                    b = Vector.MultiplyAddEstimate(value, Unsafe.ReadUnaligned<Vector<float>>(w + Vector<float>.Count), b);
                }

                if (endsBlock || EndsBlock(row))
                {
                    (sums[0], sums[1]) = (sums[0] + a, sums[1] + b);
                    a = b = default;
                }
            }
        }

        (sums[0], sums[1]) = (sums[0] + a, sums[1] + b);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void OneByOne(byte* pixel, float* w, Vector<float>* sums, in PortableRows rows)
    {
        Vector<float> a = default;
        for (long row = 0; row < rows.Count; row++)
        {
            long down = rows.Offset(row);
            w += rows.LeftOut(row);
            foreach ((int offset, int length, bool endsBlock) in _stretches)
            {
                float* x = (float*)(pixel + down + offset);
                for (long i = 0, end = (long)length * _step; i < end; i += _step, w += Vector<float>.Count)
                {
                    a = Vector.MultiplyAddEstimate(new(x[i]), Unsafe.ReadUnaligned<Vector<float>>(w), a);
                }

                if (endsBlock || EndsBlock(row))
                {
                    sums[0] = sums[0] + a;
                    a = default;
                }
            }
        }

        sums[0] = sums[0] + a;
    }
}

/// <summary>The rows of a call's patches, plane by plane.</summary>
/// <param name="Count">Rows, or planes where a tile's runs are those of a whole plane.</param>
internal readonly unsafe record struct PortableRows(long Count, long RowsOfSlice, long RowStep, long SliceStep, long SliceWeights)
{
    public static PortableRows Of(DotTile tile, long* block)
    {
        long rows = tile.RepeatsRows ? block[DotTile.Rows] : 1, step = tile.RepeatsRows ? block[DotTile.RowStep] : 0;
        if (!tile.HasSlices)
        {
            return new(rows, rows, step, 0, 0);
        }

        long* slices = block + DotTile.FirstOperand + tile.Operands.Count;
        return new(rows * slices[DotTile.Slices], rows, step, (rows * step) + slices[DotTile.SliceStep], slices[DotTile.SliceWeights]);
    }

    /// <summary>Bytes from a pixel to a row of its patch.</summary>
    public long Offset(long row)
    {
        (long slice, long inSlice) = Math.DivRem(row, RowsOfSlice);
        return (slice * SliceStep) + (inSlice * RowStep);
    }

    /// <summary>Weights between the last row and this one that are left out.</summary>
    public long LeftOut(long row) => row > 0 && row % RowsOfSlice == 0 ? SliceWeights / sizeof(float) : 0;
}
