namespace Peregrine.Symbolics;

/// <summary>What a monomial is a product of. Its <see cref="Key"/> is canonical text: equal keys mean equal atoms.</summary>
internal abstract class DimAtom(string key)
{
    public string Key { get; } = key;

    public abstract void CollectSymbols(SortedSet<string> names);

    public abstract long Evaluate(Func<string, long> symbolValue);

    public abstract (long Min, long Max) Range(Func<string, (long Min, long Max)> symbolRange);

    public abstract Dim Substitute(Func<string, Dim?> replacement);
}

internal sealed class SymbolAtom(string name) : DimAtom(Quote(name))
{
    public string Name { get; } = name;

    public override void CollectSymbols(SortedSet<string> names) => names.Add(Name);

    public override long Evaluate(Func<string, long> symbolValue) => symbolValue(Name);

    public override (long Min, long Max) Range(Func<string, (long Min, long Max)> symbolRange) => symbolRange(Name);

    public override Dim Substitute(Func<string, Dim?> replacement) => replacement(Name) ?? new Dim(Polynomial.Of(this));

    /// <summary>Names that are no identifiers (ONNX allows any text) stand in single quotes, with quotes and backslashes escaped.</summary>
    private static string Quote(string name)
    {
        bool plain = name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.') && name is not ("floor" or "min" or "max" or "broadcast");
        return plain ? name : $"'{name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";
    }
}

internal enum OpaqueKind
{
    FloorDiv,
    Min,
    Max,
    Broadcast,
}

internal sealed class OpaqueAtom(OpaqueKind kind, Dim left, Dim right) : DimAtom(Print(kind, left, right))
{
    public OpaqueKind Kind => kind;

    public Dim Left => left;

    public Dim Right => right;

    public override void CollectSymbols(SortedSet<string> names)
    {
        names.UnionWith(left.Symbols);
        names.UnionWith(right.Symbols);
    }

    public override long Evaluate(Func<string, long> symbolValue)
    {
        long a = left.Evaluate(symbolValue), b = right.Evaluate(symbolValue);
        return kind switch
        {
            OpaqueKind.FloorDiv => b == 0 ? throw new DimException($"{Key} divides by 0.") : Dim.FloorDiv(a, b),
            OpaqueKind.Min => Math.Min(a, b),
            OpaqueKind.Max => Math.Max(a, b),
            _ => a == b || b == 1 ? a : a == 1 ? b : throw new DimException($"{left} is {a} and {right} is {b}; neither is 1, so they cannot be broadcast."),
        };
    }

    public override (long Min, long Max) Range(Func<string, (long Min, long Max)> symbolRange)
    {
        (long aMin, long aMax) = left.Range(symbolRange);
        (long bMin, long bMax) = right.Range(symbolRange);
        switch (kind)
        {
            case OpaqueKind.Min:
                return (Math.Min(aMin, bMin), Math.Min(aMax, bMax));
            case OpaqueKind.Max:
                return (Math.Max(aMin, bMin), Math.Max(aMax, bMax));
            case OpaqueKind.Broadcast:
                return (Math.Min(aMin, bMin), Math.Max(aMax, bMax));
            default:
                if (bMin <= 0)
                {
                    return (aMin >= 0 ? 0 : long.MinValue, aMin >= 0 ? aMax : long.MaxValue);
                }

                Span<long> corners = [Divide(aMin, bMin), Divide(aMin, bMax), Divide(aMax, bMin), Divide(aMax, bMax)];
                corners.Sort();
                return (corners[0], corners[3]);
        }

        // The ends of a range saturate, and stay saturated through a division.
        static long Divide(long a, long b) => a is long.MaxValue or long.MinValue && b != long.MaxValue ? a : Dim.FloorDiv(a, b);
    }

    public override Dim Substitute(Func<string, Dim?> replacement)
    {
        Dim a = left.Substitute(replacement), b = right.Substitute(replacement);
        return kind switch
        {
            OpaqueKind.FloorDiv => b == Dim.Zero ? throw new DimException($"{Key} divides by 0.") : Dim.FloorDiv(a, b),
            OpaqueKind.Min => Dim.Min(a, b),
            OpaqueKind.Max => Dim.Max(a, b),
            _ => Dim.Broadcast(a, b) ?? throw new DimException($"{a} and {b} cannot be broadcast."),
        };
    }

    private static string Print(OpaqueKind kind, Dim left, Dim right) => kind switch
    {
        OpaqueKind.FloorDiv => $"floor(({left})/({right}))",
        OpaqueKind.Min => $"min({left},{right})",
        OpaqueKind.Max => $"max({left},{right})",
        _ => $"broadcast({left},{right})",
    };
}
