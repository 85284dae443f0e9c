using Peregrine.Backends.Cpu.Packing;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.CodeGen.X64;

namespace Peregrine.Backends.Cpu.Products;

/// <summary>
/// Walks the results of a <see cref="PatchProblem"/> tile by tile and hands each to generated code. Padding costs nothing: where a tile touches the border, its code leaves out the
/// multiplications by padding. Images whose extents are known only at run time, and those that the traversal wants padded, are first copied into a padded scratch image.
/// </summary>
internal abstract unsafe class PatchKernel(PatchProblem problem, PatchTraversal traversal) : ICpuKernel
{
    public int PhaseCount => Traversal.IsPadded ? 2 : 1;

    public abstract IReadOnlyList<CompiledCode> Code { get; }

    public abstract IReadOnlyList<WeightPacking> Packings { get; }

    public virtual long WorkerScratchBytes => 0;

    public PatchProblem Problem { get; } = problem;

    // A tile reads its operands before it writes, and no other tile reads those.
    public IReadOnlyList<int> OverwritableInputs { get; } = problem.OperandsLikeResult;

    public PatchTraversal Traversal { get; } = traversal;

    /// <summary>Bytes from input pixel to input pixel, in the padded image where there is one.</summary>
    protected int PixelBytes { get; } = checked((int)((traversal.ReadsPlanes ? 1 : traversal.IsPadded ? (long)problem.Groups * problem.Channels : problem.InputStride) * sizeof(float)));

    /// <summary>Parts into which the output channels are cut, each of which walks all pixels by itself.</summary>
    public abstract int ChannelBlocks { get; }

    /// <summary>Whether consecutive tiles are the channel blocks of a strip, not the strips of a channel block: a worker then has the rows that it had in the layer before.</summary>
    protected virtual bool StripsOuter => false;

    /// <summary>Tiles along a row of pixels that one call of the code computes at most.</summary>
    protected virtual int MostTilesPerCall => int.MaxValue;

    public long ScratchBytes(IReadOnlyList<long[]?> inputs, IReadOnlyList<long[]?> outputs) =>
        ScratchBytes(inputs[Problem.Input], outputs[0]);

    /// <param name="input">Dims of the images.</param>
    /// <param name="output">Dims of the result.</param>
    public long ScratchBytes(ReadOnlySpan<long> input, ReadOnlySpan<long> output) => Traversal.IsPadded ? PatchExtents.Of(Problem, input, output).PaddedBytes(Problem) : 0;

    public int TileCount(in KernelArguments arguments, int phase)
    {
        PatchExtents e = Extents(arguments);
        return checked((int)(phase < PhaseCount - 1 ? e.Images * e.PaddedDepth * e.PaddedHeight : e.Images * Traversal.StripCount(e) * ChannelBlocks));
    }

