using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Execution;

/// <summary>
/// The memory of one running plan: the slot table, the values of the symbols, the arena, the buffers outside of it, and the managed values. Shapes are evaluated segment by segment.
/// </summary>
internal sealed class SlotMemory : IDisposable
{
    private readonly Plan _plan;
    private readonly RunnerServices _services;
    private readonly SlotMemory? _outer;
    private readonly Dictionary<string, long> _symbols = new(StringComparer.Ordinal);
    private readonly object?[] _managed;
    private readonly DeviceBuffer?[] _own;
    private readonly DeviceBuffer?[] _ownScratch;
    private readonly IKernel?[] _kernels;
    private readonly List<int>[] _views;
    private readonly bool[] _shaped;
    private readonly int[] _laterSlots;
    private readonly MemoryPlanner _planner = new();
    private readonly MemoryTakeover _takeover;
    private readonly StepShapeCheck _shapeCheck;
    private DeviceBuffer? _arena;
    private bool _inputsChanged = true;
    private int _symbolVersion;
    private int? _seenVersion;

    public SlotMemory(PreparedPlan prepared, RunnerServices services, SlotMemory? outer)
    {
        Plan plan = prepared.Plan;
        _plan = plan;
        _kernels = prepared.Kernels;
        _takeover = new(plan, prepared.Kernels, Evaluate);
        _ownScratch = new DeviceBuffer?[plan.Steps.Count];
        _services = services;
        _outer = outer;
        Slots = new(plan);
        _managed = new object?[plan.Slots.Count];
        _own = new DeviceBuffer?[plan.Slots.Count];
        _shaped = new bool[plan.Slots.Count];
        _shapeCheck = new(plan, Slots, SymbolValue, services.Constants);
        _laterSlots = [.. plan.Slots.Select(s => s.Index).Where(s => plan.Shapes.SlotSegments[s] > 0)];
        _views = [.. plan.Slots.Select(_ => new List<int>())];
        foreach (BufferSlot slot in plan.Slots)
        {
            if (slot.Kind is SlotKind.View or SlotKind.Part)
            {
                _views[slot.Target].Add(slot.Index);
            }
            else if (slot.Kind == SlotKind.Constant)
            {
                Tensor data = services.Constants[slot.Target].Data;
                if (services.ConstantBuffers[slot.Target] is { } buffer)
                {
                    Slots.Bind(slot.Index, buffer, 0, data.Dims.ToArray());
                }
                else
                {
                    _managed[slot.Index] = data;
                }
            }
        }
    }

    public SlotTable Slots { get; }

    public bool IsKnown(string symbol) => _symbols.ContainsKey(symbol);

    /// <summary>The value of a symbol that is known by now.</summary>
    public long SymbolValue(string symbol) => _symbols[symbol];

    /// <summary>Bytes of the arena for the bound shapes: the planner's exact peak.</summary>
    public long ArenaPeak { get; private set; }

    /// <summary>The most bytes that are live at one step: no placement needs less.</summary>
    public long ArenaLowerBound { get; private set; }

    /// <summary>Bytes held: the arena and all buffers outside of it.</summary>
    public long ArenaBytes => (_arena?.Length ?? 0) + _own.Sum(b => b?.Length ?? 0) + _ownScratch.Sum(b => b?.Length ?? 0);

    /// <summary>Binds input number <paramref name="input"/> to a value: a tensor (its memory is used, not copied), a sequence, an optional; null for an absent optional capture.</summary>
    public void BindInput(int input, object? value)
    {
        int slot = _plan.Inputs[input];
        if (value is Tensor tensor && IsDeviceTensor(_plan.Slots[slot]))
        {
            if (ReferenceEquals(_managed[slot], tensor))
            {
                return;
            }

            // The tensor object is kept, so that binding the very same one again costs nothing.
            BindInput(input, _services.Backend.Wrap(tensor.Data), 0, tensor.Dims.ToArray());
            _managed[slot] = tensor;
        }
        else
        {
            _managed[slot] = value;
            _inputsChanged |= value is Tensor;
        }
    }

