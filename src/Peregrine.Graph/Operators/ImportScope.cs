using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>A model's node on its way into the graph: what an <see cref="ImportRule"/> reads and calls.</summary>
public sealed class ImportScope(OperatorSchema schema, string nodeName, int opset, AttributeBag attributes, IReadOnlyList<Value?> inputs, int outputCount, GraphBuilder builder, DiagnosticBag diagnostics)
{
    private readonly IReadOnlyList<string?>? _outputNames;

    /// <param name="outputNames">The names of the node's outputs; null for one that is not wanted. The operator that a rule calls gets them.</param>
    public ImportScope(OperatorSchema schema, string nodeName, int opset, AttributeBag attributes, IReadOnlyList<Value?> inputs, IReadOnlyList<string?> outputNames, GraphBuilder builder, DiagnosticBag diagnostics)
        : this(schema, nodeName, opset, attributes, inputs, outputNames.Count, builder, diagnostics) => _outputNames = outputNames;

    public OperatorSchema Schema { get; } = schema;

    public string NodeName { get; } = nodeName;

    /// <summary>The opset version that the model imports for the node's domain.</summary>
    public int Opset { get; } = opset;

    /// <summary>The node's attributes as the file gives them.</summary>
    public AttributeBag Attributes { get; } = attributes;

    /// <summary>Null where an optional input is absent; trailing absent inputs may be missing altogether.</summary>
    public IReadOnlyList<Value?> Inputs { get; } = inputs;

    /// <summary>Outputs that the node lists, absent ones included.</summary>
    public int OutputCount { get; } = outputCount;

    public GraphBuilder Builder { get; } = builder;

    /// <summary>Input <paramref name="index"/>, or null.</summary>
    public Value? this[int index] => index < Inputs.Count ? Inputs[index] : null;

    /// <summary>The node as the newest schema reads it, with attributes added or replaced (a null value removes one).</summary>
    public IReadOnlyList<Value?>? Default(params ReadOnlySpan<(string Name, object? Value)> changes) => Call(Changed(changes), [.. Inputs]);

    /// <summary>As <see cref="Default"/>, but with other inputs.</summary>
    public IReadOnlyList<Value?>? WithInputs(IReadOnlyList<Value?> newInputs, params ReadOnlySpan<(string Name, object? Value)> changes) => Call(Changed(changes), [.. newInputs]);

    /// <summary>Any operator on any values, with the node's number of outputs.</summary>
    public IReadOnlyList<Value?> Call(Operator op, params ReadOnlySpan<Value?> values) =>
        _outputNames is null ? Builder.CallMany(op, values, OutputCount) : Builder.CallNamed(op, values, [.. _outputNames]);

    /// <summary>An int64 vector as a constant input; null if the attribute is absent.</summary>
    public Value? ConstantInts(string attribute) => Attributes.Ints(attribute) is { } values ? Builder.Constant($"{NodeName}.{attribute}", values.AsSpan()) : null;

    /// <summary>The numbers of a constant input, fractions cut off: some early forms gave counts and axes as floats. Null if it is absent, not constant or not numeric.</summary>
    public long[]? NumbersOf(int input)
    {
        if (this[input]?.Constant?.Data is not { } tensor || tensor.Type == DataType.String || tensor.Type.IsComplex())
        {
            return null;
        }

        double[] values = new double[tensor.Length];
        ElementConversion.Load<double>(tensor, values);
        return [.. values.Select(v => (long)v)];
    }

    public Value Constant(string name, Tensor data) => Builder.Constant($"{NodeName}.{name}", data);

    public IReadOnlyList<Value?>? Error(string code, string message, string suggestion = "")
    {
        diagnostics.Error(code, $"{Schema.Name} \"{NodeName}\" (opset {Opset}): {message}", suggestion: suggestion);
        return null;
    }

    private AttributeBag Changed(ReadOnlySpan<(string Name, object? Value)> changes)
    {
        AttributeBag bag = Attributes.Clone();
        foreach ((string name, object? value) in changes)
        {
            bag[name] = value;
        }

        return bag;
    }

    private IReadOnlyList<Value?>? Call(AttributeBag bag, ReadOnlySpan<Value?> values) =>
        Schema.TryCreate(bag, diagnostics, NodeName) is { } op ? Call(op, values) : null;
}
