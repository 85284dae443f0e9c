using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Ir;

/// <summary>
/// The contents of a constant value. An original constant has the name that it bears in the model (refit replaces it by that name);
/// a folded one carries its <see cref="Derivation"/>: the operator and the constants that it was computed from.
/// </summary>
public sealed class Constant
{
    public Constant(string name, Tensor data)
    {
        Name = name;
        Data = data;
    }

    public Constant(string name, Tensor data, Derivation derivation)
        : this(name, data) => Derivation = derivation;

    /// <summary>The model's name of an original constant; the value's name of a derived one.</summary>
    public string Name { get; }

    public Tensor Data { get; }

    /// <summary>The same contents without their origin, which need not be kept then.</summary>
    public Constant WithoutDerivation() => Derivation is null ? this : new(Name, Data);

    /// <summary>How the contents follow from other constants; null for an original.</summary>
    public Derivation? Derivation { get; }
}

/// <summary>A constant expression: <paramref name="Operator"/> applied to <paramref name="Inputs"/> (null: an absent optional input) gave the constant as its output number <paramref name="OutputIndex"/>.</summary>
public sealed record Derivation(Operator Operator, IReadOnlyList<Constant?> Inputs, int OutputIndex);