    /// <summary>Binds an input tensor to device memory.</summary>
    public void BindInput(int input, DeviceBuffer buffer, long offset, long[] dims)
    {
        int slot = _plan.Inputs[input];
        _managed[slot] = null;
        bool sameShape = Slots.IsBound(slot) && Slots.Dims(slot).SequenceEqual(dims);
        _inputsChanged |= !sameShape;
        Slots.Bind(slot, buffer, offset, dims);
        if (sameShape && !_inputsChanged)
        {
            BindViews(slot);
        }
    }

    /// <summary>Makes everything ready that depends on the input shapes only. Does nothing if they are those of the last run.</summary>
    public void Prepare()
    {
        if (_inputsChanged || _seenVersion != _outer?._symbolVersion)
        {
            _seenVersion = _outer?._symbolVersion;
            Array.Clear(_shaped);
            BindSymbols();
            EvaluateSegment(0, planArena: true);
            _inputsChanged = false;
        }

        // What the data decide is open again until the deciding step has run.
        foreach (int slot in _laterSlots)
        {
            _shaped[slot] = false;
        }
    }

    /// <summary>A slot's value: a tensor on its memory, or the managed object.</summary>
    public object? Get(int slot)
    {
        if (slot < 0)
        {
            return null;
        }

        return _managed[slot] ?? (Slots.IsBound(slot) ? Slots.HostTensor(slot) : null);
    }

    /// <summary>Stores a step's result: copied into a slot with planned memory, kept as it is in a managed one.</summary>
    public void Set(int slot, object value)
    {
        if (_plan.Slots[slot].Kind is SlotKind.Arena or SlotKind.Growable)
        {
            Tensor source = (Tensor)value, target = Slots.HostTensor(slot);
            if (source.Type != target.Type || source.Length != target.Length)
            {
                throw new InternalCompilerException($"%{_plan.Slots[slot].Name} was planned as {target}, but is {source}.");
            }

            source.Data.CopyTo(target.Data);
            return;
        }

        _managed[slot] = value;
        if (value is Tensor tensor && tensor.Type != DataType.String && _plan.Slots[slot].Type is TensorType)
        {
            Slots.Bind(slot, _services.Backend.Wrap(tensor.Data), 0, tensor.Dims.ToArray());
            BindViews(slot);
        }
    }

    /// <summary>Binds the symbols that a finished step on the host makes known, evaluates the segment that waits for them, and readies the kernels that read what it made.</summary>
    public void OnStepDone(int step)
    {
        bool isEvaluated = false;
        foreach (SymbolBinding binding in _plan.Shapes.Bindings)
        {
            if (binding.Step == step)
            {
                _symbols[binding.Symbol] = ((Tensor)Get(binding.Slot)!).Dims[binding.Axis];
                _symbolVersion++;
            }
        }

        for (int segment = 1; segment < _plan.Shapes.SegmentSteps.Count; segment++)
        {
            if (_plan.Shapes.SegmentSteps[segment] == step)
            {
                EvaluateSegment(segment, planArena: false);
                isEvaluated = true;
            }
        }

        // Only now are the dims of managed values known; whatever the plan says of them, kernels trust what is bound.
        if (!isEvaluated && _plan.Steps[step].Outputs.Any(s => s >= 0 && _plan.Slots[(int)s].Kind == SlotKind.Managed && IsDeviceTensor(_plan.Slots[(int)s])))
        {
            ReadyKernels(step);
        }
    }

    public void Dispose()
    {
        _arena?.Dispose();
        foreach (DeviceBuffer? buffer in _own.Concat(_ownScratch))
        {
            buffer?.Dispose();
        }
    }

