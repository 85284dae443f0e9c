using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Symbolics;

namespace Peregrine.Rewriting;

/// <summary>
/// What may stand for what, and how types become more exact after an edit. Inference may invent a fresh symbol for a data-dependent extent each time it runs;
/// refinement keeps the symbol that the graph already knows.
/// </summary>
internal static class TypeRefinement
{
    /// <summary>Whether a value of type <paramref name="replacement"/> may take the place of one of type <paramref name="old"/>.</summary>
    public static bool CanStandFor(IrType replacement, IrType old)
    {
        if (old == IrType.Unknown || replacement == IrType.Unknown)
        {
            return true;
        }

        return (replacement, old) switch
        {
            (TensorType a, TensorType b) => a.ElementType == b.ElementType && Fit(a.Shape, b.Shape),
            (SequenceType a, SequenceType b) => CanStandFor(a.Element, b.Element),
            (OptionalType a, OptionalType b) => CanStandFor(a.Element, b.Element),
            (MapType a, MapType b) => a == b,
            _ => false,
        };
    }

    /// <summary>The more exact of both types where they differ. Symbols in <paramref name="fresh"/> know less than anything that was known before.</summary>
    public static IrType Refine(IrType known, IrType inferred, IReadOnlySet<string> fresh)
    {
        if (inferred == IrType.Unknown)
        {
            return known;
        }

        return (known, inferred) switch
        {
            (TensorType a, TensorType b) when a.Shape.IsRanked => b.Shape.IsRanked && a.Shape.Rank == b.Shape.Rank
                ? b with { Shape = Shape.From(a.Shape.Zip(b.Shape, (x, y) => Refine(x, y, fresh))) }
                : b.Shape.IsRanked ? b : a,
            (SequenceType a, SequenceType b) => new SequenceType(Refine(a.Element, b.Element, fresh)),
            (OptionalType a, OptionalType b) => new OptionalType(Refine(a.Element, b.Element, fresh)),
            _ => inferred,
        };
    }

    /// <summary>Infers a node that is in the graph again. Returns whether an output's type or contents changed.</summary>
    public static bool Reinfer(Node node, SymbolTable symbols, DiagnosticBag diagnostics)
    {
        (IrType Type, IReadOnlyList<Dim>? Contents)[] before = [.. node.Outputs.Select(o => (o?.Type ?? IrType.Unknown, o?.Contents))];
        int mark = symbols.FreshNames.Count;
        TypeInference.Infer(node, symbols, diagnostics);
        HashSet<string> fresh = [.. symbols.FreshNames.Skip(mark)];
        bool changed = false;
        for (int i = 0; i < before.Length; i++)
        {
            if (node.Outputs[i] is { } output)
            {
                output.Type = Refine(before[i].Type, output.Type, fresh);
                output.Contents = Refine(before[i].Contents, output.Contents, fresh);
                changed |= output.Type != before[i].Type || !SameContents(output.Contents, before[i].Contents);
            }
        }

        return changed;
    }

    public static IReadOnlyList<Dim>? Refine(IReadOnlyList<Dim>? known, IReadOnlyList<Dim>? inferred, IReadOnlySet<string> fresh) =>
        known is null ? inferred
        : inferred is null || inferred.Count != known.Count ? inferred ?? known
        : [.. known.Zip(inferred, (a, b) => Refine(a, b, fresh))];

    public static bool SameContents(IReadOnlyList<Dim>? left, IReadOnlyList<Dim>? right) =>
        left is null ? right is null : right is not null && left.SequenceEqual(right);

    private static Dim Refine(Dim known, Dim inferred, IReadOnlySet<string> fresh) =>
        known.IsConstant || (fresh.Count > 0 && inferred.Symbols.Any(fresh.Contains)) ? known : inferred;

    private static bool Fit(Shape a, Shape b)
    {
        if (!a.IsRanked || !b.IsRanked)
        {
            return true;
        }

        return a.Rank == b.Rank && a.Zip(b).All(p => !Dim.ProvablyDifferent(p.First, p.Second));
    }
}
