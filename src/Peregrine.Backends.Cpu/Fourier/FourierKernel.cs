using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Peregrine.Backends.Cpu.Generation;
using Peregrine.Backends.Cpu.Packing;
using Peregrine.Backends.Cpu.Products;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.CodeGen.X64;

namespace Peregrine.Backends.Cpu.Fourier;

/// <summary>
/// Runs a depthwise convolution of stride 1 tile by tile: forth, product with the weights' spectra, back. A work item is one tile (or several, where channels are few) of one group of channels; each
/// worker has memory for one.
/// </summary>
internal sealed unsafe class FourierKernel : ICpuKernel
{
    // Positions of side by side tiles that are copied before the next tile's turn: their lines stay in the first-level cache.
    private const int Block = 64;

    private readonly PatchProblem _problem;
    private readonly FourierPlan _plan;
    private readonly bool _isWide;
    // By group of channels: all but the last have the first.
    private readonly CompiledCode[] _code;
    private readonly long _tileFloats;
    private readonly EpilogueBlocks? _epilogue;
    private readonly (int Slot, int Operand)[] _operands;

    /// <param name="target">What may be generated; null for nothing, then the epilogue is computed operation by operation.</param>
    public FourierKernel(PatchProblem problem, FourierShape shape, GeneratorTarget? target)
    {
        int lanes = LanesFor(target);
        (_problem, _plan, _isWide) = (problem, new(problem, shape, lanes), lanes != Vector<float>.Count);
        _code = target is null ? [] : [.. new[] { _plan.ChannelsOf(0), _plan.ChannelsOf(_plan.ChannelGroups - 1) }.Select(c => new FourierOutputCode(problem, c, _plan.Floats).Compile(target))];
        _epilogue = problem.Epilogue is null ? null : new(problem.Epilogue);
        _operands = _epilogue is null ? [] : [.. _epilogue.Operands];
        _tileFloats = FourierTile<PreferredVector, Vector<float>>.MemoryFloats(_plan);
        Packings = [new(problem.WeightInput, _plan.WeightKey, _plan.WeightBytes, _plan.ChannelGroups, Pack)];
    }

    public IReadOnlyList<CompiledCode> Code => _code;

    public IReadOnlyList<WeightPacking> Packings { get; }

    public long WorkerScratchBytes => ScratchBytesOf(_plan, _problem);

    /// <summary>Bytes that a worker needs.</summary>
    public static long ScratchBytesOf(FourierPlan plan, PatchProblem problem) =>
        (FourierTile<PreferredVector, Vector<float>>.MemoryFloats(plan) * sizeof(float)) + (problem.Epilogue is null ? 0 : new EpilogueBlocks(problem.Epilogue).SlotVectors * (long)Vector<byte>.Count);

    /// <summary>Lanes of transforms: those of generated code where the runtime has so wide vectors too.</summary>
    public static int LanesFor(GeneratorTarget? target) => target?.Lanes == Vector512<float>.Count && Vector512.IsHardwareAccelerated ? Vector512<float>.Count : Vector<float>.Count;

    public long ScratchBytes(IReadOnlyList<long[]?> inputs, IReadOnlyList<long[]?> outputs) => 0;

