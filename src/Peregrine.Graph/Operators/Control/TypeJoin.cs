using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The narrowest type that covers two: of two branches, of two iterations, of two items of a sequence.</summary>
internal static class TypeJoin
{
    /// <summary>The joined type; null if no type covers both.</summary>
    /// <param name="joinDims">Called for dimensions that are not equal.</param>
    public static IrType? Join(IrType left, IrType right, Func<Dim, Dim, Dim> joinDims)
    {
        if (left == right || right == IrType.Unknown)
        {
            return left;
        }

        switch (left, right)
        {
            case var _ when left == IrType.Unknown:
                return right;
            case (TensorType a, TensorType b):
                if (a.ElementType != b.ElementType)
                {
                    return a.ElementType == DataType.Undefined ? b : b.ElementType == DataType.Undefined ? a : null;
                }

                return a.Shape.IsRanked && b.Shape.IsRanked && a.Shape.Rank == b.Shape.Rank
                    ? a with { Shape = Shape.From(a.Shape.Zip(b.Shape, (x, y) => x == y ? x : joinDims(x, y))) }
                    : a with { Shape = Shape.Unranked };
            case (SequenceType a, SequenceType b):
                return Join(a.Element, b.Element, joinDims) is { } item ? new SequenceType(item) : null;
            case (OptionalType a, OptionalType b):
                return Join(a.Element, b.Element, joinDims) is { } inner ? new OptionalType(inner) : null;
            // A value that is there may stand where an optional is expected.
            case (OptionalType a, _):
                return Join(a.Element, right, joinDims) is { } present ? new OptionalType(present) : null;
            case (_, OptionalType b):
                return Join(left, b.Element, joinDims) is { } given ? new OptionalType(given) : null;
            default:
                return null;
        }
    }

    /// <summary>The join where every dimension that differs becomes a fresh symbol bounded by the larger.</summary>
    public static IrType? Join(this InferenceScope c, IrType left, IrType right) => Join(left, right, (a, b) => c.FreshSymbol(Dim.Max(a, b)));

    /// <summary>The type with some dimensions replaced.</summary>
    public static IrType MapDims(IrType type, Func<Dim, Dim> map) => type switch
    {
        TensorType { Shape.IsRanked: true } t => t with { Shape = Shape.From(t.Shape.Select(map)) },
        SequenceType s => new SequenceType(MapDims(s.Element, map)),
        OptionalType o => new OptionalType(MapDims(o.Element, map)),
        _ => type,
    };

    /// <summary>The symbols in a type.</summary>
    public static IEnumerable<string> Symbols(IrType type) => type switch
    {
        TensorType { Shape.IsRanked: true } t => t.Shape.SelectMany(d => d.Symbols),
        SequenceType s => Symbols(s.Element),
        OptionalType o => Symbols(o.Element),
        _ => [],
    };
}
