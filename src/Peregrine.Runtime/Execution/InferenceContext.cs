using System.Runtime.InteropServices;
using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Runtime.Execution;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Memory;
using Peregrine.Runtime.Planning;
using Peregrine.Tensors;

namespace Peregrine;

/// <summary>
/// One call at a time of an <see cref="Engine"/>: bindings, arena, shapes. Not thread-safe; make one per concurrent call. A run with the shapes of the run before
/// allocates no managed memory on numeric networks without control flow.
/// <code>
/// context.Input&lt;float&gt;("data", [8, 3, 224, 224]).CopyFrom(pixels);
/// context.Run();
/// ReadOnlySpan&lt;float&gt; scores = context.Output&lt;float&gt;("prob");
/// </code>
/// </summary>
public sealed class InferenceContext : IDisposable
{
    private readonly PlanRunner _runner;
    private readonly RunnerServices _services;
    private readonly Dictionary<string, int> _inputs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _outputs = new(StringComparer.Ordinal);
    private readonly InputState[] _inputStates;
    private readonly Memory<byte>?[] _boundOutputs;
    private readonly (int Version, Memory<byte> Memory)[] _outputViews;
    private bool _ran;

    internal InferenceContext(Engine engine, PlanRunner runner, RunnerServices services, OptimizationProfile? profile)
    {
        Engine = engine;
        Profile = profile;
        _runner = runner;
        _services = services;
        _inputStates = [.. engine.Inputs.Select(_ => new InputState())];
        _boundOutputs = new Memory<byte>?[engine.Outputs.Count];
        _outputViews = new (int, Memory<byte>)[engine.Outputs.Count];
        for (int i = 0; i < engine.Inputs.Count; i++)
        {
            _inputs[engine.Inputs[i].Name] = i;
        }

        for (int i = 0; i < engine.Outputs.Count; i++)
        {
            _outputs[engine.Outputs[i].Name] = i;
        }
    }

    public Engine Engine { get; }

    /// <summary>The profile whose ranges the input shapes must keep to; null for an engine without profiles.</summary>
    public OptimizationProfile? Profile { get; }

    /// <summary>Watches the steps; null for none.</summary>
    public IExecutionObserver? Observer
    {
        get => _services.Observer;
        set => _services.Observer = value;
    }

    /// <summary>Bytes of arenas and other buffers that this context holds now.</summary>
    public long ArenaBytes => _runner.ArenaBytes;

    /// <summary>The most bytes of the arena that one step of the last run needed at once: what <see cref="PlannedPeakBytes"/> would be without any gap.</summary>
    public long PlannedLowerBoundBytes => _runner.Memory.ArenaLowerBound;

    /// <summary>The exact peak of the planned arena for the shapes of the last run.</summary>
    public long PlannedPeakBytes => _runner.Memory.ArenaPeak;

    /// <summary>Gives an input its shape and returns its memory to be filled. The memory keeps its contents between runs.</summary>
    /// <exception cref="BindingException">No such input, another element type, or a shape outside of the model's or profile's range.</exception>
    public InputSpan<T> Input<T>(string name, ReadOnlySpan<long> dims) where T : unmanaged
    {
        int input = FindInput(name);
        InputState state = _inputStates[input];
        if (state.Owned is not null && state.IsBound && state.Dims.AsSpan().SequenceEqual(dims) && state.Type == DataTypes.Of<T>())
        {
            return new(MemoryMarshal.Cast<byte, T>(state.Memory.Span), name);
        }

        DataType type = CheckType<T>(input, name);
        CheckShape(input, dims);
        int bytes = (int)Tensor.CheckedBytes(type, dims);
        if (state.Owned is null || state.Owned.Length < bytes)
        {
            state.Owned?.Dispose();
            state.Owned = null;
            state.Owned = Engine.Backend.Allocate(bytes);
        }

        if (!state.Owned.TryGetHostMemory(0, bytes, out Memory<byte> memory))
        {
            throw new BackendException("The host cannot reach this device's memory; bind host memory instead.");
        }

        state.Set(type, dims, memory);
        if (IsPlanned(input))
        {
            _runner.Memory.BindInput(input, state.Owned, 0, state.Dims);
        }
        else
        {
            _runner.Memory.BindInput(input, new Tensor(type, dims, memory));
        }

        return new(MemoryMarshal.Cast<byte, T>(memory.Span), name);
    }

    /// <summary>Uses the caller's memory as an input, without a copy; it must stay valid and unchanged during runs.</summary>
    public void BindInput<T>(string name, Memory<T> data, ReadOnlySpan<long> dims) where T : unmanaged
    {
        int input = FindInput(name);
        DataType type = CheckType<T>(input, name);
        CheckShape(input, dims);
        if (data.Length != Tensor.CountElements(dims))
        {
            throw new BindingException($"Input \"{name}\": the shape {Text(dims)} has {Tensor.CountElements(dims)} elements, but the memory holds {data.Length}.");
        }

        Bind(input, new Tensor(type, dims, data is Memory<byte> bytes ? bytes : new CastMemory<T>(data).Memory));
    }

