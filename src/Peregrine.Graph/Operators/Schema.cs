using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// The schema of <typeparamref name="TOperator"/>, declared once in its file:
/// <code>
/// public static readonly Schema&lt;Concat&gt; Schema = new Schema&lt;Concat&gt;("Concat", since: 4, a => new(a.Int("axis")))
///     .Inputs("inputs...").Outputs("concat_result")
///     .Int("axis", o => o.Axis)
///     .Import(1, 3, s => s.Default(("axis", 1L)));
/// </code>
/// </summary>
public sealed class Schema<TOperator>(string name, int since, Func<AttributeReader, TOperator> create, string domain = "") : OperatorSchema(name, since, domain)
    where TOperator : Operator
{
    private readonly Dictionary<string, object> _choices = new(StringComparer.Ordinal);

    public Schema<TOperator> Inputs(params string[] formals) => With(() => InputFormals = [.. formals.Select(Formal.Parse)]);

    public Schema<TOperator> Outputs(params string[] formals) => With(() => OutputFormals = [.. formals.Select(Formal.Parse)]);

    /// <summary>An integer; required unless it has a default.</summary>
    public Schema<TOperator> Int(string name, Func<TOperator, long> get, long? @default = null) => Add(name, AttributeKind.Int, @default, @default is null, o => get(o));

    public Schema<TOperator> OptionalInt(string name, Func<TOperator, long?> get) => Add(name, AttributeKind.Int, null, false, o => get(o));

    /// <summary>ONNX writes truth values as integers 0 and 1.</summary>
    public Schema<TOperator> Flag(string name, Func<TOperator, bool> get, bool @default) => Add(name, AttributeKind.Int, @default ? 1L : 0L, false, o => get(o) ? 1L : 0L);

    public Schema<TOperator> Float(string name, Func<TOperator, float> get, float? @default = null) => Add(name, AttributeKind.Float, @default, @default is null, o => get(o));

    public Schema<TOperator> OptionalFloat(string name, Func<TOperator, float?> get) => Add(name, AttributeKind.Float, null, false, o => get(o));

    public Schema<TOperator> Text(string name, Func<TOperator, string> get, string? @default = null) => Add(name, AttributeKind.Text, @default, @default is null, get);

    public Schema<TOperator> OptionalText(string name, Func<TOperator, string?> get) => Add(name, AttributeKind.Text, null, false, get);

    public Schema<TOperator> Ints(string name, Func<TOperator, Ints> get, Ints? @default = null) => Add(name, AttributeKind.Ints, @default, @default is null, o => get(o));

    public Schema<TOperator> OptionalInts(string name, Func<TOperator, Ints?> get) => Add(name, AttributeKind.Ints, null, false, o => get(o));

    public Schema<TOperator> Floats(string name, Func<TOperator, Floats> get, Floats? @default = null) => Add(name, AttributeKind.Floats, @default, @default is null, o => get(o));

    public Schema<TOperator> OptionalFloats(string name, Func<TOperator, Floats?> get) => Add(name, AttributeKind.Floats, null, false, o => get(o));

    public Schema<TOperator> Texts(string name, Func<TOperator, Texts> get, Texts? @default = null) => Add(name, AttributeKind.Texts, @default, @default is null, o => get(o));

    public Schema<TOperator> OptionalTexts(string name, Func<TOperator, Texts?> get) => Add(name, AttributeKind.Texts, null, false, o => get(o));

    public Schema<TOperator> OptionalTensor(string name, Func<TOperator, Tensor?> get) => Add(name, AttributeKind.Tensor, null, false, get);

    public Schema<TOperator> Graph(string name, Func<TOperator, Graph> get) => Add(name, AttributeKind.Graph, null, true, get);

    public Schema<TOperator> OptionalGraph(string name, Func<TOperator, Graph?> get) => Add(name, AttributeKind.Graph, null, false, get);

    public Schema<TOperator> OptionalType(string name, Func<TOperator, IrType?> get) => Add(name, AttributeKind.Type, null, false, get);

    /// <summary>An element type, written as its ONNX number.</summary>
    public Schema<TOperator> DataType(string name, Func<TOperator, DataType> get, DataType? @default = null) =>
        Add(name, AttributeKind.Int, @default is { } d ? (long)d : null, @default is null, o => (long)get(o));

    /// <summary>An enumeration, written as one of these texts; required if <paramref name="default"/> is null.</summary>
    public Schema<TOperator> Choice<TEnum>(string name, Func<TOperator, TEnum> get, TEnum? @default, params (string Text, TEnum Value)[] choices) where TEnum : struct, Enum
    {
        _choices[name] = choices;
        Add(name, AttributeKind.Text, @default is { } d ? TextOf(d) : null, @default is null, o => TextOf(get(o)));
        Attributes = [.. Attributes.SkipLast(1), Attributes[^1] with { Choices = [.. choices.Select(c => c.Text)] }];
        return this;

        string TextOf(TEnum value) => Array.Find(choices, c => EqualityComparer<TEnum>.Default.Equals(c.Value, value)).Text;
    }

    /// <summary>Attributes of older opsets that are passed over: <c>consumed_inputs</c>, <c>is_test</c>, …</summary>
    public Schema<TOperator> Legacy(params string[] names) => With(() => LegacyAttributes = [.. LegacyAttributes, .. names]);

    /// <summary>What a later revision added: names of attributes or optional inputs, or <c>attribute=choice</c>. An exporter declares that opset where a node uses one.</summary>
    public Schema<TOperator> Added(int opset, params string[] features) => With(() => Additions = [.. Additions, .. features.Select(f => (opset, f))]);

    /// <summary>How nodes of opsets <paramref name="fromOpset"/> to <paramref name="toOpset"/> (inclusive) become the newest meaning.</summary>
    public Schema<TOperator> Import(int fromOpset, int toOpset, ImportRule rule) => With(() => Bindings = [.. Bindings, new(fromOpset, toOpset, rule)]);

    internal override TEnum Choice<TEnum>(string attribute, string text) =>
        Array.Find(((string Text, TEnum Value)[])_choices[attribute], c => c.Text == text).Value;

    private protected override Operator Construct(AttributeBag bag) => create(new(bag, this));

    private Schema<TOperator> Add(string attribute, AttributeKind kind, object? @default, bool required, Func<TOperator, object?> get)
    {
        Attributes = [.. Attributes, new(attribute, kind, @default, required, [], o => get((TOperator)o))];
        return this;
    }

    private Schema<TOperator> With(Action action)
    {
        action();
        return this;
    }
}