    /// <summary>A value that shares no memory with the given inputs: what a host step passes on unchanged would otherwise be overwritten under its holder.</summary>
    public static object Detach(object value, IReadOnlyList<object?> inputs) => value switch
    {
        Tensor { Type: not DataType.String } tensor => inputs.OfType<Tensor>().Any(i => i.Type != DataType.String && i.Data.Span.Overlaps(tensor.Data.Span)) ? tensor.Clone() : tensor,
        TensorSequence sequence => new TensorSequence([.. sequence.Items.Select(item => Detach(item, inputs))]),
        TensorMap map => map.Detached(values => (Tensor)Detach(values, inputs)),
        OptionalValue { Value: { } inner } => new OptionalValue(Detach(inner, inputs)),
        _ => value,
    };

    private static bool IsDeviceTensor(BufferSlot slot) => slot.Type is TensorType { ElementType: not DataType.String };

    private void BindSymbols()
    {
        _symbols.Clear();
        _symbolVersion++;
        if (_outer is not null)
        {
            foreach ((string symbol, long value) in _outer._symbols)
            {
                _symbols[symbol] = value;
            }
        }

        foreach (SymbolBinding binding in _plan.Shapes.Bindings)
        {
            if (binding.Step < 0)
            {
                _symbols[binding.Symbol] = InputDims(binding.Slot)[binding.Axis];
            }
        }

        foreach ((int slot, int axis, Dim dim) in _plan.Shapes.Constraints)
        {
            long expected = dim.Evaluate(s => _symbols[s]), actual = InputDims(slot)[axis];
            if (expected != actual)
            {
                string why = dim.IsConstant ? "" : $" ({dim} with {string.Join(", ", dim.Symbols.Select(s => $"{s} = {_symbols[s]}"))})";
                throw new BindingException($"Input \"{_plan.Slots[slot].Name}\": dimension {axis} is {actual}, but must be {expected}{why}.");
            }
        }
    }

    private ReadOnlySpan<long> InputDims(int slot) => _managed[slot] is Tensor tensor ? tensor.Dims : Slots.Dims(slot);

    private void EvaluateSegment(int segment, bool planArena)
    {
        List<BufferSlot> placed = [];
        List<long[]> dims = [];
        foreach (BufferSlot slot in _plan.Slots)
        {
            if (_plan.Shapes.SlotSegments[slot.Index] != segment || slot.Kind is not (SlotKind.Arena or SlotKind.Growable or SlotKind.Dims))
            {
                continue;
            }

            long[] extents = Evaluate(slot);
            if (slot.Kind == SlotKind.Arena)
            {
                placed.Add(slot);
                dims.Add(extents);
            }
            else
            {
                long bytes = StoredBytes(slot, extents);
                if (_own[slot.Index] is null || _own[slot.Index]!.Length < bytes)
                {
                    _own[slot.Index]?.Dispose();
                    _own[slot.Index] = _services.Backend.Allocate(bytes);
                }

                Slots.Bind(slot.Index, _own[slot.Index]!, 0, extents);
            }

            _shaped[slot.Index] = true;
            if (slot.Kind == SlotKind.Dims)
            {
                WriteDims(slot);
            }
        }

        if (planArena)
        {
            PlaceInArena(placed, dims);
        }

        foreach (BufferSlot slot in _plan.Slots)
        {
            if (slot.Kind is SlotKind.View or SlotKind.Part && _plan.Shapes.SlotSegments[slot.Index] == segment)
            {
                _shaped[slot.Index] = true;
                BindView(slot);
            }
        }

        ReadyKernels(_plan.Shapes.SegmentSteps[segment]);
    }

    /// <summary>Checks the kernel steps whose operands are all known when the given step is the last one done, and gives them the temporary memory that could not be planned.</summary>
    private void ReadyKernels(long lastStep)
    {
        bool Known(int slot) => IsCurrent(_plan.Slots[slot], lastStep);
        _shapeCheck.Run(Known);
        BindLaterScratch(Known);
    }