    public void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker)
    {
        PatchExtents e = Extents(arguments);
        if (phase < PhaseCount - 1)
        {
            PaddedImage.Fill(Problem, e, (float*)arguments.Input(Problem.Input), (float*)arguments.Scratch, tiles);
            return;
        }

        PatchCall call = new(arguments, e, Problem, Traversal, PixelBytes);
        long strips = e.Images * Traversal.StripCount(e);
        int parts = Parts(e, strips, arguments.Ranges);
        for (int tile = tiles.Begin; tile < tiles.End;)
        {
            if (StripsOuter)
            {
                (long strip, long channelBlock) = Math.DivRem(tile, ChannelBlocks);
                RunStrip(ref call, strip, (int)channelBlock, 1);
                tile++;
            }
            else
            {
                // All channel blocks of a part of the strips, then those of the next.
                TileRange part = PartOf(tile / ChannelBlocks, (int)strips, parts);
                (int channelBlock, int inPart) = Math.DivRem(tile - (part.Begin * ChannelBlocks), part.End - part.Begin);
                call.Progress = new(inPart, part.End - part.Begin);
                tile += RunStrip(ref call, part.Begin + inPart, channelBlock, Math.Min(Math.Min(tiles.End - tile, part.End - part.Begin - inPart), MostTilesPerCall));
            }
        }
    }

    /// <summary>Runs strips [first, end) of an image, for some blocks of channels, from and to where a chain keeps them.</summary>
    /// <param name="images">Where all images would begin; only the pixels that the strips read need be there. Null for the call's own input.</param>
    /// <param name="results">Where all results would begin; only those of the strips are written. Null for the call's own output.</param>
    public void RunStrips(in KernelArguments arguments, in PatchExtents extents, long image, TileRange strips, TileRange channelBlocks, byte* images, byte* results)
    {
        PatchCall call = new(arguments, extents, Problem, Traversal, PixelBytes, images, results);
        long first = image * Traversal.StripCount(extents);
        if (StripsOuter)
        {
            for (int strip = strips.Begin; strip < strips.End; strip++)
            {
                for (int channelBlock = channelBlocks.Begin; channelBlock < channelBlocks.End; channelBlock++)
                {
                    RunStrip(ref call, first + strip, channelBlock, 1);
                }
            }

            return;
        }

        for (int channelBlock = channelBlocks.Begin; channelBlock < channelBlocks.End; channelBlock++)
        {
            for (int strip = strips.Begin; strip < strips.End;)
            {
                call.Progress = new(strip - strips.Begin, strips.End - strips.Begin);
                strip += RunStrip(ref call, first + strip, channelBlock, Math.Min(strips.End - strip, MostTilesPerCall));
            }
        }
    }

    /// <summary>
    /// Parts of the pixels, one per worker, each of which goes past all channels before the next: each worker then reads what it wrote in the layer before and writes what it will read in the next,
    /// which from another's cache would come at a byte or so a cycle. For that all weights are read by every worker; where they are many, workers share channels instead.
    /// </summary>
    private int Parts(in PatchExtents e, long strips, int workers)
    {
        const int FewestStrips = 2, WeightsPerActivation = 2;
        long activations = ((e.Images * e.Depth * e.Height * e.Width * Problem.Channels) + (e.Images * e.OutputPixels * Problem.Outputs)) * Problem.Groups;
        return ChannelBlocks > 1 && strips >= FewestStrips * workers && Problem.WeightCount < WeightsPerActivation * activations ? workers : 1;
    }

    /// <summary>The part of the strips in which a strip lies.</summary>
    private static TileRange PartOf(int strip, int strips, int parts)
    {
        if (parts == 1)
        {
            return new(0, strips);
        }

        // The first guess is at most one too low.
        int part = (int)((long)strip * parts / strips);
        TileRange range = TileRange.Of(strips, part, parts);
        return strip < range.End ? range : TileRange.Of(strips, part + 1, parts);
    }

    /// <summary>Where the arguments of tiles over several planes stand in the block.</summary>
    protected int SliceArguments => DotTile.FirstOperand + Problem.Operands.Count;

    /// <summary>Arguments in the block.</summary>
    protected virtual int ArgumentCount => SliceArguments + DotTile.SliceArgumentCount;

    /// <summary>Computes a tile, or several equal ones along a row, for a block of channels; source, number of tiles, rows and planes with their steps stand in the argument block already.</summary>
    /// <param name="code">The number of the tile among <see cref="PatchTraversal.Tiles"/>.</param>
    /// <param name="skippedRows">Rows of the kernel that lie before the image, in all its planes; their weights are left out.</param>
    protected abstract void RunTile(in PatchCall call, long* block, int code, int channelBlock, long skippedRows);

    /// <summary>Points the operands of the epilogue at the tile's first pixel and a first channel.</summary>
    protected void BindOperands(in PatchCall call, long* block, long firstChannel)
    {
        for (int i = 0; i < Problem.Operands.Count; i++)
        {
            OperandBinding operand = Problem.Operands[i];
            long imageStride = operand.PerImage && call.Arguments.InputDims(operand.Input)[0] > 1
                ? operand.PixelStride > 0 ? call.Extents.ResultPixels * operand.PixelStride : operand.PerChannel ? (long)Problem.Groups * Problem.Outputs : 1
                : 0;
            long offset = (call.Image * imageStride) + (call.Pixel * operand.PixelStride) + (operand.PerChannel ? firstChannel : 0);
            block[DotTile.FirstOperand + i] = (long)(call.Arguments.Input(operand.Input) + (offset * sizeof(float)));
        }
    }

    private PatchExtents Extents(in KernelArguments arguments) => PatchExtents.Of(Problem, arguments.InputDims(Problem.Input), arguments.OutputDims(0));

    /// <summary>Runs a strip, or, where strips are tiles of one long row, up to so many of them; returns how many.</summary>
    private int RunStrip(ref PatchCall call, long strip, int channelBlock, int most)
    {
        PatchExtents e = call.Extents;
        PatchAxis v = Problem.Vertical;
        (call.Image, long inImage) = Math.DivRem(strip, Traversal.StripCount(e));
        call.Strip = strip;
        long* block = stackalloc long[ArgumentCount];
        (long y, long rows, long skippedRows, long sourceRow, long z, long sourceSlice, long inPlane) = (0, v.Kernel, 0, 0, 0, 0, inImage);
        if (Traversal.Kind != TraversalKind.Flat)
        {
            (z, inPlane) = Math.DivRem(inImage, Traversal.StripsOfPlane(e));
            y = Traversal.FirstRow(e, inPlane);
            long top = (y * v.Stride) - (Traversal.IsPadded ? 0 : v.PadBegin);
            if (Traversal.Kind == TraversalKind.Rows && !Traversal.IsPadded)
            {
                // The rows of the kernel that lie inside the image.
                (skippedRows, rows) = Inside(v, top, e.Height);
            }

            sourceRow = top + (skippedRows * v.Dilation);
            PatchAxis d = Problem.Depth;
            long front = (z * d.Stride) - (Traversal.IsPadded ? 0 : d.PadBegin);
            (long skippedSlices, long slices) = Traversal.IsPadded ? (0, d.Kernel) : Inside(d, front, e.Depth);
            sourceSlice = front + (skippedSlices * d.Dilation);
            skippedRows += skippedSlices * v.Kernel;
            block[SliceArguments + DotTile.Slices] = slices;
            // The rows of a plane have moved the pointer already.
            block[SliceArguments + DotTile.SliceStep] = call.RowBytes * ((d.Dilation * call.SliceRows) - (Traversal.Kind == TraversalKind.Rows ? rows * v.Dilation : 0));
        }

        block[DotTile.Rows] = rows;
        block[DotTile.RowStep] = call.RowBytes * v.Dilation;
        int tiles = Traversal.TilesOfStrip(e);
        int count = 1;
        for (int part = 0; part < tiles; part += count)
        {
            count = Math.Min(Traversal.Kind == TraversalKind.Flat ? most : MostTilesPerCall, Traversal.EqualTiles(e, inPlane, part));
            block[DotTile.Tiles] = count;
            call.BeginsStrip = part == 0;
            (long x, int code) = Traversal.TileAt(e, inPlane, part);
            PixelPlacement p = Problem.Placement;
            call.Pixel = Traversal.Kind == TraversalKind.Flat ? x : (((z * p.StepZ) + p.FirstZ) * e.ResultPlane) + (((y * p.StepY) + p.FirstY) * e.ResultWidth) + (x * p.StepX) + p.FirstX;
            long column = Traversal.Kind == TraversalKind.Flat ? x : (x * Problem.Horizontal.Stride) - (Traversal.IsPadded ? 0 : Problem.Horizontal.PadBegin);
            call.Source = call.Images + (call.Image * call.ImageBytes) + (((sourceSlice * call.SliceRows) + sourceRow) * call.RowBytes) + (column * PixelBytes);
            call.Target = call.Results + (((call.Image * e.ResultPixels) + call.Pixel) * Problem.OutputStride * sizeof(float));
            RunTile(call, block, code, channelBlock, skippedRows);
        }

        return Traversal.Kind == TraversalKind.Flat ? count : 1;
    }

    /// <summary>How many positions of the kernel lie before the image, and how many inside, if its first is at <paramref name="start"/>.</summary>
    private static (long Skipped, long Count) Inside(PatchAxis axis, long start, long extent)
    {
        long skipped = start >= 0 ? 0 : Math.Min(axis.Kernel, (-start + axis.Dilation - 1) / axis.Dilation);
        return (skipped, Math.Max(0, Math.Min(axis.Kernel, (extent - start + axis.Dilation - 1) / axis.Dilation) - skipped));
    }
}

