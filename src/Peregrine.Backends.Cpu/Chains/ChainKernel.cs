using Peregrine.Backends.Cpu.Convolution;
using Peregrine.Backends.Cpu.Packing;
using Peregrine.Backends.Cpu.Pooling;
using Peregrine.Backends.Cpu.Products;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.CodeGen.X64;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Chains;

/// <summary>
/// Runs the kernels of a chain in turns, on bands of the last one's rows: what a band reads of the result before it lies in a window of the worker's own temporary memory, small enough for the second-level
/// cache. The kernels are those that would run one after the other, and run unchanged: they are told where all pixels of their input would begin and where all of their result would, of which only those of
/// the window are there. A worker that goes on to the next band keeps the rows that both read, at the beginning of the window; one that begins elsewhere computes them for itself. Where the second link
/// has a kernel of its own for each channel, a chain may be cut by groups of channels, too: a group then goes past all bands before the next. Where the mean of the last link's result is wanted, that link
/// leaves the sums of each strip in shared temporary memory, of which a second phase makes means: the strips alone decide how sums are formed.
/// </summary>
internal sealed unsafe class ChainKernel : ICpuKernel
{
    // What a worker remembers from band to band, in front of its windows: image and group, the next band; then per window the first pixel, the end, and the next strip of the link that fills it.
    private const int Group = 0, NextBand = 1, FirstWindow = 2, StateFields = 3;

    private readonly PatchKernel[] _kernels;
    private readonly ChainLayout _layout;
    private readonly LinkOperands[] _operands;
    private readonly int[] _firstCodes;
    private readonly int[] _firstPackings;
    private readonly long[] _windowOffsets;
    // Floats of a pixel of each window.
    private readonly long[] _strides;
    private readonly int _groups;
    private readonly int _channelsPerGroup;
    private readonly int[] _blocksPerGroup;
    // Where the last link leaves sums.
    private readonly DepthwiseKernel? _summing;
    private readonly KernelOperand? _mean;

    /// <param name="kernels">One per link, all of one phase.</param>
    /// <param name="operands">One per link.</param>
    /// <param name="channelsPerGroup">Channels of a group; 0 for one group of all of them.</param>
    /// <param name="blocksPerGroup">Per link, how many of its kernel's blocks of channels make a group.</param>
    /// <param name="mean">The second result, where there is one: the last kernel is a <see cref="DepthwiseKernel"/> with sums then.</param>
    public ChainKernel(PatchKernel[] kernels, ChainLayout layout, LinkOperands[] operands, int channelsPerGroup, int[] blocksPerGroup, KernelOperand? mean)
    {
        (_mean, _summing) = (mean, mean is null ? null : (DepthwiseKernel)kernels[^1]);
        (_kernels, _layout, _operands, _channelsPerGroup, _blocksPerGroup) = (kernels, layout, operands, channelsPerGroup, blocksPerGroup);
        _strides = [.. kernels.SkipLast(1).Select(k => k.Problem.OutputStride)];
        _groups = channelsPerGroup == 0 ? 1 : (int)((((long)kernels[0].Problem.Groups * kernels[0].Problem.Outputs) + channelsPerGroup - 1) / channelsPerGroup);
        _firstCodes = new int[kernels.Length];
        _firstPackings = new int[kernels.Length];
        List<CompiledCode> code = [];
        List<WeightPacking> packings = [];
        for (int i = 0; i < kernels.Length; i++)
        {
            int shift = operands[i].FirstInput;
            (_firstCodes[i], _firstPackings[i]) = (code.Count, packings.Count);
            code.AddRange(kernels[i].Code);
            packings.AddRange(kernels[i].Packings.Select(p => p with { Input = p.Input + shift }));
        }

        (Code, Packings) = (code, packings);
        _windowOffsets = new long[kernels.Length - 1];
        long end = Aligned(StateBytes);
        for (int i = 0; i < _windowOffsets.Length; i++)
        {
            _windowOffsets[i] = end;
            end = Aligned(checked(end + (layout.Window(i) * _strides[i] * sizeof(float))));
        }

        KernelScratch = end;
        WorkerScratchBytes = end + kernels.Max(k => k.WorkerScratchBytes);
    }

    public IReadOnlyList<CompiledCode> Code { get; }

    public IReadOnlyList<WeightPacking> Packings { get; }

    public long WorkerScratchBytes { get; }

    public int PhaseCount => _mean is null ? 1 : 2;

    // Nobody but the last link's tiles reads what is an operand of theirs alone.
    public IReadOnlyList<int> OverwritableInputs => [.. _kernels[^1].OverwritableInputs.Select(i => i + _operands[^1].FirstInput)];

    /// <summary>Where the kernels' own temporary memory begins.</summary>
    private long KernelScratch { get; }

    private int StateBytes => (FirstWindow + (StateFields * (_kernels.Length - 1))) * sizeof(long);

    public long ScratchBytes(IReadOnlyList<long[]?> inputs, IReadOnlyList<long[]?> outputs) => _summing is null ? 0 : checked(inputs[0]![0] * Means(1).Parts * _summing.SumsPerStrip * sizeof(float));

    public int TileCount(in KernelArguments arguments, int phase)
    {
        long images = arguments.InputDims(0)[0];
        return phase == 0 ? checked((int)(images * _groups * _layout.Bands)) : Means(images).TileCount;
    }