    /// <summary>Whether what is bound to a slot belongs to this run, when the given step is the last one done.</summary>
    private bool IsCurrent(BufferSlot slot, long lastStep) => slot.Kind switch
    {
        SlotKind.Input or SlotKind.Constant => true,
        SlotKind.Managed => slot.FirstStep <= lastStep,
        SlotKind.View => _shaped[slot.Index] && IsCurrent(_plan.Slots[slot.Target], lastStep),
        _ => _shaped[slot.Index],
    };

    private void PlaceInArena(List<BufferSlot> placed, List<long[]> dims)
    {
        List<BufferRequest> requests = [];
        Dictionary<int, long[]> known = [];
        Dictionary<int, int> requestOf = [];
        for (int i = 0; i < placed.Count; i++)
        {
            known[placed[i].Index] = dims[i];
            requestOf[placed[i].Index] = i;
            requests.Add(new(StoredBytes(placed[i], dims[i]), MemoryPlanner.Unit, placed[i].FirstStep, Math.Max(placed[i].FirstStep, placed[i].LastStep)));
        }

        _takeover.Apply(requests, requestOf, known);
        List<int> scratchSteps = [];
        for (int step = 0; step < _kernels.Length; step++)
        {
            if (ScratchBytes(step, known) is long bytes and > 0)
            {
                scratchSteps.Add(step);
                requests.Add(new(bytes, MemoryPlanner.Unit, step, step));
            }
        }

        long[] offsets = new long[requests.Count];
        // Whoever binds other shapes again and again should not wait for the last percents of memory.
        PlanningEffort effort = _arena is null ? PlanningEffort.Thorough : PlanningEffort.Quick;
        MemoryPlan plan = _planner.Plan(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(requests), offsets, effort);
        (ArenaPeak, ArenaLowerBound) = (plan.Peak, plan.LowerBound);
        if (_arena is null || _arena.Length < plan.Peak || _arena.Length > 2 * plan.Peak)
        {
            // A much smaller shape gives its memory back: resident memory follows the shapes, it does not only grow.
            DeviceBuffer? old = _arena;
            _arena = null;
            old?.Dispose();
            _arena = _services.Backend.Allocate(plan.Peak);
        }

        for (int i = 0; i < placed.Count; i++)
        {
            Slots.Bind(placed[i].Index, _arena, offsets[i], dims[i]);
        }

        for (int i = 0; i < scratchSteps.Count; i++)
        {
            Slots.BindScratch(scratchSteps[i], _arena, offsets[placed.Count + i]);
        }
    }

    /// <summary>Temporary memory that a step's kernel wants for dims known so far; 0 if it wants none or if dims are missing (they come with a later segment).</summary>
    private long ScratchBytes(int step, Dictionary<int, long[]> planned)
    {
        if (_kernels[step] is not { } kernel)
        {
            return 0;
        }

        bool complete = true;
        long[]?[] inputs = [.. _plan.Steps[step].Inputs.Select(Dims)], outputs = [.. _plan.Steps[step].Outputs.Select(Dims)];
        return complete ? kernel.ScratchBytes(inputs, outputs) : 0;

        long[]? Dims(long slot)
        {
            if (slot < 0)
            {
                return null;
            }

            if (planned.TryGetValue((int)slot, out long[]? dims))
            {
                return dims;
            }

            BufferSlot described = _plan.Slots[(int)slot];
            bool known = described.Kind is SlotKind.Input or SlotKind.Constant ? Slots.IsBound(described.Index) : !IsUnplanned(described.Index);
            complete &= known;
            return !known ? null : described.Kind is SlotKind.Input or SlotKind.Constant ? Slots.Dims(described.Index).ToArray() : Evaluate(described);
        }
    }

