using Peregrine.Backends.Cpu.Movement;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Pointwise;

/// <summary>The tiles of a pointwise kernel for certain dims: parts of rows, or groups of whole rows.</summary>
internal sealed unsafe class PointwisePlan
{
    // Work of some microseconds, and operands that stay in the first cache.
    private const long TileElements = 8192;

    private readonly long[] _extents;
    private readonly long[][] _strides;
    private readonly long[] _sizes;
    private readonly long _rows;
    private readonly long _columns;
    private readonly long _rowsPerTile = 1;
    private readonly long _partsPerRow = 1;

    /// <param name="request">Types and layouts.</param>
    /// <param name="arguments">The call whose dims count.</param>
    /// <param name="broadcasts">What the code takes the innermost axis for.</param>
    public PointwisePlan(KernelRequest request, in KernelArguments arguments, bool[] broadcasts)
    {
        StoredTensor[] inputs = new StoredTensor[broadcasts.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            inputs[i] = StoredTensor.Of(arguments.InputDims(i), request.Inputs[i].Layout);
        }

        StoredTensor output = StoredTensor.Of(arguments.OutputDims(0), request.Outputs[0].Layout);
        PointwiseNest nest = new(output, inputs);
        nest.Adapt(broadcasts);
        _sizes = [.. request.Inputs.Select(o => o.Type.Bits() / 8L), request.Outputs[0].Type.Bits() / 8];
        _extents = [.. nest.Axes.SkipLast(1).Select(a => a.Extent)];
        _strides = [.. nest.Axes.Select(a => a.Strides.Zip(_sizes, static (stride, size) => stride * size).ToArray())];
        _columns = nest.Axes[^1].Extent;
        _rows = _extents.Aggregate(1L, static (product, extent) => checked(product * extent));
        if (_columns > TileElements)
        {
            _partsPerRow = (_columns + TileElements - 1) / TileElements;
        }
        else if (_columns > 0)
        {
            _rowsPerTile = Math.Max(1, TileElements / _columns);
        }

        // More tiles than a 32-bit number can count: larger groups.
        _rowsPerTile = Math.Max(_rowsPerTile, _rows / (1 << 24));
        TileCount = _rows == 0 || _columns == 0 ? 0 : checked((int)((_rows + _rowsPerTile - 1) / _rowsPerTile * _partsPerRow));
    }

    public int TileCount { get; }

    public void Run(in KernelArguments arguments, TileRange tiles)
    {
        (int begin, int end) = (tiles.Begin, tiles.End);
        int operands = _sizes.Length;
        long* block = stackalloc long[(2 * operands) + 2];
        long* bases = stackalloc long[operands];
        for (int i = 0; i < operands; i++)
        {
            bases[i] = (long)(i < operands - 1 ? arguments.Input(i) : arguments.Output(0));
            block[operands + i] = _extents.Length == 0 ? 0 : _strides[^2][i];
        }

        var code = (delegate* unmanaged<long*, void>)arguments.Entry(0);
        if (_partsPerRow > 1)
        {
            for (long tile = begin; tile < end; tile++)
            {
                long column = tile % _partsPerRow * TileElements;
                Call(tile / _partsPerRow, 1, column, Math.Min(TileElements, _columns - column));
            }

            return;
        }

        // Rows along the last outer axis are one call.
        long last = Math.Min(end * _rowsPerTile, _rows), run = _extents.Length == 0 ? 1 : _extents[^1];
        for (long row = begin * _rowsPerTile; row < last;)
        {
            long count = Math.Min(last - row, run - (row % run));
            Call(row, count, 0, _columns);
            row += count;
        }

        void Call(long row, long count, long column, long columns)
        {
            for (int i = 0; i < operands; i++)
            {
                block[i] = bases[i] + (column * _strides[^1][i]);
            }

            for (int axis = _extents.Length - 1; axis >= 0; axis--)
            {
                (row, long coordinate) = Math.DivRem(row, _extents[axis]);
                for (int i = 0; i < operands; i++)
                {
                    block[i] += coordinate * _strides[axis][i];
                }
            }

            (block[2 * operands], block[(2 * operands) + 1]) = (count, columns);

            // Safe: every row and column lies inside the operands, whose dims were checked against the request.
            code(block);
        }
    }
}
