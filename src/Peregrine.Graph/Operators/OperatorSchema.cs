using Peregrine.Diagnostics;

namespace Peregrine.Operators;

/// <summary>One formal input or output: <c>"X"</c>, optional <c>"B?"</c>, or (last only) variadic <c>"inputs..."</c>.</summary>
public readonly record struct Formal(string Name, bool IsOptional, bool IsVariadic)
{
    public static Formal Parse(string text) => new(text.TrimEnd('?', '.'), text.EndsWith('?'), text.Contains("...", StringComparison.Ordinal));
}

/// <summary>Turns a node of an older opset into the newest meaning. It returns the node's outputs, or null after reporting an error.</summary>
public delegate IReadOnlyList<Ir.Value?>? ImportRule(ImportScope s);

/// <summary>An <see cref="ImportRule"/> and the opset versions it serves.</summary>
public sealed record ImportBinding(int FromOpset, int ToOpset, ImportRule Rule);

/// <summary>
/// The one description of an operator: name, domain, formals, attributes with defaults and getters, constructor, bindings of older opsets. It drives ONNX import and
/// export, printer, parser, fingerprint and engine format.
/// </summary>
public abstract class OperatorSchema
{
    /// <summary>Larger than every opset version.</summary>
    public const int Newest = int.MaxValue;

    private protected OperatorSchema(string name, int since, string domain)
    {
        Name = name;
        Since = since;
        Domain = domain;
    }

    public string Name { get; }

    /// <summary>The first opset in which the operator has the meaning of the record (later compatible revisions included).</summary>
    public int Since { get; }

    /// <summary><c>""</c> for ai.onnx.</summary>
    public string Domain { get; }

    public IReadOnlyList<Formal> InputFormals { get; private protected set; } = [];

    public IReadOnlyList<Formal> OutputFormals { get; private protected set; } = [];

    public IReadOnlyList<AttributeDefinition> Attributes { get; private protected set; } = [];

    /// <summary>Attributes of older opsets that carry no meaning (any more) and are passed over.</summary>
    public IReadOnlyList<string> LegacyAttributes { get; private protected set; } = [];

    public IReadOnlyList<ImportBinding> Bindings { get; private protected set; } = [];

    /// <summary>What later revisions added without changing the meaning of what was there: the opset, and the name of an attribute, of an optional input, or <c>attribute=choice</c>.</summary>
    public IReadOnlyList<(int Opset, string Feature)> Additions { get; private protected set; } = [];

    /// <summary>The name with its domain unless that is ai.onnx.</summary>
    public string FullName => Domain.Length == 0 ? Name : $"{Domain}.{Name}";

    /// <summary>The first opset that can express a node: <see cref="Since"/>, or a later one if it uses an addition.</summary>
    /// <param name="op">An operator of this schema.</param>
    /// <param name="isPresent">Whether the node has the input of an index.</param>
    public int SinceOf(Operator op, Func<int, bool> isPresent)
    {
        AttributeBag bag = Describe(op);
        return Additions.Where(a => Uses(a.Feature)).Select(a => a.Opset).Append(Since).Max();

        bool Uses(string feature)
        {
            string[] parts = feature.Split('=');
            if (Attributes.Any(a => a.Name == parts[0]))
            {
                return bag.Has(parts[0]) && (parts.Length == 1 || bag[parts[0]] as string == parts[1]);
            }

            int input = InputFormals.TakeWhile(f => f.Name != feature).Count();
            return input < InputFormals.Count ? isPresent(input) : throw new InvalidOperationException($"The schema of {FullName} has neither an attribute nor an input \"{feature}\".");
        }
    }

    public AttributeDefinition Attribute(string name) =>
        Attributes.FirstOrDefault(a => a.Name == name) ?? throw new InvalidOperationException($"The schema of {FullName} has no attribute \"{name}\".");

    /// <summary>Creates the operator, or reports every unknown, missing or mistyped attribute and returns null.</summary>
    public Operator? TryCreate(AttributeBag bag, DiagnosticBag diagnostics, string where) => Check(bag, diagnostics, where) ? Construct(bag) : null;

    /// <summary>Reports every unknown, missing or mistyped attribute; false if one of them is an error.</summary>
    private protected bool Check(AttributeBag bag, DiagnosticBag diagnostics, string where)
    {
        bool valid = true;
        foreach (string name in bag.Names)
        {
            if (Attributes.FirstOrDefault(a => a.Name == name) is not { } definition)
            {
                if (!LegacyAttributes.Contains(name))
                {
                    diagnostics.Warning("PG2010", $"{Name} \"{where}\": unknown attribute \"{name}\" is ignored.");
                }

                continue;
            }

            object value = bag[name]!;
            if (AttributeDefinition.KindOf(value) != definition.Kind)
            {
                Error("PG2011", $"attribute \"{name}\" is of kind {AttributeDefinition.KindOf(value)}, but must be of kind {definition.Kind}.");
            }
            else if (definition.Choices.Count > 0 && !definition.Choices.Contains((string)value))
            {
                Error("PG2012", $"attribute \"{name}\" is {AttributeBag.Quote((string)value)}; known are {string.Join(", ", definition.Choices.Select(AttributeBag.Quote))}.");
            }
        }

        foreach (AttributeDefinition definition in Attributes.Where(a => a.Required && !bag.Has(a.Name)))
        {
            Error("PG2013", $"the required attribute \"{definition.Name}\" is missing.");
        }

        return valid;

        void Error(string code, string message)
        {
            valid = false;
            diagnostics.Error(code, $"{Name} \"{where}\": {message}");
        }
    }

    /// <summary>The attributes of an operator that differ from their defaults.</summary>
    public AttributeBag Describe(Operator op)
    {
        AttributeBag bag = new();
        foreach (AttributeDefinition attribute in Attributes)
        {
            object? value = attribute.Getter(op);
            bag[attribute.Name] = value is null || value.Equals(attribute.Default) ? null : value;
        }

        return bag;
    }

    public string Print(Operator op)
    {
        AttributeBag bag = Describe(op);
        return $"{FullName}{bag}";
    }

    internal abstract TEnum Choice<TEnum>(string attribute, string text) where TEnum : struct, Enum;

    private protected abstract Operator Construct(AttributeBag bag);
}