    /// <summary>Gives the steps whose operands are all known by now, but were not when the arena was planned, their temporary memory.</summary>
    private void BindLaterScratch(Func<int, bool> isKnown)
    {
        for (int step = 0; step < _kernels.Length; step++)
        {
            IEnumerable<int> operands = _plan.Steps[step].Inputs.Concat(_plan.Steps[step].Outputs).Where(s => s >= 0).Select(s => (int)s);
            if (_kernels[step] is not { } kernel || !operands.Any(IsUnplanned) || !operands.All(s => Slots.IsBound(s) && isKnown(s)))
            {
                continue;
            }

            long bytes = kernel.ScratchBytes([.. _plan.Steps[step].Inputs.Select(Bound)], [.. _plan.Steps[step].Outputs.Select(Bound)]);
            if (bytes > 0)
            {
                if (_ownScratch[step] is null || _ownScratch[step]!.Length < bytes)
                {
                    _ownScratch[step]?.Dispose();
                    _ownScratch[step] = _services.Backend.Allocate(bytes);
                }

                Slots.BindScratch(step, _ownScratch[step], 0);
            }
        }

        long[]? Bound(long slot) => slot < 0 ? null : Slots.Dims((int)slot).ToArray();
    }

    /// <summary>Whether a slot's dims are known only when a step has made its value.</summary>
    private bool IsUnplanned(int slot) => _plan.Slots[slot].Kind == SlotKind.Managed || _plan.Shapes.SlotSegments[slot] > 0;

    private static long StoredBytes(BufferSlot slot, long[] dims) => LayoutConversion.StoredBytes(((TensorType)slot.Type).ElementType, slot.Layout, dims);

    private void WriteDims(BufferSlot slot)
    {
        Span<long> contents = stackalloc long[slot.Contents!.Rank];
        for (int i = 0; i < contents.Length; i++)
        {
            contents[i] = slot.Contents[i].Evaluate(s => _symbols[s]);
        }

        ElementConversion.Store<long>(contents, Slots.HostTensor(slot.Index));
    }

    private long[] Evaluate(BufferSlot slot)
    {
        try
        {
            long[] dims = _plan.Shapes.Evaluate(slot.Index, _symbols)!;
            return Array.TrueForAll(dims, d => d >= 0) ? dims : throw new DimException($"[{string.Join(',', dims)}] has a negative dimension.");
        }
        catch (Exception e) when (e is DimException or OverflowException)
        {
            string symbols = string.Join(", ", _plan.Shapes.SlotDims[slot.Index]!.SelectMany(d => d.Symbols).Distinct().Select(s => $"{s} = {_symbols[s]}"));
            throw new BindingException($"The shape {_plan.Shapes.SlotDims[slot.Index]} of %{slot.Name} has no value for {symbols}: {e.Message}", e);
        }
    }

    private void BindViews(int slot)
    {
        foreach (int view in _views[slot])
        {
            if (_shaped[view])
            {
                BindView(_plan.Slots[view]);
            }
        }
    }

    private void BindView(BufferSlot view)
    {
        if (!Slots.IsBound(view.Target))
        {
            return;
        }

        long[] dims = Evaluate(view);
        if (view.Kind == SlotKind.Part)
        {
            Slots.Bind(view.Index, Slots.Buffer(view.Target), Slots.Offset(view.Target) + PartPlace.ByteOffset(view, dims, _plan.Slots[view.Target], Slots.Dims(view.Target)), dims);
            BindViews(view.Index);
            return;
        }

        if (Tensor.CountElements(dims) != Tensor.CountElements(Slots.Dims(view.Target)))
        {
            throw new BindingException($"%{view.Name} has the shape [{string.Join(',', dims)}], but views {Tensor.CountElements(Slots.Dims(view.Target))} elements.");
        }

        Slots.Bind(view.Index, Slots.Buffer(view.Target), Slots.Offset(view.Target), dims);
        BindViews(view.Index);
    }
}
