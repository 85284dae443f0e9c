using Peregrine.Backends.Cpu.Generation;
using Peregrine.Backends.Cpu.Packing;
using Peregrine.Backends.Cpu.Products;
using Peregrine.CodeGen.X64;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Convolution;

/// <summary>Runs a convolution in which each channel is a group of its own with generated <see cref="DepthwiseTile"/>s. Weights are packed [vector of channels][kernel row][kernel column][lane].</summary>
internal sealed unsafe class DepthwiseKernel : PatchKernel
{
    // Enough blocks for all workers where images are small; in fewer vectors calls would weigh too much.
    private const int MostVectorsPerBlock = 12;

    private readonly GeneratorTarget _target;
    private readonly List<CompiledCode> _code = [];
    // Per tile of the traversal the numbers of its codes for whole vectors and for the incomplete last one.
    private readonly (int Whole, int Last)[] _entries;
    private readonly int _wholeVectors;
    private readonly int _remainder;
    private readonly int _vectorBytes;
    private readonly int? _blockVectors;
    private readonly bool _hasSums;
    private readonly bool _hasSlices;
    // Where the number of vectors stands in the block of arguments.
    private readonly int _vectorsArgument;

    /// <param name="blockVectors">Vectors of each block of channels but the last; null for as many as suit.</param>
    /// <param name="hasSums">Whether the results of each strip and channel are summed up, too, in shared temporary memory: [strip of all images][channel], <see cref="SumsPerStrip"/> apart.</param>
    public DepthwiseKernel(PatchProblem problem, DepthwiseShape shape, GeneratorTarget target, int? blockVectors = null, bool hasSums = false)
        : base(problem, PatchTraversal.Of(problem, shape.Columns, padFewChannels: false, blockRows: shape.Rows))
    {
        _target = target;
        (_wholeVectors, _remainder) = Math.DivRem(problem.Groups, target.Lanes);
        _blockVectors = blockVectors;
        _hasSums = hasSums;
        _hasSlices = problem.HasSlices && Traversal.Kind != TraversalKind.Flat;
        _vectorsArgument = SliceArguments + DepthwiseTile.Vectors(_hasSlices, hasSums);
        ChannelBlocks = Math.Max(1, blockVectors is { } size ? (_wholeVectors + (_remainder > 0 ? 1 : 0) + size - 1) / size : new PixelParts(_wholeVectors, MostVectorsPerBlock).Count);
        _vectorBytes = checked((int)(problem.PatchLength * target.Lanes * sizeof(float)));
        _entries = [.. Traversal.Tiles.Select(t => (_wholeVectors > 0 ? Compile(t, target.Lanes) : -1, _remainder > 0 ? Compile(t, _remainder) : -1))];
        long bytes = (long)_vectorBytes * (_wholeVectors + (_remainder > 0 ? 1 : 0));
        Packings = [new(problem.WeightInput, $"depthwise {problem.Groups}x{problem.PatchLength} by {target.Lanes}", bytes, 1, Pack)];
    }

    public override IReadOnlyList<CompiledCode> Code => _code;

    public override IReadOnlyList<WeightPacking> Packings { get; }

    /// <summary>Floats from the sums of a strip to those of the next: whole vectors.</summary>
    public long SumsPerStrip => (long)(_wholeVectors + (_remainder > 0 ? 1 : 0)) * _target.Lanes;

    // With two codes per tile the input is walked twice, so it should still be in the cache the second time.
    protected override int MostTilesPerCall => _wholeVectors > 0 && _remainder > 0 ? 4 : int.MaxValue;

    // The number of vectors.
    protected override int ArgumentCount => base.ArgumentCount + 1;

    protected override bool StripsOuter => true;

    public override int ChannelBlocks { get; }

    protected override void RunTile(in PatchCall call, long* block, int code, int channelBlock, long skippedRows)
    {
        (long first, int vectors) = _blockVectors is { } size ? ((long)channelBlock * size, Math.Min(size, _wholeVectors - (channelBlock * size)))
            : _wholeVectors > 0 ? new PixelParts(_wholeVectors, MostVectorsPerBlock)[channelBlock] : (0, 0);
        if (vectors > 0)
        {
            Invoke(call, block, _entries[code].Whole, (int)first, vectors, skippedRows);
        }

        if (_remainder > 0 && channelBlock == ChannelBlocks - 1)
        {
            Invoke(call, block, _entries[code].Last, _wholeVectors, 1, skippedRows);
        }
    }

    private void Invoke(in PatchCall call, long* block, int entry, int first, int vectors, long skippedRows)
    {
        long channel = (long)first * _target.Lanes, rowBytes = (long)Problem.Horizontal.Kernel * _target.Lanes * sizeof(float);
        block[_vectorsArgument] = vectors;
        block[DotTile.Source] = (long)(call.Source + (channel * sizeof(float)));
        block[DotTile.Weights] = (long)(call.Arguments.Packed(0) + ((long)first * _vectorBytes) + (skippedRows * rowBytes));
        if (_hasSlices)
        {
            block[SliceArguments + DotTile.SliceWeights] = (Problem.Vertical.Kernel - block[DotTile.Rows]) * rowBytes;
        }

        block[DotTile.Target] = (long)(call.Target + (channel * sizeof(float)));
        if (_hasSums)
        {
            float* sums = (float*)call.Arguments.Scratch + (call.Strip * SumsPerStrip) + channel;
            block[SliceArguments + DepthwiseTile.Sums] = (long)sums;
            if (call.BeginsStrip)
            {
                new Span<float>(sums, vectors * _target.Lanes).Clear();
            }
        }

        BindOperands(call, block, channel);
        ((delegate* unmanaged<long*, void>)call.Arguments.Entry(entry))(block);
    }

    private int Compile(PatchTile tile, int lanes)
    {
        PatchAxis h = Problem.Horizontal, v = Problem.Vertical;
        List<DotRun> runs = [];
        for (int row = 0; row < (tile.RepeatsRows ? 1 : v.Kernel); row++)
        {
            for (int column = 0; column < h.Kernel; column++)
            {
                runs.Add(new(checked((int)(((row * v.Dilation * tile.InputWidth) + (column * h.Dilation)) * PixelBytes)), 1, tile.SkippedAt(row, column)));
            }
        }

        _code.Add(new DepthwiseTile(
            lanes, tile.PixelRows, tile.InputOffsets(Problem, PixelBytes), tile.OutputOffsets(Problem.OutputStride), ValueList.From(runs), h.Kernel, tile.RepeatsRows, _vectorBytes, tile.Operands(Problem), Problem.Epilogue)
        {
            HasSlices = _hasSlices,
            HasSums = _hasSums,
            Walk = DotWalk.Along(Problem, tile.Pixels.Count / tile.PixelRows, PixelBytes),
        }.Compile(_target));
        return _code.Count - 1;
    }

    private void Pack(byte* source, byte* target, int part)
    {
        float* from = (float*)source, to = (float*)target;
        for (int channel = 0; channel < Problem.Groups; channel++)
        {
            (int vector, int lane) = Math.DivRem(channel, _target.Lanes);
            float* column = to + ((long)vector * _vectorBytes / sizeof(float)) + lane;
            for (int position = 0; position < Problem.PatchLength; position++)
            {
                column[position * _target.Lanes] = *from++;
            }
        }
    }
}
