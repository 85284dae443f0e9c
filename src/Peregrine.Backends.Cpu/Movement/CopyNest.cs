using Peregrine.Diagnostics;

namespace Peregrine.Backends.Cpu.Movement;

/// <summary>
/// One copy between two views of equal dims, prepared: axes of extent 1 are gone, axes that run together are one, axes are in the target's order, and the two innermost loops are a block copy
/// of contiguous rows, a transposition in registers, a fill, or single elements. It is cut into units that fit into the first-level cache, and those into tiles.
/// </summary>
internal sealed unsafe class CopyNest
{
    private const long UnitBytes = 16 << 10;
    private const long TileBytes = 32 << 10;
    private const long MostTiles = 1 << 20;

    private readonly Loop[] _outer;
    private readonly Loop _row;
    private readonly Loop _column;
    private readonly int _size;
    private readonly Mode _mode;
    private readonly long _origin;
    private readonly long _targetOrigin;
    private readonly long _rowBlock;
    private readonly long _columnBlock;
    private readonly long _rowBlocks;
    private readonly long _columnBlocks;
    private readonly long _units;
    private readonly long _unitsPerTile;

    /// <param name="input">The operand to read; −1 for zeros.</param>
    /// <param name="output">The operand to write.</param>
    /// <param name="size">Bytes of an element: 1, 2, 4, 8 or 16.</param>
    public CopyNest(int input, StoredTensor source, int output, StoredTensor target, int size)
    {
        Input = input;
        Output = output;
        List<Loop> loops = [];
        for (int axis = 0; axis < target.Dims.Length; axis++)
        {
            if (source.Dims[axis] != target.Dims[axis] || target.Dims[axis] < 0)
            {
                throw new InternalCompilerException($"A copy of [{string.Join(',', source.Dims)}] cannot become [{string.Join(',', target.Dims)}].");
            }

            if (target.Dims[axis] == 0)
            {
                (_outer, _row, _column) = ([], new(0, 0, 0), new(0, 0, 0));
                return;
            }

            if (target.Dims[axis] != 1)
            {
                loops.Add(new(target.Dims[axis], source.Strides[axis], target.Strides[axis]));
            }
        }

        CheckBounds(loops, source, l => l.From);
        CheckBounds(loops, target, l => l.To);
        _origin = source.Origin * size;
        _targetOrigin = target.Origin * size;
        loops.Sort((a, b) => b.To.CompareTo(a.To));
        Merge(loops);
        _size = Widen(loops, size);
        loops = [.. loops.Select(l => new Loop(l.Extent, l.From * _size, l.To * _size))];
        _column = Take(loops, loops.Count - 1);
        int contiguous = _column.From == _size || _column.To != _size ? -1 : loops.FindLastIndex(l => l.From == _size);
        _row = Take(loops, contiguous >= 0 ? contiguous : loops.Count - 1);
        _mode = _column.To != _size && _column.Extent > 1 ? Mode.Elements
            : _column.From == _size || _column.Extent == 1 ? Mode.Rows
            : contiguous >= 0 ? Mode.Transpose
            : _column.From == 0 ? Mode.Fill
            : Mode.Elements;
        _outer = [.. loops];
        (_rowBlock, _columnBlock) = Block();
        _rowBlocks = (_row.Extent + _rowBlock - 1) / _rowBlock;
        _columnBlocks = (_column.Extent + _columnBlock - 1) / _columnBlock;
        _units = _outer.Aggregate(_rowBlocks * _columnBlocks, (product, loop) => checked(product * loop.Extent));
        _unitsPerTile = Math.Max(Math.Max(1, TileBytes / (Math.Min(_rowBlock, _row.Extent) * Math.Min(_columnBlock, _column.Extent) * _size)), (_units + MostTiles - 1) / MostTiles);
        TileCount = (int)((_units + _unitsPerTile - 1) / _unitsPerTile);
    }

    private enum Mode
    {
        Rows,
        Transpose,
        Fill,
        Elements,
    }

    public int Input { get; }

    public int Output { get; }

    /// <summary>Independent parts; 0 if there is nothing to copy.</summary>
    public int TileCount { get; }

