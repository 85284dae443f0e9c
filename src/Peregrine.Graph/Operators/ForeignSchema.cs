using Peregrine.Diagnostics;
using Peregrine.Ir;

namespace Peregrine.Operators;

/// <summary>Makes a graph of a <see cref="ForeignNode"/>. It returns the node's outputs in order (null for one that is not wanted), or null after reporting an error.</summary>
public delegate IReadOnlyList<Value?>? ForeignRule(ForeignNode node);

/// <summary>
/// An operator that has no record here: another project's domain defines it, and an importer makes a graph of known operators of each of its nodes. One file declares it:
/// <code>
/// internal static class BiasGeluImport
/// {
///     public static readonly ForeignSchema Schema = new ForeignSchema("BiasGelu", "com.microsoft", n => [n.Call(new Gelu(), n.Call(new Add(), n[0], n[1]))]).Inputs("A", "B").Outputs("C");
/// }
/// </code>
/// Before the rule runs, inputs, outputs and attributes are checked against the declaration.
/// </summary>
public sealed class ForeignSchema(string name, string domain, ForeignRule rule) : OperatorSchema(name, since: 1, domain)
{
    private readonly List<(string Name, object Allowed)> _fixed = [];
    private readonly List<string> _refused = [];

    public ForeignSchema Inputs(params string[] formals) => With(() => InputFormals = [.. formals.Select(Formal.Parse)]);

    public ForeignSchema Outputs(params string[] formals) => With(() => OutputFormals = [.. formals.Select(Formal.Parse)]);

    /// <summary>An integer; required unless it has a default.</summary>
    public ForeignSchema Int(string attribute, long? @default = null) => Add(attribute, AttributeKind.Int, @default, @default is null);

    public ForeignSchema OptionalInt(string attribute) => Add(attribute, AttributeKind.Int, null, false);

    public ForeignSchema Flag(string attribute, bool @default = false) => Add(attribute, AttributeKind.Int, @default ? 1L : 0L, false);

    public ForeignSchema Float(string attribute, float @default) => Add(attribute, AttributeKind.Float, @default, false);

    public ForeignSchema OptionalFloat(string attribute) => Add(attribute, AttributeKind.Float, null, false);

    public ForeignSchema Text(string attribute, string? @default, params string[] choices) => Add(attribute, AttributeKind.Text, @default, @default is null, choices);

    public ForeignSchema Ints(string attribute) => Add(attribute, AttributeKind.Ints, null, true);

    public ForeignSchema OptionalInts(string attribute) => Add(attribute, AttributeKind.Ints, null, false);

    public ForeignSchema OptionalFloats(string attribute) => Add(attribute, AttributeKind.Floats, null, false);

    /// <summary>The attributes of another operator, but for <paramref name="except"/>; <see cref="ForeignNode.Create"/> hands them on.</summary>
    public ForeignSchema AttributesOf(OperatorSchema other, params string[] except) => With(() => Attributes = [.. Attributes, .. other.Attributes.Where(a => !except.Contains(a.Name))]);

    /// <summary>An attribute of which one value (the default) is supported; any other is an error that names it.</summary>
    public ForeignSchema Only(string attribute, object allowed)
    {
        _fixed.Add((attribute, allowed));
        return Add(attribute, AttributeDefinition.KindOf(allowed), allowed, false);
    }

    /// <summary>Optional inputs and outputs that are not supported: a node that has one is an error that names it.</summary>
    public ForeignSchema Refuse(params string[] formals) => With(() => _refused.AddRange(formals));

    /// <summary>Attributes that carry no meaning for results: hints, training.</summary>
    public ForeignSchema Ignore(params string[] attributes) => With(() => LegacyAttributes = [.. LegacyAttributes, .. attributes]);

    /// <summary>Makes a graph of the node: its outputs in order, or null after reporting what is wrong with it.</summary>
    public IReadOnlyList<Value?>? Import(ForeignNode node)
    {
        bool valid = Check(node.Attributes, node.Diagnostics, node.Name)
            & CheckArity(node, "input", InputFormals, node.InputCount, node.Has)
            & CheckArity(node, "output", OutputFormals, node.OutputCount, node.Wants);
        foreach ((string attribute, object allowed) in _fixed)
        {
            if (node.Attributes[attribute] is { } given && !given.Equals(allowed) && given.GetType() == allowed.GetType())
            {
                valid = false;
                node.Report("PG2022", $"{attribute}={given} is not supported; only {attribute}={allowed} is.", "Export the model without it.");
            }
        }

        for (int i = 0; i < node.InputCount; i++)
        {
            if (node.Has(i) && node[i]!.Tensor is null)
            {
                valid = false;
                node.Report("PG2103", $"input {i} is {node[i]!.Type}, but must be a tensor.");
            }
        }

        if (!valid)
        {
            return null;
        }

        IReadOnlyList<Value?>? outputs = rule(node);
        return node.HasFailed ? null : outputs;
    }

    internal override TEnum Choice<TEnum>(string attribute, string text) => throw new InvalidOperationException($"{FullName} has no enumerations.");

    private protected override Operator Construct(AttributeBag bag) => throw new InvalidOperationException($"{FullName} exists only in models that are imported.");

    private bool CheckArity(ForeignNode node, string kind, IReadOnlyList<Formal> formals, int count, Func<int, bool> present)
    {
        bool valid = true;
        if (count > formals.Count && !(formals.Count > 0 && formals[^1].IsVariadic))
        {
            node.Report("PG2105", $"it has {count} {kind}s, but takes at most {formals.Count}.");
            return false;
        }

        for (int i = 0; i < formals.Count; i++)
        {
            if (!formals[i].IsOptional && (kind == "input" ? !present(i) : i >= count))
            {
                node.Report("PG2106", $"the required {kind} {i} ({formals[i].Name}) is absent.");
                valid = false;
            }
            else if (present(i) && _refused.Contains(formals[i].Name))
            {
                node.Report("PG2022", $"the optional {kind} {i} ({formals[i].Name}) is not supported.", "Export the model without it.");
                valid = false;
            }
        }

        return valid;
    }

    private ForeignSchema Add(string attribute, AttributeKind kind, object? @default, bool required, params string[] choices)
    {
        Attributes = [.. Attributes, new(attribute, kind, @default, required, choices, _ => throw new InvalidOperationException($"{FullName} has no record."))];
        return this;
    }

    private ForeignSchema With(Action action)
    {
        action();
        return this;
    }
}
