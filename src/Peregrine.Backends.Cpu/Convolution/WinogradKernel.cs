using Peregrine.Backends.Cpu.Generation;
using Peregrine.Backends.Cpu.Packing;
using Peregrine.Backends.Cpu.Products;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.CodeGen.X64;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Convolution;

/// <summary>
/// Runs a 3×3 convolution as transform of patches, one matrix product per element of a transformed patch, transform of products into results. Transformed patches lie
/// [block][product][tile][channel], products of one group of output channels [product][tile][channel] in the worker's own memory. The order of sums does not depend on blocks.
/// </summary>
internal sealed unsafe class WinogradKernel : ICpuKernel
{
    private readonly PatchProblem _problem;
    private readonly WinogradShape _shape;
    private readonly WinogradTile _tile;
    // Products and their matrices, those of one matrix one after the other.
    private readonly (int Product, int Matrix)[] _products;
    private readonly GeneratorTarget _target;
    private readonly WinogradWeights _weights;
    private readonly WinogradLayout _layout;
    private readonly List<CompiledCode> _code = [];
    // By column of tiles.
    private readonly int[] _inputEntries;
    // By width of a group (0: whole, 1: last) and number of tiles in a register tile.
    private readonly int[][] _productEntries;
    // By width of a group and whether the tile is the last, incomplete one of its row.
    private readonly int[][] _outputEntries;

    public WinogradKernel(PatchProblem problem, WinogradShape shape, GeneratorTarget target)
    {
        (_problem, _shape, _target) = (problem, shape, target);
        _tile = WinogradTile.Of(problem, shape.Tile);
        _products = [.. Enumerable.Range(0, _tile.Products).Select(i => (Product: i, Matrix: _tile.MatrixOf(i))).OrderBy(p => p.Matrix)];
        _weights = new(problem, _tile, shape.Vectors, target.Lanes);
        _layout = new(problem, shape, target.Lanes);
        WinogradGrid grid = WinogradGrid.Of(problem, shape.Tile, problem.Images ?? 1);
        _inputEntries = CompileInputs(grid);
        int[] widths = [shape.Vectors, _weights.VectorsOf(_weights.Groups - 1)];
        bool[] occurs = [_weights.Groups > 1, true];
        int[] sizes = [.. Sizes(problem.Images is null ? null : grid.Tiles)];
        _productEntries = [.. widths.Select((w, i) => occurs[i] ? CompileProducts(w, sizes) : [])];
        int remainder = problem.Outputs % target.Lanes;
        _outputEntries = [.. widths.Select((w, i) => occurs[i] ? CompileOutputs(w, i == 1 && remainder > 0 ? remainder : target.Lanes) : [])];
        Packings = [new(problem.WeightInput, _weights.Key, _weights.Bytes, _weights.Groups, _weights.Pack)];
    }

    public int PhaseCount => _shape.IsPhased ? 2 : 1;

    // The transform of a tile's products reads its operands before it writes.
    public IReadOnlyList<int> OverwritableInputs => _problem.OperandsLikeResult;

    public long WorkerScratchBytes => _layout.WorkerBytes;

    public IReadOnlyList<CompiledCode> Code => _code;

    public IReadOnlyList<WeightPacking> Packings { get; }

    public long ScratchBytes(IReadOnlyList<long[]?> inputs, IReadOnlyList<long[]?> outputs) => _layout.SharedBytes(Grid(inputs[_problem.Input]![0]));

    public int TileCount(in KernelArguments arguments, int phase)
    {
        WinogradGrid grid = Grid(arguments);
        return checked((int)(IsTransformOnly(phase) ? grid.Images * grid.Rows : _layout.Blocks(grid) * _weights.Groups));
    }