/// <summary>One call of a <see cref="PatchKernel"/>, and where its walk stands.</summary>
internal unsafe ref struct PatchCall
{
    public readonly KernelArguments Arguments;
    public readonly PatchExtents Extents;
    public readonly byte* Images;
    public readonly byte* Results;
    public readonly long ImageBytes;
    public readonly long RowBytes;
    public readonly long SliceRows;

    public PatchCall(in KernelArguments arguments, PatchExtents extents, PatchProblem problem, PatchTraversal traversal, int pixelBytes, byte* images = null, byte* results = null)
    {
        Arguments = arguments;
        Extents = extents;
        Images = images is not null ? images : traversal.IsPadded ? arguments.Scratch : arguments.Input(problem.Input);
        Results = results is not null ? results : arguments.Output(0);
        RowBytes = (traversal.IsPadded ? extents.PaddedWidth : extents.Width) * pixelBytes;
        SliceRows = traversal.IsPadded ? extents.PaddedHeight : extents.Height;
        ImageBytes = RowBytes * SliceRows * (traversal.IsPadded ? extents.PaddedDepth : extents.Depth) * (traversal.ReadsPlanes ? problem.Channels : 1);
    }

    /// <summary>The image of the tile.</summary>
    public long Image { get; set; }

    /// <summary>How many of the strips that go past the block of channels have done so.</summary>
    public Progress Progress { get; set; }

    /// <summary>The strip of the tile, counted through all images.</summary>
    public long Strip { get; set; }

    /// <summary>Whether the tile is the first of its strip and block of channels.</summary>
    public bool BeginsStrip { get; set; }

    /// <summary>The number of the tile's first pixel in its image.</summary>
    public long Pixel { get; set; }

    /// <summary>Where the patch of the tile's first pixel begins, at channel 0; outside of the image where it begins in the padding.</summary>
    public byte* Source { get; set; }

    /// <summary>The tile's first pixel in the result, at channel 0.</summary>
    public byte* Target { get; set; }
}

/// <summary>How many of some parts are done.</summary>
internal readonly record struct Progress(int Done, int Total)
{
    /// <summary>The same share of something else.</summary>
    public long Of(long whole) => whole * Done / Total;
}
