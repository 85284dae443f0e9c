using System.Runtime.InteropServices;
using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// One call of <see cref="Operator.Evaluate"/>. The host binds inputs and, where inference knows their shapes, outputs; a kernel reads and writes spans.
/// A kernel that takes its temporaries from <see cref="Scratch{T}"/> allocates nothing once the pool is warm.
/// </summary>
public sealed class EvaluationScope
{
    private readonly object?[] _inputs;
    private readonly object?[] _outputs;
    private readonly bool[] _wanted;
    private readonly IrType[] _outputTypes;
    private readonly ScratchPool _scratch = new();
    private readonly List<PendingWrite> _pending = [];

    /// <param name="outputTypes">As inferred for this call; an output of static shape is allocated from it when the kernel asks for it and the host has not bound it.</param>
    public EvaluationScope(Operator op, string nodeName, int inputCount, IrType[] outputTypes, bool[] wanted, CancellationToken cancellation = default)
    {
        Operator = op;
        NodeName = nodeName;
        _inputs = new object?[inputCount];
        _outputs = new object?[wanted.Length];
        _outputTypes = outputTypes;
        _wanted = wanted;
        Cancellation = cancellation;
    }

    public Operator Operator { get; }

    public string NodeName { get; }

    public CancellationToken Cancellation { get; set; }

    /// <summary>A place for what a kernel prepares once per node (a compiled expression, an index table); it lives as long as the scope.</summary>
    public object? State { get; set; }

    /// <summary>Where the values of the graph's symbols come from; null where an operator runs by itself.</summary>
    public Func<string, long>? Symbols { get; set; }

    public int InputCount => _inputs.Length;

    public int OutputCount => _outputs.Length;

    public void BindInput(int index, object? value) => _inputs[index] = value;

    public void BindOutput(int index, Tensor? tensor) => _outputs[index] = tensor;

    /// <summary>What the kernel left as output <paramref name="index"/>.</summary>
    public object? Result(int index) => _outputs[index];

    public bool Has(int input) => input < _inputs.Length && _inputs[input] is not null;

    public bool Wants(int output) => output < _wanted.Length && _wanted[output];

    /// <summary>A present tensor input.</summary>
    public Tensor Input(int index) =>
        _inputs[index] as Tensor ?? throw Fail("PG2103", $"input {index} is {_inputs[index]?.ToString() ?? "absent"}, but must be a tensor.");

    /// <summary>A present input of any kind: tensor, sequence, optional.</summary>
    public object InputValue(int index) => _inputs[index]!;

    public ReadOnlySpan<long> Dims(int input) => Input(input).Dims;

    /// <summary>The type that inference found for an output; its shape may be unknown.</summary>
    public IrType OutputType(int output) => _outputTypes[output];

    /// <summary>
    /// The elements of an input as <typeparamref name="T"/> (float, double, long, ulong, int or byte), converted into scratch memory where the stored type differs:
    /// every float type widens to float or double exactly, every integer to long.
    /// </summary>
    public ReadOnlySpan<T> Read<T>(int input) where T : unmanaged
    {
        Tensor tensor = Input(input);
        if (DataTypes.Of<T>() == tensor.Type)
        {
            return MemoryMarshal.Cast<byte, T>(tensor.Data.Span);
        }

        if (tensor.Type.IsComplex() || tensor.Type is DataType.String or DataType.Undefined)
        {
            throw Fail("PG2103", $"input {input} is {tensor}, whose elements are not numbers.");
        }

        Span<T> converted = Scratch<T>(tensor.Length);
        ElementConversion.Load(tensor, converted);
        return converted;
    }

    /// <summary>An output whose shape inference knew (or that the host bound).</summary>
    public Tensor Output(int index)
    {
        if (_outputs[index] is Tensor bound)
        {
            return bound;
        }

        if (_outputTypes[index] is not TensorType { Shape: { IsRanked: true, IsStatic: true } shape } type)
        {
            // All inputs are known here: they are not of a kind that could tell (a shape in floats, a list that is too long).
            throw Fail("PG2116", $"the shape of output {index} does not follow from the inputs ({string.Join(", ", _inputs.Select(i => i?.ToString() ?? "absent"))}).");
        }

        Tensor tensor = Tensor.Allocate(type.ElementType, shape.ToStatic());
        _outputs[index] = tensor;
        return tensor;
    }

    /// <summary>An output whose shape only the data tell.</summary>
    public Tensor Output(int index, DataType type, params ReadOnlySpan<long> dims)
    {
        if (_outputs[index] is Tensor bound && bound.Type == type && bound.Dims.SequenceEqual(dims))
        {
            return bound;
        }

        Tensor tensor = Tensor.Allocate(type, dims);
        if (_outputs[index] is Tensor planned)
        {
            throw Unplanned(index, planned, tensor);
        }

        _outputs[index] = tensor;
        return tensor;
    }

    /// <summary>Copies all elements of an input to an output of the same element type and count; the dimensions may differ.</summary>
    public void CopyElements(int input, int output)
    {
        Tensor source = Input(input), target = Output(output);
        if (source.Type == DataType.String)
        {
            source.Strings.CopyTo(target.Strings, 0);
        }
        else
        {
            source.Data.CopyTo(target.Data);
        }
    }

