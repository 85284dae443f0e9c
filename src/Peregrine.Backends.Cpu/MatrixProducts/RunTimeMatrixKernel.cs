using System.Numerics;
using Peregrine.Backends.Cpu.Generation;
using Peregrine.Backends.Cpu.Movement;
using Peregrine.Backends.Cpu.Products;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.CodeGen.X64;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.MatrixProducts;

/// <summary>
/// Multiplies matrices with <see cref="DotTile"/>s: generated ones, or, where nothing may be generated, portable ones. In a first phase the right matrices are packed in groups of columns, and the left ones, where their rows are not side by side or of unknown
/// length, in panels of as many rows as a tile has.
/// </summary>
internal sealed unsafe class RunTimeMatrixKernel : ICpuKernel
{
    private readonly MatrixProblem _problem;
    private readonly TileShape _shape;
    private readonly int _lanes;
    private readonly int _groupColumns;
    private readonly bool _packsLeft;
    private readonly bool _packsRight;
    private readonly bool _hasStride;
    private readonly GeneratorTarget? _target;
    private readonly List<CompiledCode> _code = [];
    private readonly List<PortableTile> _portable = [];
    // By rows of a tile, from 1: the numbers of the codes for whole groups of columns and for the last; −1 where none is needed.
    private readonly (int Whole, int Last)[] _entries;

    public RunTimeMatrixKernel(MatrixProblem problem, MatrixShape shape, GeneratorTarget? target)
    {
        _target = target;
        _problem = problem;
        _shape = shape.Tile;
        _lanes = target?.Lanes ?? Vector<float>.Count;
        _groupColumns = _shape.Vectors * _lanes;
        _packsLeft = problem.TransA || problem.Inner is null;
        _packsRight = !shape.IsDirect;
        _hasStride = problem.Columns is null;
        _entries = new (int, int)[_shape.Pixels];
        long? columns = problem.Columns;
        foreach (int size in problem.Rows is { } rows ? new PixelParts(rows, _shape.Pixels).Sizes : Enumerable.Range(1, _shape.Pixels))
        {
            int rest = (int)((columns ?? 0) % _groupColumns), vectors = (rest + _lanes - 1) / _lanes;
            int whole = columns is null || columns >= _groupColumns ? Compile(size, _shape.Vectors, _lanes, isOpen: false) : -1;
            int last = columns is null ? Compile(size, _shape.Vectors, _lanes, isOpen: true) : rest > 0 ? Compile(size, vectors, rest - ((vectors - 1) * _lanes), isOpen: false) : -1;
            _entries[size - 1] = (whole, last);
        }
    }

    public int PhaseCount => _packsLeft || _packsRight ? 2 : 1;

    public IReadOnlyList<CompiledCode> Code => _code;

    public long WorkerScratchBytes => _portable.Count == 0 ? 0 : _portable.Max(t => t.ScratchBytes);

    public long ScratchBytes(IReadOnlyList<long[]?> inputs, IReadOnlyList<long[]?> outputs)
    {
        MatrixExtents e = _problem.Extents(inputs[MatrixProblem.A], inputs[MatrixProblem.B], outputs[0]);
        return RightBytes(e) + (_packsLeft ? checked(e.LeftMatrices * Parts(e).Count * PanelBytes(e)) : 0);
    }

    public int TileCount(in KernelArguments arguments, int phase)
    {
        MatrixExtents e = Extents(arguments);
        return phase < PhaseCount - 1
            ? checked((int)((_packsRight ? e.RightMatrices * Groups(e) : 0) + (_packsLeft ? e.LeftMatrices * Parts(e).Count : 0)))
            : checked((int)(e.Matrices * (_shape.ChannelsOuter ? Groups(e) : Math.Min(1, Groups(e))) * Parts(e).Count));
    }