    /// <summary>Binds any value: a tensor of any element type, a sequence, a map, an optional. Its memory is used, not copied.</summary>
    public void BindInput(string name, object value)
    {
        int input = FindInput(name);
        if (value is Tensor tensor)
        {
            if (Engine.Inputs[input].Type is not TensorType expected || expected.ElementType != tensor.Type)
            {
                throw new BindingException($"Input \"{name}\" is {Engine.Inputs[input].Type}, but a tensor {tensor} is given.");
            }

            CheckShape(input, tensor.Dims);
        }
        else if (Engine.Inputs[input].Type is TensorType)
        {
            throw new BindingException($"Input \"{name}\" is {Engine.Inputs[input].Type}, but a {value.GetType().Name} is given.");
        }

        else if (value is TensorMap map ? Engine.Inputs[input].Type != new MapType(map.Keys.Type, map.Values.Type) : Engine.Inputs[input].Type is MapType)
        {
            throw new BindingException($"Input \"{name}\" is {Engine.Inputs[input].Type}, but {value} is given.");
        }

        Bind(input, value);
    }

    /// <summary>Has an output written to the caller's memory, which must be large enough for every run.</summary>
    public void BindOutput<T>(string name, Memory<T> target) where T : unmanaged
    {
        int output = FindOutput(name);
        CheckElement<T>(name, Engine.Outputs[output].Type);
        _boundOutputs[output] = target is Memory<byte> bytes ? bytes : new CastMemory<T>(target).Memory;
    }

    /// <summary>Runs the engine on the bound inputs.</summary>
    /// <exception cref="BindingException">An input is not bound, or the shapes do not fit together.</exception>
    /// <exception cref="ModelException">The data cannot be processed (an index out of range, say).</exception>
    /// <exception cref="BackendException">The process does not have the memory.</exception>
    /// <exception cref="OperationCanceledException">Cancelled between two steps.</exception>
    public void Run(CancellationToken cancellation = default)
    {
        for (int i = 0; i < _inputStates.Length; i++)
        {
            if (!_inputStates[i].IsBound)
            {
                throw new BindingException($"Input \"{Engine.Inputs[i].Name}\" ({Engine.Inputs[i].Type}) is not bound. Call Input or BindInput before Run.");
            }
        }

        _ran = false;
        try
        {
            _runner.Run(cancellation);
        }
        catch (OutOfMemoryException e)
        {
            throw new BackendException("This process has no memory left for the run. Bind smaller shapes, or run on a larger machine.", e);
        }

        _ran = true;
        for (int i = 0; i < _boundOutputs.Length; i++)
        {
            if (_boundOutputs[i] is { } target)
            {
                CopyOutput(i, target);
            }
        }
    }

    /// <summary>The elements of an output of the last run; memory of the context, valid until its next run.</summary>
    public ReadOnlySpan<T> Output<T>(string name) where T : unmanaged
    {
        int output = FindOutput(name);
        CheckElement<T>(name, Engine.Outputs[output].Type);
        int slot = Slot(output);
        SlotTable slots = _runner.Memory.Slots;
        if (!slots.IsBound(slot))
        {
            return MemoryMarshal.Cast<byte, T>(((Tensor)_runner.Memory.Get(slot)!).Data.Span);
        }

        // The view is made once per binding of the slot: a run and the reading of its results allocate nothing.
        ref (int Version, Memory<byte> Memory) view = ref _outputViews[output];
        if (view.Version != slots.Version(slot))
        {
            view = (slots.Version(slot), slots.HostTensor(slot).Data);
        }

        return MemoryMarshal.Cast<byte, T>(view.Memory.Span);
    }

    /// <summary>The real dimensions of an output of the last run, also where the data decided them.</summary>
    public ReadOnlySpan<long> OutputDims(string name)
    {
        int slot = Slot(FindOutput(name));
        return _runner.Memory.Slots.IsBound(slot) ? _runner.Memory.Slots.Dims(slot) : ((Tensor)_runner.Memory.Get(slot)!).Dims;
    }

    /// <summary>An output of the last run as a value: a tensor on the context's memory (valid until the next run), a sequence, an optional.</summary>
    public object OutputValue(string name) => _runner.Memory.Get(Slot(FindOutput(name)))!;

    public void Dispose()
    {
        _runner.Dispose();
        foreach (InputState state in _inputStates)
        {
            state.Owned?.Dispose();
        }

        _services.Stream.Dispose();
    }

