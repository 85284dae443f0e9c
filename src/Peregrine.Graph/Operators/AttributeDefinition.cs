using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>What kind of value an attribute has.</summary>
public enum AttributeKind
{
    Int,
    Float,
    Text,
    Ints,
    Floats,
    Texts,
    Tensor,
    Graph,
    Type,
}

/// <summary>One attribute of a schema.</summary>
/// <param name="Name">As ONNX spells it.</param>
/// <param name="Default">The value if it is absent; null for a required or an optional attribute.</param>
/// <param name="Required">Whether a node without it is wrong.</param>
/// <param name="Choices">The allowed texts of an enumeration; empty for anything else.</param>
/// <param name="Getter">Its value in an operator; null where an optional one is absent.</param>
public sealed record AttributeDefinition(string Name, AttributeKind Kind, object? Default, bool Required, IReadOnlyList<string> Choices, Func<Operator, object?> Getter)
{
    /// <summary>The kind of a bag's value.</summary>
    public static AttributeKind KindOf(object value) => value switch
    {
        long => AttributeKind.Int,
        float => AttributeKind.Float,
        string => AttributeKind.Text,
        Ints => AttributeKind.Ints,
        Floats => AttributeKind.Floats,
        Texts => AttributeKind.Texts,
        Tensor => AttributeKind.Tensor,
        Graph => AttributeKind.Graph,
        IrType => AttributeKind.Type,
        _ => throw new ArgumentException($"{value.GetType()} is no attribute value.", nameof(value)),
    };
}

/// <summary>An operator's attributes while it is created: checked against the schema, defaults filled in.</summary>
public readonly struct AttributeReader(AttributeBag bag, OperatorSchema schema)
{
    public long Int(string name) => (long)Get(name)!;

    public long? OptionalInt(string name) => (long?)Get(name);

    public bool Flag(string name) => Int(name) != 0;

    public float Float(string name) => (float)Get(name)!;

    public float? OptionalFloat(string name) => (float?)Get(name);

    public string Text(string name) => (string)Get(name)!;

    public string? OptionalText(string name) => (string?)Get(name);

    public Ints Ints(string name) => (Ints)Get(name)!;

    public Ints? OptionalInts(string name) => (Ints?)Get(name);

    public Floats Floats(string name) => (Floats)Get(name)!;

    public Floats? OptionalFloats(string name) => (Floats?)Get(name);

    public Texts Texts(string name) => (Texts)Get(name)!;

    public Texts? OptionalTexts(string name) => (Texts?)Get(name);

    public Tensor Tensor(string name) => (Tensor)Get(name)!;

    public Tensor? OptionalTensor(string name) => (Tensor?)Get(name);

    public Graph Graph(string name) => (Graph)Get(name)!;

    public Graph? OptionalGraph(string name) => (Graph?)Get(name);

    public IrType? OptionalType(string name) => (IrType?)Get(name);

    /// <summary>The element type of that number; a number that is none stays none (it must not wrap into one).</summary>
    public DataType DataType(string name) => (DataType)(int)Math.Clamp(Int(name), -1, int.MaxValue);

    /// <summary>The enumeration's member of the attribute's text.</summary>
    public TEnum Choice<TEnum>(string name) where TEnum : struct, Enum =>
        schema.Choice<TEnum>(name, Text(name));

    private object? Get(string name) => bag[name] ?? schema.Attribute(name).Default;
}