    public void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker)
    {
        WinogradGrid grid = Grid(arguments);
        byte* zeros = arguments.WorkerScratch + _layout.ZerosOffset;
        if (!_shape.IsPhased || IsTransformOnly(phase))
        {
            new Span<byte>(zeros, _layout.ZeroBytes).Clear();
        }

        // A worker that comes back for more of a block finds its patches where it left them.
        long* transformed = arguments.WorkerNote;
        for (int item = tiles.Begin; item < tiles.End; item++)
        {
            if (IsTransformOnly(phase))
            {
                TransformInput(arguments, grid, (long)item * grid.Columns, grid.Columns, arguments.Scratch, 0, zeros);
                continue;
            }

            (int block, int group) = Math.DivRem(item, _weights.Groups);
            byte* patches = _shape.IsPhased ? arguments.Scratch + (block * _layout.BlockBytes) : arguments.WorkerScratch + _layout.PatchesOffset;
            if (!_shape.IsPhased && *transformed != block + 1)
            {
                // Where two workers share a block, each has patches of its own: they would cost more to fetch from the other's cache.
                (long first, int count) = _layout.Block(grid, block);
                TransformInput(arguments, grid, first, count, patches, block, zeros);
                *transformed = block + 1;
            }

            RunBlock(arguments, grid, block, group, patches);
        }
    }

    private bool IsTransformOnly(int phase) => phase < PhaseCount - 1;

    private WinogradGrid Grid(long images) => WinogradGrid.Of(_problem, _shape.Tile, images);

    private WinogradGrid Grid(in KernelArguments arguments) => Grid(arguments.InputDims(_problem.Input)[0]);

    /// <summary>Transforms the patches of consecutive tiles.</summary>
    /// <param name="patches">Where those of block <paramref name="firstBlock"/> go; further blocks follow.</param>
    private void TransformInput(in KernelArguments arguments, WinogradGrid grid, long first, long count, byte* patches, long firstBlock, byte* zeros)
    {
        int patch = _tile.Vertical.Patch, rowStep = _tile.Size * _tile.VerticalStride, columnStep = _tile.Size * _tile.HorizontalStride;
        long height = _problem.Vertical.Input!.Value, width = _problem.Horizontal.Input!.Value, pixelBytes = _problem.InputStride * sizeof(float);
        byte* source = arguments.Input(_problem.Input);
        long* block = stackalloc long[WinogradInputCode.FirstRow + patch];
        for (long tile = first, end = first + count; tile < end;)
        {
            (long row, long column) = Math.DivRem(tile, grid.Columns);
            (long image, long inImage) = Math.DivRem(row, grid.Rows);
            (long number, long inBlock) = Math.DivRem(tile, _shape.BlockTiles);
            long y = (inImage * rowStep) - _problem.Vertical.PadBegin, x = (column * columnStep) - _problem.Horizontal.PadBegin;
            int entry = _inputEntries[column], run = 1;
            // Rows of zeros are one patch wide.
            if (y >= 0 && y + patch <= height)
            {
                long most = Math.Min(Math.Min(end - tile, grid.Columns - column), _shape.BlockTiles - inBlock);
                while (run < most && _inputEntries[column + run] == entry)
                {
                    run++;
                }
            }

            block[WinogradInputCode.Target] = (long)(patches + ((number - firstBlock) * _layout.BlockBytes) + (inBlock * _layout.PatchBytes));
            block[WinogradInputCode.Tiles] = run;
            for (int i = 0; i < patch; i++)
            {
                bool isInside = y + i >= 0 && y + i < height;
                block[WinogradInputCode.FirstRow + i] = (long)(isInside ? source + (((((image * height) + y + i) * width) + x) * pixelBytes) : zeros);
            }

            ((delegate* unmanaged<long*, void>)arguments.Entry(entry))(block);
            tile += run;
        }
    }

    private void RunBlock(in KernelArguments arguments, WinogradGrid grid, long block, int group, byte* patches)
    {
        (long first, int count) = _layout.Block(grid, block);
        int width = group == _weights.Groups - 1 ? 1 : 0;
        byte* products = arguments.WorkerScratch;
        Multiply(arguments, count, group, width, patches, products);
        TransformOutput(arguments, grid, first, count, group, width, products);
    }

    private void Multiply(in KernelArguments arguments, int count, int group, int width, byte* patches, byte* products)
    {
        PixelParts parts = new(count, _shape.Pixels);
        // Parts of one size are one call.
        int size = count / parts.Count, larger = count % parts.Count;
        long* block = stackalloc long[DotTile.FirstOperand + 2];
        block[DotTile.FirstOperand + 1] = StreamLines(_weights.VectorsOf(group)) * DotTile.CacheLine;
        block[DotTile.Rows] = 1;
        block[DotTile.RowStep] = 0;
        byte* weights = arguments.Packed(0) + _weights.Offset(group);
        long weightBytes = _weights.MatrixBytes(group);
        foreach ((int product, int number) in _products)
        {
            byte* matrix = weights + (number * weightBytes);
            block[DotTile.Source] = (long)(patches + ((long)product * _layout.PatchProductBytes));
            block[DotTile.Weights] = (long)matrix;
            block[DotTile.Target] = (long)(products + ((long)product * _layout.ProductStep));
            // The next matrix, spread over the parts.
            block[DotTile.FirstOperand] = (long)(matrix + weightBytes);
            if (larger > 0)
            {
                block[DotTile.Tiles] = larger;
                ((delegate* unmanaged<long*, void>)arguments.Entry(_productEntries[width][size + 1]))(block);
                block[DotTile.Source] += (long)larger * (size + 1) * _layout.PatchBytes;
                block[DotTile.Target] += (long)larger * (size + 1) * _layout.ProductBytes;
                block[DotTile.FirstOperand] += weightBytes / parts.Count * larger;
            }

            block[DotTile.Tiles] = parts.Count - larger;
            ((delegate* unmanaged<long*, void>)arguments.Entry(_productEntries[width][size]))(block);
        }
    }

    private void TransformOutput(in KernelArguments arguments, WinogradGrid grid, long first, int count, int group, int width, byte* products)
    {
        int m = _shape.Tile;
        long outputHeight = _problem.Vertical.Output!.Value, outputWidth = _problem.Horizontal.Output!.Value, channel = (long)group * _shape.Vectors * _target.Lanes;
        int wholeColumns = (int)(outputWidth / m);
        byte* target = arguments.Output(0);
        long* block = stackalloc long[WinogradOutputCode.FirstOperand + _problem.Operands.Count];
        for (long tile = first, end = first + count; tile < end;)
        {
            (long row, long column) = Math.DivRem(tile, grid.Columns);
            (long image, long inImage) = Math.DivRem(row, grid.Rows);
            bool isWhole = column < wholeColumns;
            long run = isWhole ? Math.Min(end - tile, wholeColumns - column) : 1;
            long pixel = (inImage * m * outputWidth) + (column * m);
            block[WinogradOutputCode.Products] = (long)(products + ((tile - first) * _layout.ProductBytes));
            block[WinogradOutputCode.Target] = (long)(target + (((((image * outputHeight * outputWidth) + pixel) * _problem.OutputStride) + channel) * sizeof(float)));
            block[WinogradOutputCode.Tiles] = run;
            block[WinogradOutputCode.Rows] = Math.Min(m, outputHeight - (inImage * m));
            for (int i = 0; i < _problem.Operands.Count; i++)
            {
                OperandBinding operand = _problem.Operands[i];
                long imageStride = operand.PerImage && arguments.InputDims(operand.Input)[0] > 1
                    ? operand.PixelStride > 0 ? outputHeight * outputWidth * operand.PixelStride : operand.PerChannel ? _problem.Outputs : 1
                    : 0;
                block[WinogradOutputCode.FirstOperand + i] = (long)(arguments.Input(operand.Input) + (((image * imageStride) + (pixel * operand.PixelStride) + (operand.PerChannel ? channel : 0)) * sizeof(float)));
            }

            ((delegate* unmanaged<long*, void>)arguments.Entry(_outputEntries[width][isWhole ? 0 : 1]))(block);
            tile += run;
        }
    }

    private int[] CompileInputs(WinogradGrid grid)
    {
        int[] entries = new int[grid.Columns];
        Dictionary<(int First, int End), int> known = [];
        long width = _problem.Horizontal.Input!.Value;
        for (int column = 0; column < entries.Length; column++)
        {
            long x = ((long)column * _tile.Size * _tile.HorizontalStride) - _problem.Horizontal.PadBegin;
            (int First, int End) inside = ((int)Math.Clamp(-x, 0, _tile.Horizontal.Patch), (int)Math.Clamp(width - x, 0, _tile.Horizontal.Patch));
            if (!known.TryGetValue(inside, out entries[column]))
            {
                entries[column] = known[inside] = Add(new WinogradInputCode(
                    _tile, _problem.Channels, checked((int)(_problem.InputStride * sizeof(float))), inside.First, inside.End, _layout.PatchProductBytes, _layout.PatchBytes).Compile(_target));
            }
        }

        return entries;
    }

    /// <summary>Lines of the next matrix of weights that are fetched per turn of a tile's loop, so that all are when the tiles of a block are done. Blocks are mostly full.</summary>
    private int StreamLines(int vectors)
    {
        const int PrefetchFrom = 512 << 10;
        int parts = new PixelParts(_shape.BlockTiles, _shape.Pixels).Count, lines = DotTile.Unroll * vectors * _target.Lanes * sizeof(float) / DotTile.CacheLine;
        return _weights.Bytes > PrefetchFrom ? Math.Max(1, (lines + parts - 1) / parts) : 0;
    }

    private int[] CompileProducts(int vectors, int[] sizes)
    {
        int[] entries = new int[_shape.Pixels + 1];
        foreach (int size in sizes)
        {
            entries[size] = Add(new DotTile(
                vectors, _target.Lanes, Ints.From(Enumerable.Range(0, size).Select(i => (long)i * _layout.PatchBytes)), Ints.From(Enumerable.Range(0, size).Select(i => (long)i * _layout.ProductBytes)),
                [new DotRun(0, _problem.Channels, 0)], RepeatsRows: false, GroupBytes: 0, [], null, Prefetch: 0)
            {
                Walk = new(size * _layout.PatchBytes, 0, size * _layout.ProductBytes, Ints.Empty), StreamLines = StreamLines(vectors),
            }.Compile(_target));
        }

        return entries;
    }

    private int[] CompileOutputs(int vectors, int lastLanes)
    {
        int rest = (int)(_problem.Horizontal.Output!.Value % _shape.Tile);
        WinogradOutputCode whole = new(
            _tile, vectors, lastLanes, _tile.Size, _layout.ProductStep, _layout.ProductBytes, _problem.Horizontal.Output.Value, _problem.OutputStride * sizeof(float), _problem.Operands,
            _problem.Epilogue);
        return [_problem.Horizontal.Output.Value >= _shape.Tile ? Add(whole.Compile(_target)) : -1, rest > 0 ? Add((whole with { Columns = rest }).Compile(_target)) : -1];
    }

    /// <summary>Sizes of register tiles that occur for that many tiles; all for null.</summary>
    private IEnumerable<int> Sizes(long? tiles)
    {
        if (tiles is not { } total)
        {
            return Enumerable.Range(1, _shape.Pixels);
        }

        IEnumerable<int> whole = total >= _shape.BlockTiles ? new PixelParts(_shape.BlockTiles, _shape.Pixels).Sizes : [];
        return whole.Concat(new PixelParts(total % _shape.BlockTiles, _shape.Pixels).Sizes).Distinct();
    }

    private int Add(CompiledCode code)
    {
        _code.Add(code);
        return _code.Count - 1;
    }
}
