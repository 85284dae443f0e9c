using System.Numerics;
using Peregrine.Backends.Cpu.Generation;
using Peregrine.Backends.Cpu.Packing;
using Peregrine.CodeGen.X64;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Products;

/// <summary>Runs a <see cref="PatchProblem"/> with <see cref="DotTile"/>s: generated ones, or, where nothing may be generated, portable ones.</summary>
internal unsafe class PatchProductKernel : PatchKernel
{
    // Weights that the first-level cache holds need not be fetched ahead; others may come from memory, whatever their size, where something else has used the caches between two calls.
    private const int PrefetchFrom = 32 << 10, PrefetchAhead = 8192;

    private readonly TileShape _shape;
    private readonly GeneratorTarget? _target;
    private readonly int _lanes;
    private readonly WeightPacker _packer;
    private readonly List<CompiledCode> _code = [];
    private readonly List<PortableTile> _portable = [];
    // Per tile of the traversal the numbers of its codes for whole groups of channels and for the last group; −1 for none.
    private readonly (int Whole, int Last)[] _entries;
    private readonly int _groupCount;
    // Lines of the next group's weights that are fetched per turn of a tile's loop.
    private readonly int _streamLines;

    public PatchProductKernel(PatchProblem problem, TileShape shape, GeneratorTarget? target)
        : base(problem, PatchTraversal.Of(problem, shape.Pixels, padFewChannels: true, padAll: target is null))
    {
        _shape = shape;
        _target = target;
        _lanes = target?.Lanes ?? Vector<float>.Count;
        _packer = new(problem, shape.Vectors, _lanes, Traversal.ReadsPlanes);
        _groupCount = _packer.WholeGroups + (_packer.LastVectors > 0 ? 1 : 0);
        _streamLines = shape.ChannelsOuter && target is not null && _packer.Bytes > PrefetchFrom ? StreamLines() : 0;
        int remainder = problem.Outputs % _lanes;
        _entries = [.. Traversal.Tiles.Select(t => (
            _packer.WholeGroups > 0 ? Compile(t, _shape.Vectors, _lanes, shape.ChannelsOuter ? 1 : _packer.WholeGroups) : -1,
            _packer.LastVectors > 0 ? Compile(t, _packer.LastVectors, remainder == 0 ? _lanes : remainder, 1) : -1))];
        Packings = [new(problem.WeightInput, _packer.Key, _packer.Bytes, _packer.Parts, _packer.Pack) { Form = _packer.Form }];
    }

    public override IReadOnlyList<CompiledCode> Code => _code;

    public override IReadOnlyList<WeightPacking> Packings { get; }

    // With two codes per tile the input is walked twice, so it should still be in the cache the second time.
    protected override int MostTilesPerCall => _packer.WholeGroups > 0 && _packer.LastVectors > 0 && !_shape.ChannelsOuter ? 4 : int.MaxValue;

    protected override int ArgumentCount => base.ArgumentCount + 2;

    public override long WorkerScratchBytes => _portable.Count == 0 ? 0 : _portable.Max(t => t.ScratchBytes);

    public override int ChannelBlocks => _shape.ChannelsOuter ? Problem.Groups * _groupCount : 1;

    /// <summary>The packed weights for the image of the call.</summary>
    protected virtual byte* WeightsOf(in PatchCall call) => call.Arguments.Packed(0);

    protected override void RunTile(in PatchCall call, long* block, int code, int channelBlock, long skippedRows)
    {
        if (_shape.ChannelsOuter)
        {
            (int group, int channels) = Math.DivRem(channelBlock, _groupCount);
            RunGroup(call, block, code, group, channels, channels + 1, skippedRows);
            return;
        }

        for (int group = 0; group < Problem.Groups; group++)
        {
            RunGroup(call, block, code, group, 0, _groupCount, skippedRows);
        }
    }

    /// <summary>Computes one tile for groups of output channels [first, end) of a convolution group.</summary>
    private void RunGroup(in PatchCall call, long* block, int code, int group, int first, int end, long skippedRows)
    {
        block[DotTile.Source] = (long)(call.Source + ((long)group * Problem.Channels * sizeof(float)));
        if (first < _packer.WholeGroups)
        {
            Invoke(call, block, _entries[code].Whole, group, first, skippedRows, _shape.Vectors);
        }

        if (end > _packer.WholeGroups)
        {
            Invoke(call, block, _entries[code].Last, group, _packer.WholeGroups, skippedRows, _packer.LastVectors);
        }
    }