    public int TileCount(in KernelArguments arguments, int phase) => checked((int)(TileSets(arguments) * _plan.ChannelGroups));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker)
    {
        long sets = TileSets(arguments);
        for (int item = tiles.Begin; item < tiles.End; item++)
        {
            (long group, long set) = Math.DivRem(item, sets);
            if (_isWide)
            {
                RunItem<WideVector, Vector512<float>>(arguments, (int)group, set);
            }
            else
            {
                RunItem<PreferredVector, Vector<float>>(arguments, (int)group, set);
            }
        }
    }

    private long Tiles(in KernelArguments arguments) => arguments.InputDims(_problem.Input)[0] * _plan.TilesOfImage;

    private long TileSets(in KernelArguments arguments) => (Tiles(arguments) + _plan.TilesAtOnce - 1) / _plan.TilesAtOnce;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunItem<TOps, T>(in KernelArguments arguments, int group, long set) where TOps : struct, IFloatVector<T> where T : unmanaged
    {
        FourierTile<TOps, T> tile = new(_plan, (float*)arguments.WorkerScratch);
        long first = set * _plan.TilesAtOnce, end = Math.Min(first + _plan.TilesAtOnce, Tiles(arguments));
        int channels = _plan.ChannelsOf(group);
        float* source = (float*)arguments.Input(_problem.Input) + ((long)group * _plan.Floats);
        for (int row = 0; row < _plan.Rows.Length; row++)
        {
            if (Gather<TOps, T>(source, first, end, row, tile.Line, channels))
            {
                tile.EnterRow(row);
            }
            else
            {
                tile.ClearRow(row);
            }
        }

        tile.Multiply((float*)arguments.Packed(0) + (group * _plan.SpectrumFloats));
        for (int row = 0; row < _plan.Vertical.Outputs; row++)
        {
            tile.LeaveRow(row);
            int block = _plan.TilesAtOnce > 1 ? Block : _plan.Horizontal.Outputs;
            for (int begin = 0; begin < _plan.Horizontal.Outputs; begin += block)
            {
                for (long number = first; number < end; number++)
                {
                    (long image, long down, long across) = Place(number);
                    int count = Math.Min(block, _plan.Horizontal.OutputsOf(across) - begin);
                    if (row < _plan.Vertical.OutputsOf(down) && count > 0)
                    {
                        float* line = tile.Line + ((long)begin * _plan.Floats) + ((number - first) * channels);
                        Finish(arguments, image, (down * _plan.Vertical.Outputs) + row, (across * _plan.Horizontal.Outputs) + begin, count, line, group, channels);
                    }
                }
            }
        }
    }

    private (long Image, long Down, long Across) Place(long tile)
    {
        (long image, long inImage) = Math.DivRem(tile, _plan.TilesOfImage);
        (long down, long across) = Math.DivRem(inImage, _plan.Horizontal.Tiles);
        return (image, down, across);
    }

    /// <summary>Fills one row of tiles; false if all of it is padding.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool Gather<TOps, T>(float* source, long first, long end, int row, float* line, int channels) where TOps : struct, IFloatVector<T> where T : unmanaged
    {
        FourierAxis vertical = _plan.Vertical, horizontal = _plan.Horizontal;
        bool isOccupied = false;
        for (long number = first; number < end && !isOccupied; number++)
        {
            isOccupied = vertical.InputAt(Place(number).Down, row) >= 0;
        }

        if (!isOccupied)
        {
            return false;
        }

        new Span<float>(line, horizontal.Length * _plan.Floats).Clear();
        long height = vertical.Axis.Input!.Value, width = horizontal.Axis.Input!.Value, stride = _problem.InputStride;
        int block = _plan.TilesAtOnce > 1 ? Block : horizontal.Length;
        for (int begin = 0; begin < horizontal.Length; begin += block)
        {
            int stop = Math.Min(begin + block, horizontal.Length);
            for (long number = first; number < end; number++)
            {
                (long image, long down, long across) = Place(number);
                long y = vertical.InputAt(down, row), shift = (across * horizontal.Outputs) - horizontal.Axis.PadBegin;
                if (y >= 0)
                {
                    float* from = source + (((image * height) + y) * width * stride), to = line + ((number - first) * channels);
                    Copy<TOps, T>(from, shift, width, to, channels, begin, stop);
                    if (horizontal.IsCyclic)
                    {
                        Copy<TOps, T>(from, shift + horizontal.Length, width, to, channels, begin, stop);
                    }
                }
            }
        }

        return true;
    }

    /// <summary>Copies the pixels at some positions that lie inside the image, in a line that begins at <paramref name="shift"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Copy<TOps, T>(float* from, long shift, long width, float* to, int channels, int first, int stop) where TOps : struct, IFloatVector<T> where T : unmanaged
    {
        long begin = Math.Max(first, -shift), end = Math.Min(stop, width - shift), stride = _problem.InputStride, step = _plan.Floats;
        from += (begin + shift) * stride;
        to += begin * step;
        for (long i = begin; i < end; i++, from += stride, to += step)
        {
            if (channels == 1)
            {
                *to = *from;
            }
            else if (channels == 2 * TOps.Count)
            {
                TOps.Store(to, TOps.Load(from));
                TOps.Store(to + TOps.Count, TOps.Load(from + TOps.Count));
            }
            else
            {
                for (int channel = 0; channel < channels; channel++)
                {
                    to[channel] = from[channel];
                }
            }
        }
    }

    /// <summary>Puts a row of a tile's results through the epilogue and into memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Finish(in KernelArguments arguments, long image, long y, long x, int count, float* line, int group, int channels)
    {
        long width = _problem.Horizontal.Output!.Value, pixels = _problem.Vertical.Output!.Value * width, pixel = (y * width) + x, channel = (long)group * _plan.Floats;
        float* target = (float*)arguments.Output(0) + ((((image * pixels) + pixel) * _problem.OutputStride) + channel);
        long* operands = stackalloc long[FourierOutputCode.FirstOperand + _problem.Operands.Count];
        for (int i = 0; i < _problem.Operands.Count; i++)
        {
            OperandBinding operand = _problem.Operands[i];
            long imageStride = operand.PerImage && arguments.InputDims(operand.Input)[0] > 1
                ? operand.PixelStride > 0 ? pixels * operand.PixelStride : operand.PerChannel ? _problem.Groups : 1
                : 0;
            operands[FourierOutputCode.FirstOperand + i] = (long)((float*)arguments.Input(operand.Input) + ((image * imageStride) + (pixel * operand.PixelStride) + (operand.PerChannel ? channel : 0)));
        }

        if (_code.Length == 0)
        {
            FinishPortably((Vector<float>*)((float*)arguments.WorkerScratch + _tileFloats), line, target, operands, count, channels);
            return;
        }

        operands[FourierOutputCode.Source] = (long)line;
        operands[FourierOutputCode.Target] = (long)target;
        operands[FourierOutputCode.Pixels] = count;
        // Safe: the code was made for so many channels of these operands.
        ((delegate* unmanaged<long*, void>)arguments.Entry(group == _plan.ChannelGroups - 1 ? 1 : 0))(operands);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FinishPortably(Vector<float>* slots, float* line, float* target, long* operands, int count, int channels)
    {
        if (_epilogue is null)
        {
            Move(line, _plan.Floats, target, _problem.OutputStride, count, channels);
            return;
        }

        int most = Math.Max(1, EpilogueBlocks.Length * Vector<float>.Count / channels);
        for (int done = 0; done < count; done += most)
        {
            int block = Math.Min(most, count - done);
            foreach ((int slot, int number) in _operands)
            {
                float* to = (float*)(slots + (slot * EpilogueBlocks.Length));
                if (number == 0)
                {
                    Move(line + ((long)done * _plan.Floats), _plan.Floats, to, channels, block, channels);
                    continue;
                }

                OperandBinding operand = _problem.Operands[number - 1];
                float* from = (float*)operands[FourierOutputCode.FirstOperand + number - 1] + (done * operand.PixelStride);
                for (int i = 0; i < block; i++, from += operand.PixelStride, to += channels)
                {
                    if (operand.PerChannel)
                    {
                        new ReadOnlySpan<float>(from, channels).CopyTo(new Span<float>(to, channels));
                    }
                    else
                    {
                        new Span<float>(to, channels).Fill(*from);
                    }
                }
            }

            float* results = (float*)_epilogue.Run(slots, ((block * channels) + Vector<float>.Count - 1) / Vector<float>.Count);
            Move(results, channels, target + (done * _problem.OutputStride), _problem.OutputStride, block, channels);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Move(float* from, long fromStep, float* to, long toStep, int pixels, int channels)
    {
        if (channels == 1)
        {
            for (int i = 0; i < pixels; i++)
            {
                to[i * toStep] = from[i * fromStep];
            }

            return;
        }

        for (int i = 0; i < pixels; i++, from += fromStep, to += toStep)
        {
            new ReadOnlySpan<float>(from, channels).CopyTo(new Span<float>(to, channels));
        }
    }

    /// <summary>Transforms the weights of a group of channels; every tile of a set has the same ones.</summary>
    private void Pack(byte* source, byte* target, int group)
    {
        nuint bytes = checked((nuint)_tileFloats * sizeof(float));
        void* memory = NativeMemory.AlignedAlloc(bytes, 64);
        try
        {
            float* spectra = (float*)target + (group * _plan.SpectrumFloats);
            if (_isWide)
            {
                Transform<WideVector, Vector512<float>>((float*)source, (float*)memory, spectra, group);
            }
            else
            {
                Transform<PreferredVector, Vector<float>>((float*)source, (float*)memory, spectra, group);
            }
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Transform<TOps, T>(float* weights, float* memory, float* spectra, int group) where TOps : struct, IFloatVector<T> where T : unmanaged
    {
        FourierTile<TOps, T> tile = new(_plan, memory);
        PatchAxis v = _problem.Vertical, h = _problem.Horizontal;
        int channels = _plan.ChannelsOf(group), area = v.Kernel * h.Kernel;
        for (int row = 0; row < _plan.Rows.Length; row++)
        {
            if (row % v.Dilation != 0 || row / v.Dilation >= v.Kernel)
            {
                tile.ClearRow(row);
                continue;
            }

            new Span<float>(tile.Line, _plan.Columns.Length * _plan.Floats).Clear();
            for (int column = 0; column < h.Kernel; column++)
            {
                float* to = tile.Line + ((long)column * h.Dilation * _plan.Floats), from = weights + ((long)group * _plan.Floats * area) + ((row / v.Dilation * h.Kernel) + column);
                for (int lane = 0; lane < channels * _plan.TilesAtOnce; lane++)
                {
                    to[lane] = from[lane % channels * area];
                }
            }

            tile.EnterRow(row);
        }

        tile.Separate(spectra, 1f / ((float)_plan.Rows.Length * _plan.Columns.Length));
    }
}