    /// <summary>Hands over a finished value: a sequence, an optional, or a tensor that is passed on unchanged. It is copied where the host has bound memory for the output.</summary>
    public void Set(int output, object? value)
    {
        if (!Wants(output))
        {
            return;
        }

        if (_outputs[output] is not Tensor { Type: not DataType.String } bound)
        {
            _outputs[output] = value;
        }
        else if (value is Tensor tensor && tensor.Type == bound.Type && tensor.Dims.SequenceEqual(bound.Dims))
        {
            tensor.Data.CopyTo(bound.Data);
        }
        else
        {
            throw Unplanned(output, bound, value);
        }
    }

    /// <summary>The elements of an output as <typeparamref name="T"/>; what is written there is converted (rounded to nearest even, integers wrapped) to the stored type when the kernel returns.</summary>
    public Span<T> Write<T>(int output) where T : unmanaged => Write<T>(Output(output));

    /// <inheritdoc cref="Write{T}(int)"/>
    public Span<T> Write<T>(Tensor output) where T : unmanaged
    {
        if (DataTypes.Of<T>() == output.Type)
        {
            return MemoryMarshal.Cast<byte, T>(output.Data.Span);
        }

        Memory<byte> buffer = _scratch.Rent(checked(output.Length * System.Runtime.CompilerServices.Unsafe.SizeOf<T>()));
        _pending.Add(new(output, buffer, DataTypes.Of<T>()));
        return MemoryMarshal.Cast<byte, T>(buffer.Span);
    }

    /// <summary>Zero-filled temporary memory, valid until the kernel returns.</summary>
    public Span<T> Scratch<T>(long count) where T : unmanaged
    {
        Span<T> span = MemoryMarshal.Cast<byte, T>(_scratch.Rent(checked(count * System.Runtime.CompilerServices.Unsafe.SizeOf<T>())).Span);
        span.Clear();
        return span;
    }

    /// <summary>Runs a body on these values; one result per output of the body.</summary>
    public object?[] Run(Graph body, IReadOnlyList<object?> inputs) => Interpreter.Run(body, inputs, null, Symbols, Cancellation);

    /// <summary>The value of a symbol of the graph; a <see cref="ModelException"/> if nothing has told it.</summary>
    public long SymbolValue(string symbol) => Symbols?.Invoke(symbol) ?? throw Fail("PG2114", $"the symbol {symbol} has no value.");

    /// <summary>The exception for input data that the node cannot process (an index out of range, say).</summary>
    public ModelException Fail(string code, string message) => new(Diagnostic.Error(code, $"{Operator.Definition.Name} \"{NodeName}\": {message}"));

    /// <summary>The axis in [0, rank).</summary>
    public int Axis(long axis, int rank) => axis >= -rank && axis < rank ? (int)(axis < 0 ? axis + rank : axis) : throw Fail("PG2101", $"axis {axis} is outside of [{-rank}, {rank - 1}].");

    /// <summary>Runs the kernel on what is bound.</summary>
    public void Execute()
    {
        _scratch.Reset();
        _pending.Clear();
        try
        {
            Operator.Evaluate(this);
        }
        catch (OverflowException e)
        {
            throw Fail("PG2104", $"its sizes cannot be computed ({e.Message}); inputs are {string.Join(", ", _inputs.Select(i => i?.ToString() ?? "absent"))}.");
        }

        foreach (PendingWrite write in _pending)
        {
            ElementConversion.Store(write.Source, write.SourceType, write.Target);
        }
    }

    internal void EvaluateDecomposed()
    {
        Graph graph = new(NodeName);
        GraphBuilder builder = new(graph, null) { NodeName = NodeName };
        Value?[] values = new Value?[_inputs.Length];
        List<object?> present = [];
        for (int i = 0; i < values.Length; i++)
        {
            if (_inputs[i] is not null)
            {
                // A small integer tensor may steer the decomposition (a shape, axes), so it is a constant in it.
                values[i] = _inputs[i] is Tensor t && t.Length <= ValueContents.MaxElements && t.Type.IsInteger()
                    ? builder.Constant($"in{i}", t)
                    : builder.Input($"in{i}", ReferenceEvaluator.TypeOf(_inputs[i]!));
                if (values[i]!.Constant is null)
                {
                    present.Add(_inputs[i]);
                }
            }
        }

        IReadOnlyList<Value?> outputs = Operator.Decompose(builder, values, OutputCount)
            ?? throw new InternalCompilerException($"{Operator.Definition.Name} has neither a reference kernel nor a decomposition.");
        List<int> wanted = [.. Enumerable.Range(0, OutputCount).Where(Wants)];
        foreach (int i in wanted)
        {
            builder.Output($"out{i}", outputs[i]!);
        }

        object?[] results = Interpreter.Run(graph, present, Cancellation);
        for (int i = 0; i < wanted.Count; i++)
        {
            Set(wanted[i], results[i]);
        }
    }

    private InternalCompilerException Unplanned(int output, Tensor planned, object? actual) =>
        new($"{Operator.Definition.Name} \"{NodeName}\": output {output} was inferred as {planned}, but is {actual}.");

    private readonly record struct PendingWrite(Tensor Target, Memory<byte> Source, DataType SourceType);
}