    private void Invoke(in PatchCall call, long* block, int entry, int group, int first, long skippedRows, int vectors)
    {
        long channel = ((long)group * Problem.Outputs) + ((long)first * _shape.Vectors * _lanes);
        long rowBytes = (long)Problem.Horizontal.Kernel * Problem.Channels * vectors * _lanes * sizeof(float), skipped = skippedRows * rowBytes;
        block[SliceArguments + DotTile.SliceWeights] = (Problem.Vertical.Kernel - block[DotTile.Rows]) * rowBytes;
        block[DotTile.Weights] = (long)(WeightsOf(call) + (group * _packer.ConvolutionGroupBytes) + ((long)first * _packer.GroupBytes) + skipped);
        block[DotTile.Target] = (long)(call.Target + (channel * sizeof(float)));
        BindOperands(call, block, channel);
        if (_streamLines > 0)
        {
            Progress progress = call.Progress;
            int stream = SliceArguments + (HasSlices ? DotTile.SliceArgumentCount : 0);
            block[stream] = (long)(WeightsOf(call) + (group * _packer.ConvolutionGroupBytes) + ((first + 1L) * _packer.GroupBytes) + (progress.Of(_packer.GroupBytes) & -DotTile.CacheLine));
            block[stream + 1] = Math.Min(_streamLines * DotTile.CacheLine, (TurnBytes / ((long)progress.Total * Traversal.TilesOfStrip(call.Extents))) + 1);
        }

        if (_target is null)
        {
            _portable[entry].Run(block, call.Arguments.WorkerScratch);
            return;
        }

        // Safe: the code was made for this tile, and the block holds the arguments that it declares.
        ((delegate* unmanaged<long*, void>)call.Arguments.Entry(entry))(block);
    }

    private int Compile(PatchTile tile, int vectors, int lastLanes, int groups)
    {
        ValueList<DotRun> runs = Traversal.ReadsPlanes ? PlaneRuns(tile) : PixelRuns(tile);
        DotTile dot = new(
            vectors, lastLanes, tile.InputOffsets(Problem, PixelBytes), tile.OutputOffsets(Problem.OutputStride * Problem.Placement.StepX), runs, tile.RepeatsRows,
            checked((int)(Problem.PatchLength * vectors * _lanes * sizeof(float))), tile.Operands(Problem), Problem.Epilogue, _packer.Bytes > PrefetchFrom && _streamLines == 0 ? PrefetchAhead : 0)
        {
            HasSlices = HasSlices, StreamLines = _streamLines, Groups = groups, Walk = DotWalk.Along(Problem, tile.Pixels.Count / tile.PixelRows, PixelBytes),
            // Blocks that end with a position of the kernel leave the runs of tiles on the border whole.
            RowLength = Problem.Channels >= SumBlocks.Shortest ? Problem.Channels : Problem.Horizontal.Kernel * Problem.Channels,
        };
        if (_target is null)
        {
            _portable.Add(new(dot));
            return _portable.Count - 1;
        }

        _code.Add(dot.Compile(_target));
        return _code.Count - 1;
    }

    private bool HasSlices => Problem.HasSlices && Traversal.Kind != TraversalKind.Flat;

    // Weights of a turn of a tile's loop.
    private int TurnBytes => DotTile.Unroll * _shape.Vectors * _lanes * sizeof(float);

    /// <summary>
    /// While all pixels go past a group of channels, the weights of the next are fetched, so that its first tile need not wait for all of them. Workers that share the pixels each fetch all weights while
    /// they go past their own; this is enough for two.
    /// </summary>
    private int StreamLines()
    {
        const int Workers = 2;
        long tiles = TileShape.TilesOfImage(Problem, _shape.Pixels) * (Problem.MergesImages ? Problem.Images ?? 1 : 1);
        return tiles < 2 ? 0 : (int)((Math.Min(TurnBytes, (TurnBytes * Workers / tiles) + 1) + DotTile.CacheLine - 1) / DotTile.CacheLine);
    }

    /// <summary>The channels of each position of the kernel lie side by side; those of a whole row do where an image is dense and has its padding.</summary>
    private ValueList<DotRun> PixelRuns(PatchTile tile)
    {
        PatchAxis h = Problem.Horizontal, v = Problem.Vertical;
        List<DotRun> runs = [];
        int rowBytes = checked((int)(tile.InputWidth * PixelBytes));
        for (int row = 0; row < (tile.RepeatsRows ? 1 : v.Kernel); row++)
        {
            if (Traversal.IsPadded && Problem.Groups == 1 && h.Dilation == 1)
            {
                runs.Add(new(row * v.Dilation * rowBytes, h.Kernel * Problem.Channels, 0));
                continue;
            }

            for (int column = 0; column < h.Kernel; column++)
            {
                runs.Add(new(checked((row * v.Dilation * rowBytes) + (column * h.Dilation * PixelBytes)), Problem.Channels, tile.SkippedAt(row, column)));
            }
        }

        return ValueList.From(runs);
    }

    /// <summary>In each plane the positions of a row of the kernel lie side by side.</summary>
    private ValueList<DotRun> PlaneRuns(PatchTile tile)
    {
        PatchAxis h = Problem.Horizontal, v = Problem.Vertical;
        List<DotRun> runs = [];
        for (int row = 0; row < (tile.RepeatsRows ? 1 : v.Kernel); row++)
        {
            bool isWhole = h.Dilation == 1 && Enumerable.Range(0, h.Kernel).All(column => tile.SkippedAt(row, column) == 0);
            for (int channel = 0; channel < Problem.Channels; channel++)
            {
                int first = checked((int)((channel * Problem.PlaneBytes!.Value) + (row * v.Dilation * tile.InputWidth * PixelBytes)));
                if (isWhole)
                {
                    runs.Add(new(first, h.Kernel, 0));
                    continue;
                }

                for (int column = 0; column < h.Kernel; column++)
                {
                    runs.Add(new(first + (column * h.Dilation * PixelBytes), 1, tile.SkippedAt(row, column)));
                }
            }
        }

        return ValueList.From(runs);
    }
}