    /// <summary>Runs the tiles [first, last) on operands that begin at these addresses.</summary>
    public void Run(byte* source, byte* target, int first, int last)
    {
        long unit = first * _unitsPerTile, end = Math.Min(_units, last * _unitsPerTile);
        Span<long> index = stackalloc long[_outer.Length];
        (long position, long block) = Math.DivRem(unit, _rowBlocks * _columnBlocks);
        (long rowBlock, long columnBlock) = Math.DivRem(block, _columnBlocks);
        source += _origin;
        target += _targetOrigin;
        for (int axis = _outer.Length - 1; axis >= 0; axis--)
        {
            (position, index[axis]) = Math.DivRem(position, _outer[axis].Extent);
            source += index[axis] * _outer[axis].From;
            target += index[axis] * _outer[axis].To;
        }

        for (; unit < end; unit++)
        {
            long row = rowBlock * _rowBlock, column = columnBlock * _columnBlock;
            Copy(
                source + (row * _row.From) + (column * _column.From), target + (row * _row.To) + (column * _column.To),
                (nint)Math.Min(_rowBlock, _row.Extent - row), (nint)Math.Min(_columnBlock, _column.Extent - column));
            if (++columnBlock < _columnBlocks)
            {
                continue;
            }

            columnBlock = 0;
            if (++rowBlock < _rowBlocks)
            {
                continue;
            }

            rowBlock = 0;
            for (int axis = _outer.Length - 1; axis >= 0; axis--)
            {
                source += _outer[axis].From;
                target += _outer[axis].To;
                if (++index[axis] < _outer[axis].Extent)
                {
                    break;
                }

                source -= index[axis] * _outer[axis].From;
                target -= index[axis] * _outer[axis].To;
                index[axis] = 0;
            }
        }
    }

    private void Copy(byte* source, byte* target, nint rows, nint columns)
    {
        // Safe: the constructor has checked that all elements of both views lie inside of their storages.
        switch (_mode)
        {
            case Mode.Rows:
                CopyBlocks.Rows(source, (nint)_row.From, target, (nint)_row.To, rows, columns * _size);
                break;
            case Mode.Transpose:
                BlockTranspose.Run(_size, source, (nint)_column.From, target, (nint)_row.To, rows, columns);
                break;
            case Mode.Fill:
                CopyBlocks.Fill(_size, source, (nint)_row.From, target, (nint)_row.To, rows, columns);
                break;
            default:
                CopyBlocks.Elements(_size, source, (nint)_row.From, (nint)_column.From, target, (nint)_row.To, (nint)_column.To, rows, columns);
                break;
        }
    }

    /// <summary>Rows and columns of a unit: long rows for copies, squares for transpositions unless one side is short.</summary>
    private (long Rows, long Columns) Block()
    {
        long elements = UnitBytes / _size;
        if (_mode != Mode.Transpose)
        {
            long columns = Math.Min(_column.Extent, elements);
            return (Math.Max(1, elements / columns), columns);
        }

        // Multiples of 64 keep the cache lines of neighbouring units apart.
        long side = _size switch { 1 or 2 => 128, 4 => 64, _ => 32 };
        long rows = Math.Min(_row.Extent, side), blockColumns = Math.Min(_column.Extent, Math.Max(side, elements / rows / 64 * 64));
        return (_row.Extent <= rows ? rows : Math.Max(rows, elements / blockColumns / 64 * 64), blockColumns);
    }

    /// <summary>Removes and returns a loop; one turn on the spot if there is none.</summary>
    private static Loop Take(List<Loop> loops, int index)
    {
        if (index < 0)
        {
            return new(1, 0, 0);
        }

        Loop loop = loops[index];
        loops.RemoveAt(index);
        return loop;
    }

    private static void Merge(List<Loop> loops)
    {
        for (int i = loops.Count - 2; i >= 0; i--)
        {
            Loop inner = loops[i + 1];
            if (loops[i].From == inner.From * inner.Extent && loops[i].To == inner.To * inner.Extent)
            {
                loops[i] = new(loops[i].Extent * inner.Extent, inner.From, inner.To);
                loops.RemoveAt(i + 1);
            }
        }
    }

    /// <summary>Turns short contiguous runs into elements of 2, 4, 8 or 16 bytes; strides then count those. Returns their size.</summary>
    private int Widen(List<Loop> loops, int size)
    {
        if (loops.Count < 2 || loops[^1] is not { From: 1, To: 1 } inner)
        {
            return size;
        }

        long run = inner.Extent, bytes = run * size;
        if (bytes is not (2 or 4 or 8 or 16) || loops.Take(loops.Count - 1).Any(l => l.From % run != 0 || l.To % run != 0))
        {
            return size;
        }

        loops.RemoveAt(loops.Count - 1);
        for (int i = 0; i < loops.Count; i++)
        {
            loops[i] = new(loops[i].Extent, loops[i].From / run, loops[i].To / run);
        }

        return (int)bytes;
    }

    private static void CheckBounds(List<Loop> loops, StoredTensor tensor, Func<Loop, long> stride)
    {
        long first = tensor.Origin, last = tensor.Origin;
        foreach (Loop loop in loops)
        {
            long reach = checked((loop.Extent - 1) * stride(loop));
            first = checked(first + Math.Min(reach, 0));
            last = checked(last + Math.Max(reach, 0));
        }

        if (first < 0 || last >= tensor.Capacity)
        {
            throw new InternalCompilerException($"A copy would touch elements {first} to {last} of {tensor.Capacity}.");
        }
    }

    /// <summary>An axis: its extent and how far one turn goes in source and target.</summary>
    private readonly record struct Loop(long Extent, long From, long To);
}