    public void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker)
    {
        MatrixExtents e = Extents(arguments);
        if (phase < PhaseCount - 1)
        {
            long groups = _packsRight ? e.RightMatrices * Groups(e) : 0;
            for (int tile = tiles.Begin; tile < tiles.End; tile++)
            {
                if (tile < groups)
                {
                    PackRight(arguments, e, tile);
                }
                else
                {
                    PackLeft(arguments, e, tile - groups);
                }
            }

            return;
        }

        RunTiles(arguments, e, tiles);
    }

    private MatrixExtents Extents(in KernelArguments arguments) =>
        _problem.Extents(arguments.InputDims(MatrixProblem.A), arguments.InputDims(MatrixProblem.B), arguments.OutputDims(0));

    private PixelParts Parts(in MatrixExtents e) => new(e.Rows, _shape.Pixels);

    private long Groups(in MatrixExtents e) => (e.Columns + _groupColumns - 1) / _groupColumns;

    private long GroupBytes(in MatrixExtents e) => checked(e.Inner * _groupColumns * sizeof(float));

    private long RightBytes(in MatrixExtents e) => _packsRight ? checked(e.RightMatrices * Groups(e) * GroupBytes(e)) : 0;

    private long PanelBytes(in MatrixExtents e) => checked(e.Inner * _shape.Pixels * sizeof(float));

    /// <summary>Packs one group of columns of one right matrix: [inner][column].</summary>
    private void PackRight(in KernelArguments arguments, in MatrixExtents e, long number)
    {
        (long matrix, long group) = Math.DivRem(number, Groups(e));
        long first = group * _groupColumns;
        int count = (int)Math.Min(_groupColumns, e.Columns - first);
        // The last group of known columns has just the vectors that it needs.
        int width = _problem.Columns is null ? _groupColumns : (count + _lanes - 1) / _lanes * _lanes;
        float* from = (float*)arguments.Input(MatrixProblem.B) + (matrix * e.Inner * e.Columns), to = (float*)(arguments.Scratch + (number * GroupBytes(e)));
        Pack(from, _problem.TransB, e.Inner, e.Columns, first, count, width, to);
    }

    /// <summary>Packs the rows of one tile of one left matrix: [inner][row].</summary>
    private void PackLeft(in KernelArguments arguments, in MatrixExtents e, long number)
    {
        PixelParts parts = Parts(e);
        (long matrix, long part) = Math.DivRem(number, parts.Count);
        (long first, int count) = parts[(int)part];
        float* from = (float*)arguments.Input(MatrixProblem.A) + (matrix * e.Inner * e.Rows), to = (float*)(arguments.Scratch + RightBytes(e) + (number * PanelBytes(e)));
        Pack(from, !_problem.TransA, e.Inner, e.Rows, first, count, _shape.Pixels, to);
    }

    /// <summary>Copies columns [first, first + count) of a matrix [inner, columns], or of one that lies transposed, side by side; zeros up to <paramref name="width"/>.</summary>
    private static void Pack(float* from, bool isTransposed, long inner, long columns, long first, int count, int width, float* to)
    {
        if (count < width)
        {
            for (long k = 0; k < inner; k++)
            {
                new Span<float>(to + (k * width) + count, width - count).Clear();
            }
        }

        if (isTransposed)
        {
            BlockTranspose.Run(sizeof(float), (byte*)(from + (first * inner)), (nint)(inner * sizeof(float)), (byte*)to, width * sizeof(float), (nint)inner, count);
            return;
        }

        for (long k = 0; k < inner; k++)
        {
            new ReadOnlySpan<float>(from + (k * columns) + first, count).CopyTo(new Span<float>(to + (k * width), count));
        }
    }

    private void RunTiles(in KernelArguments arguments, in MatrixExtents e, TileRange tiles)
    {
        PixelParts parts = Parts(e);
        long groups = Groups(e), whole = e.Columns / _groupColumns, blocks = _shape.ChannelsOuter ? groups : 1;
        int operandCount = _problem.Operands.Count;
        long* block = stackalloc long[DotTile.FirstOperand + operandCount + 2];
        long* operandMatrices = stackalloc long[operandCount + 1];
        block[DotTile.Rows] = e.Inner;
        block[DotTile.RowStep] = (_packsLeft ? _shape.Pixels : 1) * sizeof(float);
        ReadOnlySpan<long> leading = arguments.OutputDims(0)[..^2];
        byte* left = null, right = null;
        long current = -1;
        for (int tile = tiles.Begin; tile < tiles.End; tile++)
        {
            (long outer, long part) = Math.DivRem(tile, (long)parts.Count);
            (long matrix, long channels) = Math.DivRem(outer, blocks);
            if (matrix != current)
            {
                current = matrix;
                long ofLeft = MatrixProblem.MatrixOf(arguments.InputDims(MatrixProblem.A)[..^2], leading, matrix), ofRight = MatrixProblem.MatrixOf(arguments.InputDims(MatrixProblem.B)[..^2], leading, matrix);
                left = _packsLeft ? arguments.Scratch + RightBytes(e) + (ofLeft * parts.Count * PanelBytes(e)) : arguments.Input(MatrixProblem.A) + (ofLeft * e.Rows * e.Inner * sizeof(float));
                right = _packsRight ? arguments.Scratch + (ofRight * groups * GroupBytes(e)) : arguments.Input(MatrixProblem.B) + (ofRight * e.Inner * e.Columns * sizeof(float));
                for (int i = 0; i < operandCount; i++)
                {
                    MatrixOperand operand = _problem.Operands[i];
                    ReadOnlySpan<long> dims = arguments.InputDims(operand.Input);
                    long elements = (operand.PerRow ? e.Rows : 1) * (operand.PerColumn ? e.Columns : 1);
                    operandMatrices[i] = (long)(arguments.Input(operand.Input) + (MatrixProblem.MatrixOf(dims[..Math.Max(0, dims.Length - 2)], leading, matrix) * elements * sizeof(float)));
                }
            }

            (long firstRow, int size) = parts[(int)part];
            (int wholeEntry, int lastEntry) = _entries[size - 1];
            block[DotTile.Source] = (long)(left + (_packsLeft ? part * PanelBytes(e) : firstRow * e.Inner * sizeof(float)));
            byte* target = arguments.Output(0) + (((matrix * e.Rows) + firstRow) * e.Columns * sizeof(float));
            (long begin, long end) = _shape.ChannelsOuter ? (channels, channels + 1) : (0, groups);
            // Where the code does not know how long a group is, groups are called one by one.
            long step = _problem.Inner is null || _hasStride ? 1 : whole - begin;
            for (long group = begin; group < Math.Min(end, whole); group += step)
            {
                Invoke(arguments, e, block, operandMatrices, right, target, firstRow, group, _shape.ChannelsOuter ? 1 : step, wholeEntry);
            }

            if (end > whole)
            {
                Invoke(arguments, e, block, operandMatrices, right, target, firstRow, whole, 1, lastEntry);
            }
        }
    }

    private void Invoke(in KernelArguments arguments, in MatrixExtents e, long* block, long* operands, byte* right, byte* target, long firstRow, long group, long count, int entry)
    {
        long column = group * _groupColumns;
        block[DotTile.Weights] = (long)(right + (_packsRight ? group * GroupBytes(e) : column * sizeof(float)));
        block[DotTile.Target] = (long)(target + (column * sizeof(float)));
        block[DotTile.Tiles] = count;
        int last = DotTile.FirstOperand;
        foreach (MatrixOperand operand in _problem.Operands)
        {
            long offset = (operand.PerRow ? firstRow * (operand.PerColumn ? e.Columns : 1) : 0) + (operand.PerColumn ? column : 0);
            block[last] = operands[last - DotTile.FirstOperand] + (offset * sizeof(float));
            last++;
        }

        block[last] = e.Columns * sizeof(float);
        block[last + 1] = e.Columns - column;
        if (_target is null)
        {
            _portable[entry].Run(block, arguments.WorkerScratch);
            return;
        }

        // Safe: the code was made for this tile, and the block holds the arguments that it declares.
        ((delegate* unmanaged<long*, void>)arguments.Entry(entry))(block);
    }

    private int Compile(int size, int vectors, int lastLanes, bool isOpen)
    {
        int inner = (int)(_problem.Inner ?? 1), row = (int)(_problem.Columns ?? 0);
        int[] pixels = [.. Enumerable.Range(0, size)];
        Ints Apart(long floats) => Ints.From(pixels.Select(i => i * floats * sizeof(float)));
        ValueList<DotOperand> operands = ValueList.From(_problem.Operands.Select(o => new DotOperand(
            o.PerColumn, !o.PerRow || (o.PerColumn && _hasStride) ? Ints.Empty : Apart(o.PerColumn ? row : 1), o.PerRow && o.PerColumn && _hasStride)));
        int groupBytes = checked((_packsRight ? inner : 1) * vectors * _lanes * sizeof(float));
        DotTile tile = new(
            vectors, lastLanes, Apart(_packsLeft ? 1 : inner), Apart(row), [new DotRun(0, inner, 0)], RepeatsRows: _problem.Inner is null, groupBytes, operands, _problem.Epilogue, Prefetch: 0)
        {
            FloatStep = (_packsLeft ? _shape.Pixels : 1) * sizeof(float), WeightRow = _packsRight ? 0 : row * sizeof(float), HasStride = _hasStride, HasColumns = isOpen,
            // Groups of columns, one behind the other, are walked as tiles.
            Walk = new(0, groupBytes, vectors * _lanes * sizeof(float), Ints.From(operands.Select(o => o.PerChannel ? (long)vectors * _lanes * sizeof(float) : 0))),
        };
        if (_target is null)
        {
            _portable.Add(new(tile));
            return _portable.Count - 1;
        }

        _code.Add(tile.Compile(_target));
        return _code.Count - 1;
    }
}