    public void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker)
    {
        if (phase > 0)
        {
            MeanOfSums means = Means(arguments.InputDims(0)[0]);
            for (int tile = tiles.Begin; tile < tiles.End; tile++)
            {
                // One pixel, whose channels lie side by side in either layout.
                means.Run(tile, (float*)arguments.Scratch, (float*)arguments.Output(1), Math.Max(means.Channels, _mean!.Layout.InnerStride));
            }

            return;
        }

        long* state = (long*)arguments.WorkerScratch;
        if (*arguments.WorkerNote == 0)
        {
            // What stands there is somebody else's.
            (*arguments.WorkerNote, state[NextBand]) = (1, -1);
        }

        for (int tile = tiles.Begin; tile < tiles.End; tile++)
        {
            (int image, int inImage) = Math.DivRem(tile, _groups * _layout.Bands);
            // All groups of a worker's part of the bands, then those of the next part: a worker reads what it wrote in the layer before.
            TileRange part = PartOf(inImage, arguments.Ranges);
            (int group, int inPart) = Math.DivRem(inImage - (part.Begin * _groups), part.End - part.Begin);
            long run = ((long)image * _groups) + group, band = (run * _layout.Bands) + part.Begin + inPart;
            if (state[NextBand] != band || state[Group] != run)
            {
                new Span<long>(state + FirstWindow, StateFields * (_kernels.Length - 1)).Fill(-1);
            }

            (state[Group], state[NextBand]) = (run, band + 1);
            Compute(arguments, _kernels.Length - 1, _layout.Band(part.Begin + inPart));
        }
    }

    /// <summary>The part of the bands, of one for each worker, in which a tile of an image lies.</summary>
    private TileRange PartOf(int tile, int workers)
    {
        int band = tile / _groups, part = (int)((long)band * workers / _layout.Bands);
        TileRange range = TileRange.Of(_layout.Bands, part, workers);
        while (band >= range.End)
        {
            range = TileRange.Of(_layout.Bands, ++part, workers);
        }

        return range;
    }

    private MeanOfSums Means(long images)
    {
        ChainSteps last = _layout[_layout.Links - 1];
        return new(images, (long)last.Problem.Groups * last.Problem.Outputs, last.Count, _summing!.SumsPerStrip, last.Extents.OutputPixels);
    }

    private static long Aligned(long bytes) => (bytes + 63) & -64;

    /// <summary>Runs strips of a link, and before them whatever they need of the links before.</summary>
    private void Compute(in KernelArguments arguments, int link, TileRange strips)
    {
        (long image, long group) = Math.DivRem(((long*)arguments.WorkerScratch)[Group], _groups);
        if (link > 0 && _layout[link].Inputs(strips) is var (begin, end) && begin < end)
        {
            Fill(arguments, link - 1, begin, end);
        }

        PatchKernel kernel = _kernels[link];
        PatchExtents extents = _layout[link].Extents;
        KernelArguments own = arguments with
        {
            FirstCode = _firstCodes[link], FirstPacking = _firstPackings[link], Link = _operands[link], WorkerScratch = arguments.WorkerScratch + KernelScratch,
        };
        int blocks = _blocksPerGroup[link], first = (int)group * blocks;
        kernel.RunStrips(
            own, extents, image, strips, new(first, Math.Min(first + blocks, kernel.ChannelBlocks)),
            link == 0 ? null : Base(arguments, link - 1, image * extents.Height * extents.Width, group),
            link == _kernels.Length - 1 ? null : Base(arguments, link, image * extents.ResultPixels, group));
    }

    /// <summary>Where the first pixel of all images and the first of all channels would lie.</summary>
    private byte* Base(in KernelArguments arguments, int window, long firstOfImage, long group)
    {
        long pixel = firstOfImage + Math.Max(0, First(arguments, window));
        return arguments.WorkerScratch + _windowOffsets[window] - (((pixel * _strides[window]) + (group * _channelsPerGroup)) * sizeof(float));
    }

    /// <summary>Has pixels [begin, end) of a link's result in its window.</summary>
    private void Fill(in KernelArguments arguments, int link, long begin, long end)
    {
        ref long first = ref First(arguments, link), known = ref State(arguments, link, 1), next = ref State(arguments, link, 2);
        ChainSteps steps = _layout[link];
        TileRange wanted = steps.Covering(begin, end);
        if (next < wanted.Begin)
        {
            // Nothing of it is there, or a gap would be between.
            next = wanted.Begin;
            first = known = steps.Results(wanted).Begin;
        }

        if (next >= wanted.End)
        {
            return;
        }

        TileRange missing = new((int)next, wanted.End);
        long last = steps.Results(missing).End;
        if (last - first > _layout.Window(link))
        {
            // What is still needed moves to the window's beginning.
            long kept = Math.Min(begin, known), bytes = _strides[link] * sizeof(float);
            byte* window = arguments.WorkerScratch + _windowOffsets[link];
            Buffer.MemoryCopy(window + ((kept - first) * bytes), window, _layout.Window(link) * bytes, (known - kept) * bytes);
            first = kept;
        }

        Compute(arguments, link, missing);
        (known, next) = (last, wanted.End);
    }

    private static ref long First(in KernelArguments arguments, int window) => ref State(arguments, window, 0);

    private static ref long State(in KernelArguments arguments, int window, int field) => ref ((long*)arguments.WorkerScratch)[FirstWindow + (StateFields * window) + field];
}
