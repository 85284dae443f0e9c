using System.Runtime.CompilerServices;
using Peregrine.Backends.Cpu.Generation;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.CodeGen.X64;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Products;

/// <summary>
/// Runs a <see cref="PatchProblem"/> with generated tiles. Padding costs nothing: where a tile touches the border, its code leaves out the multiplications by padding. Images whose extents are
/// known only at run time, row-major images and images of very few channels are first copied into a padded scratch image.
/// </summary>
internal sealed unsafe class PatchProductKernel : ICpuKernel
{
    private readonly PatchProblem _problem;
    private readonly TileShape _shape;
    private readonly GeneratorTarget _target;
    private readonly WeightPacker _packer;
    private readonly PatchTraversal _traversal;
    private readonly List<CompiledCode> _code = [];
    private readonly Dictionary<PatchTile, (int Whole, int Last)> _entries = [];
    private readonly (int Whole, int Last)[] _strips;
    private readonly int _pixelBytes;
    private readonly int _groupCount;

    public PatchProductKernel(PatchProblem problem, TileShape shape, GeneratorTarget target)
    {
        _problem = problem;
        _shape = shape;
        _target = target;
        _packer = new(problem, shape.Vectors, target.Lanes);
        _groupCount = _packer.WholeGroups + (_packer.LastVectors > 0 ? 1 : 0);
        _traversal = PatchTraversal.Of(problem, shape.Pixels);
        _pixelBytes = checked((int)((_traversal.IsPadded ? (long)problem.Groups * problem.Channels : problem.InputStride) * sizeof(float)));
        _strips = [.. _traversal.Tiles.Select(t => Entry(t))];
        Packings = [new(problem.WeightInput, _packer.Key, _packer.Bytes, _packer.Pack)];
    }

    public int PhaseCount => _traversal.IsPadded ? 2 : 1;

    public IReadOnlyList<CompiledCode> Code => _code;

    public IReadOnlyList<WeightPacking> Packings { get; }

    public long ScratchBytes(IReadOnlyList<long[]?> inputs, IReadOnlyList<long[]?> outputs) =>
        _traversal.IsPadded ? PatchExtents.Of(_problem, inputs[_problem.Input], outputs[0]).PaddedBytes(_problem) : 0;

    public int TileCount(in KernelArguments arguments, int phase)
    {
        PatchExtents e = Extents(arguments);
        if (phase < PhaseCount - 1)
        {
            return checked((int)(e.Images * e.PaddedHeight));
        }

        long strips = e.Images * _traversal.StripCount(e);
        return checked((int)(_shape.ChannelsOuter ? strips * _problem.Groups * _groupCount : strips));
    }

