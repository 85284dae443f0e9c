using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>A model's node of a <see cref="ForeignSchema"/>: what its rule reads, and how it adds nodes. All of them bear the node's name and provenance.</summary>
public sealed class ForeignNode
{
    private readonly IReadOnlyList<Value?> _inputs;
    private readonly IReadOnlyList<bool> _wanted;
    private readonly int _findingsBefore;
    private readonly AttributeReader _reader;

    /// <param name="inputs">Null where an optional input is absent; trailing absent inputs may be missing altogether.</param>
    /// <param name="wanted">One entry per output that the node lists: whether it is wanted.</param>
    public ForeignNode(ForeignSchema schema, string name, AttributeBag attributes, IReadOnlyList<Value?> inputs, IReadOnlyList<bool> wanted, GraphBuilder builder, DiagnosticBag diagnostics)
    {
        (Schema, Name, Attributes, _inputs, _wanted, Builder, Diagnostics) = (schema, name, attributes, inputs, wanted, builder, diagnostics);
        _findingsBefore = diagnostics.Items.Count;
        _reader = new(attributes, schema);
    }

    public ForeignSchema Schema { get; }

    public string Name { get; }

    public GraphBuilder Builder { get; }

    public int InputCount => _inputs.Count;

    public int OutputCount => _wanted.Count;

    /// <summary>Whether an error has been reported about this node or one that the rule has added.</summary>
    public bool HasFailed => Diagnostics.Items.Skip(_findingsBefore).Any(d => d.Severity == Severity.Error);

    internal AttributeBag Attributes { get; }

    internal DiagnosticBag Diagnostics { get; }

    /// <summary>Input <paramref name="input"/>, or null.</summary>
    public Value? this[int input] => input < _inputs.Count ? _inputs[input] : null;

    public bool Has(int input) => this[input] is not null;

    /// <summary>Whether output <paramref name="output"/> is wanted.</summary>
    public bool Wants(int output) => output < _wanted.Count && _wanted[output];

    public long Int(string attribute) => _reader.Int(attribute);

    public long? OptionalInt(string attribute) => _reader.OptionalInt(attribute);

    public bool Flag(string attribute) => _reader.Flag(attribute);

    public float Float(string attribute) => _reader.Float(attribute);

    public float? OptionalFloat(string attribute) => _reader.OptionalFloat(attribute);

    public string Text(string attribute) => _reader.Text(attribute);

    public Ints Ints(string attribute) => _reader.Ints(attribute);

    public Ints? OptionalInts(string attribute) => _reader.OptionalInts(attribute);

    public Floats? OptionalFloats(string attribute) => _reader.OptionalFloats(attribute);

    /// <summary>The element type of a present input.</summary>
    public DataType ElementType(int input) => this[input]!.Tensor!.ElementType;

    /// <summary>The shape of a present input.</summary>
    public Shape Shape(int input) => this[input]!.Tensor!.Shape;

    /// <summary>Adds a node with one output and returns it.</summary>
    public Value Call(Operator op, params ReadOnlySpan<Value?> inputs) => Builder.Call(op, inputs);

    /// <summary>Adds a node with some outputs and returns them.</summary>
    public IReadOnlyList<Value?> CallMany(Operator op, int outputCount, params ReadOnlySpan<Value?> inputs) => Builder.CallMany(op, inputs, outputCount);

    /// <summary>Adds a node of which some outputs are left out.</summary>
    public IReadOnlyList<Value?> CallWanted(Operator op, ReadOnlySpan<Value?> inputs, params ReadOnlySpan<bool> wanted)
    {
        string?[] names = new string?[wanted.Length];
        for (int i = 0; i < names.Length; i++)
        {
            names[i] = wanted[i] ? $"{Name}.out{i}" : null;
        }

        return Builder.CallNamed(op, inputs, names);
    }

    /// <summary>Another operator with this node's attributes, as far as it has them; null after reporting one that does not fit.</summary>
    public Operator? Create(OperatorSchema schema, params ReadOnlySpan<(string Name, object? Value)> changes)
    {
        AttributeBag bag = new();
        foreach (string name in Attributes.Names.Where(n => schema.Attributes.Any(a => a.Name == n)))
        {
            bag[name] = Attributes[name];
        }

        foreach ((string name, object? value) in changes)
        {
            bag[name] = value;
        }

        return schema.TryCreate(bag, Diagnostics, Name);
    }

    public Value Constant(string part, Tensor data) => Builder.Constant($"{Name}.{part}", data);

    /// <summary>An int64 vector.</summary>
    public Value Integers(params ReadOnlySpan<long> values) => Constant("integers", Tensor.Vector(values));

    /// <summary>A scalar of a numeric type; of float32 if the type is none, so that the operator that gets it tells what does not fit.</summary>
    public Value Number(DataType type, double value)
    {
        Tensor scalar = Tensor.Allocate(type.IsFloat() || type.IsInteger() ? type : DataType.Float32, []);
        ElementConversion.Store<double>([value], scalar);
        return Constant("number", scalar);
    }

    /// <summary>Checks that a present input has one of these ranks; an input of unknown rank is an error too.</summary>
    public bool RequireRank(int input, params ReadOnlySpan<int> ranks)
    {
        if (Shape(input).IsRanked && ranks.Contains(Shape(input).Rank))
        {
            return true;
        }

        Fail($"input {input} ({Schema.InputFormals[Math.Min(input, Schema.InputFormals.Count - 1)].Name}) is {this[input]!.Type}, but must be of rank {string.Join(" or ", ranks.ToArray())}.", "Give the model's inputs their shapes.");
        return false;
    }

    /// <summary>The extent of an axis (negative ones count from the end) of a present input, where it must be known; null after reporting that it is not.</summary>
    public long? RequireExtent(int input, int axis)
    {
        Shape shape = Shape(input);
        int at = axis < 0 && shape.IsRanked ? axis + shape.Rank : axis;
        if (shape.IsRanked && at >= 0 && at < shape.Rank && shape[at].IsConstant)
        {
            return shape[at].Constant;
        }

        Fail($"input {input} ({Schema.InputFormals[input].Name}) is {this[input]!.Type}, but its axis {axis} must have a known extent.", "Give the model's inputs their shapes.");
        return null;
    }

    /// <summary>Reports that the node has a form that is not supported, unless an error has been reported already (this one would follow from it); null, as a rule returns it.</summary>
    public IReadOnlyList<Value?>? Fail(string message, string suggestion = "")
    {
        if (!HasFailed)
        {
            Report("PG2023", message, suggestion);
        }

        return null;
    }

    internal void Report(string code, string message, string suggestion = "") => Diagnostics.Error(code, $"{Schema.Name} \"{Name}\": {message}", suggestion: suggestion);
}