    private static string Text(ReadOnlySpan<long> dims) => $"[{string.Join(',', dims.ToArray())}]";

    private void Bind(int input, object value)
    {
        InputState state = _inputStates[input];
        state.Owned?.Dispose();
        state.Owned = null;
        state.IsBound = true;
        _runner.Memory.BindInput(input, value);
    }

    private bool IsPlanned(int input) => Engine.Inputs[input].Type is TensorType { ElementType: not DataType.String, Shape.IsRanked: true };

    private int FindInput(string name) => _inputs.TryGetValue(name, out int input) ? input
        : throw new BindingException($"The engine has no input \"{name}\"; it has {string.Join(", ", Engine.Inputs.Select(i => $"\"{i.Name}\""))}.");

    private int FindOutput(string name) => _outputs.TryGetValue(name, out int output) ? output
        : throw new BindingException($"The engine has no output \"{name}\"; it has {string.Join(", ", Engine.Outputs.Select(o => $"\"{o.Name}\""))}.");

    private int Slot(int output) => _ran ? Engine.Content.Plan.Outputs[output].Slot : throw new InvalidOperationException("The context has not run yet.");

    private DataType CheckType<T>(int input, string name) where T : unmanaged
    {
        CheckElement<T>(name, Engine.Inputs[input].Type);
        return ((TensorType)Engine.Inputs[input].Type).ElementType;
    }

    private static void CheckElement<T>(string name, IrType type) where T : unmanaged
    {
        if (type is not TensorType tensor || (tensor.ElementType != DataTypes.Of<T>() && !(typeof(T) == typeof(byte) && tensor.ElementType.Bits() is > 0 and <= 8)))
        {
            throw new BindingException($"\"{name}\" is {type}; its elements are not {typeof(T).Name}.");
        }
    }

    private void CheckShape(int input, ReadOnlySpan<long> dims)
    {
        EngineBinding binding = Engine.Inputs[input];
        if (binding.Type is not TensorType { Shape.IsRanked: true } type)
        {
            return;
        }

        if (dims.Length != type.Shape.Rank)
        {
            throw new BindingException($"Input \"{binding.Name}\" has rank {type.Shape.Rank} ({type}), but the shape {Text(dims)} has rank {dims.Length}.");
        }

        ProfileInput? range = Profile?.Inputs.FirstOrDefault(p => p.Input == binding.Name);
        for (int axis = 0; axis < dims.Length; axis++)
        {
            Symbolics.Dim declared = type.Shape[axis];
            if (dims[axis] < 0 || (declared.IsConstant && declared.Constant != dims[axis]))
            {
                throw new BindingException($"Input \"{binding.Name}\": dimension {axis} is {dims[axis]}, but must be {declared} ({type}).");
            }

            if (range is not null && (dims[axis] < range.Min[axis] || dims[axis] > range.Max[axis]))
            {
                throw new BindingException($"Input \"{binding.Name}\": dimension {axis} is {dims[axis]}, outside of [{range.Min[axis]}, {range.Max[axis]}] of the profile \"{Profile!.Name}\".");
            }
        }
    }

    private void CopyOutput(int output, Memory<byte> target)
    {
        Tensor tensor = (Tensor)_runner.Memory.Get(Slot(output))!;
        if (target.Length < tensor.Data.Length)
        {
            throw new BindingException($"Output \"{Engine.Outputs[output].Name}\" is {tensor} and takes {tensor.Data.Length} bytes, but the bound memory has {target.Length}.");
        }

        tensor.Data.CopyTo(target);
    }

    private sealed class InputState
    {
        public DeviceBuffer? Owned { get; set; }

        public bool IsBound { get; set; }

        public DataType Type { get; private set; }

        public long[] Dims { get; private set; } = [];

        public Memory<byte> Memory { get; private set; }

        public void Set(DataType type, ReadOnlySpan<long> dims, Memory<byte> memory)
        {
            (Type, Dims, Memory, IsBound) = (type, dims.ToArray(), memory, true);
        }
    }
}

/// <summary>The memory of an input.</summary>
public readonly ref struct InputSpan<T> where T : unmanaged
{
    private readonly string _name;

    internal InputSpan(Span<T> span, string name)
    {
        Span = span;
        _name = name;
    }

    /// <summary>All elements, row-major.</summary>
    public Span<T> Span { get; }

    /// <summary>Copies the whole input; the number of elements must be exactly right.</summary>
    /// <exception cref="BindingException">Too few or too many elements.</exception>
    public void CopyFrom(ReadOnlySpan<T> source)
    {
        if (source.Length != Span.Length)
        {
            throw new BindingException($"Input \"{_name}\" takes {Span.Length} elements, but {source.Length} are given.");
        }

        source.CopyTo(Span);
    }
}