    public void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker)
    {
        PatchExtents e = Extents(arguments);
        if (phase < PhaseCount - 1)
        {
            PaddedImage.Fill(_problem, e, (float*)arguments.Input(_problem.Input), (float*)arguments.Scratch, tiles);
            return;
        }

        Walk walk = new(arguments, e, this);
        long strips = e.Images * _traversal.StripCount(e);
        for (int tile = tiles.Begin; tile < tiles.End; tile++)
        {
            if (_shape.ChannelsOuter)
            {
                (long block, long strip) = Math.DivRem(tile, strips);
                (long group, long channels) = Math.DivRem(block, _groupCount);
                RunStrip(ref walk, strip, (int)group, (int)channels, (int)channels + 1);
            }
            else
            {
                for (int group = 0; group < _problem.Groups; group++)
                {
                    RunStrip(ref walk, tile, group, 0, _groupCount);
                }
            }
        }
    }

    private PatchExtents Extents(in KernelArguments arguments) => PatchExtents.Of(_problem, arguments.InputDims(_problem.Input), arguments.OutputDims(0));

    /// <summary>Everything about one call that does not change from tile to tile.</summary>
    private ref struct Walk
    {
        public readonly KernelArguments Arguments;
        public readonly PatchExtents Extents;
        public readonly byte* Source;
        public readonly byte* Target;
        public readonly long ImageBytes;
        public readonly long RowBytes;

        public Walk(in KernelArguments arguments, PatchExtents extents, PatchProductKernel kernel)
        {
            Arguments = arguments;
            Extents = extents;
            Source = kernel._traversal.IsPadded ? arguments.Scratch : arguments.Input(kernel._problem.Input);
            Target = arguments.Output(0);
            RowBytes = (kernel._traversal.IsPadded ? extents.PaddedWidth : extents.Width) * kernel._pixelBytes;
            ImageBytes = RowBytes * (kernel._traversal.IsPadded ? extents.PaddedHeight : extents.Height);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunStrip(ref Walk walk, long strip, int group, int firstChannels, int endChannels)
    {
        PatchExtents e = walk.Extents;
        (long image, long inImage) = Math.DivRem(strip, _traversal.StripCount(e));
        long* block = stackalloc long[DotTile.FirstOperand + _problem.Operands.Count];
        PatchAxis v = _problem.Vertical;
        int tileCount = _traversal.TilesOfStrip(e);
        (long y, long rows, long skippedRows) = (0, v.Kernel, 0);
        long sourceRow = 0;
        if (_traversal.Kind != TraversalKind.Flat)
        {
            y = _traversal.Kind == TraversalKind.RowBlocks ? inImage * _traversal.RowsPerBlock : inImage;
            long top = (y * v.Stride) - (_traversal.IsPadded ? 0 : v.PadBegin);
            if (_traversal.Kind == TraversalKind.Rows)
            {
                // The rows of the kernel that lie inside the image.
                skippedRows = top >= 0 ? 0 : Math.Min(v.Kernel, (-top + v.Dilation - 1) / v.Dilation);
                rows = Math.Max(0, Math.Min(v.Kernel, (e.Height - top + v.Dilation - 1) / v.Dilation) - skippedRows);
            }

            sourceRow = top + (skippedRows * v.Dilation);
        }

        block[DotTile.Rows] = rows;
        block[DotTile.RowStep] = walk.RowBytes * v.Dilation;
        for (int part = 0; part < tileCount; part++)
        {
            (long x, int entry) = _traversal.TileAt(e, inImage, part);
            long pixel = _traversal.Kind == TraversalKind.Flat ? x : (y * e.OutputWidth) + x;
            long column = _traversal.Kind == TraversalKind.Flat ? x : (x * _problem.Horizontal.Stride) - (_traversal.IsPadded ? 0 : _problem.Horizontal.PadBegin);
            byte* source = walk.Source + (image * walk.ImageBytes) + (sourceRow * walk.RowBytes) + (column * _pixelBytes) + ((long)group * _problem.Channels * sizeof(float));
            byte* target = walk.Target + ((((image * e.OutputPixels) + pixel) * _problem.OutputStride) + ((long)group * _problem.Outputs)) * sizeof(float);
            block[DotTile.Source] = (long)source;
            int whole = Math.Min(endChannels, _packer.WholeGroups) - firstChannels;
            (int wholeEntry, int lastEntry) = _strips[entry];
            if (whole > 0)
            {
                Call(walk, block, wholeEntry, group, firstChannels, whole, skippedRows, _shape.Vectors, target, image, pixel);
            }

            if (endChannels > _packer.WholeGroups)
            {
                Call(walk, block, lastEntry, group, _packer.WholeGroups, 1, skippedRows, _packer.LastVectors, target, image, pixel);
            }
        }
    }

    private void Call(in Walk walk, long* block, int entry, int group, int firstChannels, int count, long skippedRows, int vectors, byte* target, long image, long pixel)
    {
        long firstChannel = (long)firstChannels * _shape.Vectors * _target.Lanes;
        long skipped = skippedRows * _problem.Horizontal.Kernel * _problem.Channels * vectors * _target.Lanes * sizeof(float);
        block[DotTile.Weights] = (long)(walk.Arguments.Packed(0) + (group * _packer.ConvolutionGroupBytes) + ((long)firstChannels * _packer.GroupBytes) + skipped);
        block[DotTile.Target] = (long)(target + (firstChannel * sizeof(float)));
        block[DotTile.Groups] = count;
        for (int i = 0; i < _problem.Operands.Count; i++)
        {
            OperandBinding operand = _problem.Operands[i];
            long channel = operand.PerChannel ? ((long)group * _problem.Outputs) + firstChannel : 0;
            long imageStride = operand.PerImage && walk.Arguments.InputDims(operand.Input)[0] > 1
                ? operand.PixelStride > 0 ? walk.Extents.OutputPixels * operand.PixelStride : operand.PerChannel ? (long)_problem.Groups * _problem.Outputs : 1
                : 0;
            block[DotTile.FirstOperand + i] = (long)(walk.Arguments.Input(operand.Input) + (((image * imageStride) + (pixel * operand.PixelStride) + channel) * sizeof(float)));
        }

        ((delegate* unmanaged<long*, void>)walk.Arguments.Entry(entry))(block);
    }

    private (int Whole, int Last) Entry(PatchTile tile)
    {
        if (!_entries.TryGetValue(tile, out (int Whole, int Last) entry))
        {
            int remainder = _problem.Outputs % _target.Lanes;
            entry = (
                _packer.WholeGroups > 0 ? Compile(tile, _shape.Vectors, _target.Lanes) : -1,
                _packer.LastVectors > 0 ? Compile(tile, _packer.LastVectors, remainder == 0 ? _target.Lanes : remainder) : -1);
            _entries[tile] = entry;
        }

        return entry;
    }

    private int Compile(PatchTile tile, int vectors, int lastLanes)
    {
        PatchAxis h = _problem.Horizontal, v = _problem.Vertical;
        List<DotRun> runs = [];
        int rowBytes = checked((int)(tile.InputWidth * _pixelBytes));
        for (int row = 0; row < (tile.RepeatsRows ? 1 : v.Kernel); row++)
        {
            if (_traversal.IsPadded && _problem.Groups == 1 && h.Dilation == 1)
            {
                // The columns of the kernel lie side by side.
                runs.Add(new(row * v.Dilation * rowBytes, h.Kernel * _problem.Channels, 0));
                continue;
            }

            for (int column = 0; column < h.Kernel; column++)
            {
                runs.Add(new(checked((row * v.Dilation * rowBytes) + (column * h.Dilation * _pixelBytes)), _problem.Channels, tile.SkippedAt(row, column)));
            }
        }

        Ints inputOffsets = Ints.From(tile.Pixels.Select(p => (p.Y * v.Stride * (long)rowBytes) + (p.X * h.Stride * (long)_pixelBytes)));
        long[] pixelNumbers = [.. tile.Pixels.Select(p => (p.Y * tile.OutputWidth) + p.X)];
        ValueList<DotOperand> operands = ValueList.From(_problem.Operands.Select(o =>
            new DotOperand(o.PerChannel, o.PixelStride == 0 ? Ints.Empty : Ints.From(pixelNumbers.Select(n => n * o.PixelStride * sizeof(float))))));
        int groupBytes = checked((int)(_problem.PatchLength * vectors * _target.Lanes * sizeof(float)));
        const int PrefetchFrom = 512 << 10, PrefetchAhead = 8192;
        DotTile dot = new(
            vectors, lastLanes, inputOffsets, Ints.From(pixelNumbers.Select(n => n * _problem.OutputStride * sizeof(float))), ValueList.From(runs), tile.RepeatsRows, groupBytes, operands, _problem.Epilogue,
            _packer.Bytes > PrefetchFrom ? PrefetchAhead : 0);
        _code.Add(dot.Compile(_target));
        return _code.Count - 1;
    }
}
