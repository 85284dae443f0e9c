using Peregrine.Operators;

namespace Peregrine.Ir;

/// <summary>An operator applied to values. Identity matters: nodes are compared by reference and keep their <see cref="Id"/>.</summary>
public sealed class Node
{
    private readonly Value?[] _inputs;

    internal Node(int id, string name, Operator op, ReadOnlySpan<Value?> inputs, Provenance provenance)
    {
        Id = id;
        Name = name;
        Operator = op;
        _inputs = inputs.ToArray();
        Provenance = provenance;
    }

    /// <summary>Stable number, unique in the graph, never reused.</summary>
    public int Id { get; }

    /// <summary>The source model's name of the node, or a name made from its operator; not necessarily unique.</summary>
    public string Name { get; }

    public Operator Operator { get; internal set; }

    /// <summary>One entry per input; null where an optional input is absent.</summary>
    public IReadOnlyList<Value?> Inputs => _inputs;

    /// <summary>One entry per output; null where an optional output is not wanted.</summary>
    public IReadOnlyList<Value?> Outputs { get; internal set; } = [];

    public Provenance Provenance { get; internal set; }

    /// <summary>Whether an edit took the node out of its graph.</summary>
    public bool IsRemoved { get; internal set; }

    internal Value?[] MutableInputs => _inputs;

    public override string ToString() => $"{Operator.Definition.Name} \"{Name}\"";
}
