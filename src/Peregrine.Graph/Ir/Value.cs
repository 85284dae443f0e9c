using Peregrine.Symbolics;

namespace Peregrine.Ir;

/// <summary>Where a value is used: input <paramref name="Index"/> of <paramref name="Node"/>, or (node null) output <paramref name="Index"/> of the graph.</summary>
public readonly record struct Use(Node? Node, int Index);

/// <summary>An SSA edge of a graph: made once (by a node, as a graph input or as a constant), used any number of times.</summary>
public sealed class Value
{
    private readonly List<Use> _uses = [];

    internal Value(string name, IrType type, Node? producer, int outputIndex)
    {
        Name = name;
        Type = type;
        Producer = producer;
        OutputIndex = outputIndex;
    }

    /// <summary>Unique in its graph.</summary>
    public string Name { get; internal set; }

    public IrType Type { get; internal set; }

    /// <summary>The node that makes it; null for graph inputs and constants.</summary>
    public Node? Producer { get; }

    /// <summary>Which output of <see cref="Producer"/> this is.</summary>
    public int OutputIndex { get; }

    /// <summary>The contents, if this is a constant.</summary>
    public Constant? Constant { get; internal set; }

    /// <summary>The contents of a small integer tensor as far as inference knows them: one <see cref="Dim"/> per element in row-major order; else null.</summary>
    public IReadOnlyList<Dim>? Contents { get; internal set; }

    /// <summary>Every use, graph outputs included.</summary>
    public IReadOnlyList<Use> Uses => _uses;

    /// <summary>The type as a tensor type; null for sequences, optionals and unknown types.</summary>
    public TensorType? Tensor => Type as TensorType;

    internal List<Use> MutableUses => _uses;

    public override string ToString() => $"%{Name} : {Type}";
}
