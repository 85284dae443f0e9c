using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Ir;

/// <summary>The type of a <see cref="Value"/>: a tensor, a sequence, an optional, a map, or not known yet.</summary>
public abstract record IrType
{
    /// <summary>Nothing is known: an output that no inference has reached.</summary>
    public static IrType Unknown { get; } = new UnknownType();

    private sealed record UnknownType : IrType
    {
        public override string ToString() => "?";
    }
}

/// <summary>A dense tensor.</summary>
public sealed record TensorType(DataType ElementType, Shape Shape) : IrType
{
    public override string ToString() => $"{ElementType.Name()}{Shape}";
}

/// <summary>A list of values of one type.</summary>
public sealed record SequenceType(IrType Element) : IrType
{
    public override string ToString() => $"seq<{Element}>";
}

/// <summary>A value that may be absent.</summary>
public sealed record OptionalType(IrType Element) : IrType
{
    public override string ToString() => $"opt<{Element}>";
}

/// <summary>A dictionary from integers or strings to single elements (<see cref="TensorMap"/>).</summary>
/// <param name="Key">Int64 or String.</param>
/// <param name="Element">The type of the values.</param>
public sealed record MapType(DataType Key, DataType Element) : IrType
{
    public override string ToString() => $"map<{Key.Name()},{Element.Name()}>";
}
