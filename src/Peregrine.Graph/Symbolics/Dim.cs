using System.Globalization;

namespace Peregrine.Symbolics;

/// <summary>
/// A dimension, or an integer computed from dimensions: a canonical sum of <c>coefficient × monomial</c> over symbols and opaque atoms
/// (floor division, min, max, broadcast). It is canonical at construction, so structural equality is the only equality; what cannot be proved equal
/// is "unknown", never "different". Every symbol stands for an integer of at least 0. Arithmetic past 64 bits throws <see cref="OverflowException"/>.
/// </summary>
public readonly struct Dim : IEquatable<Dim>
{
    private readonly Polynomial? _polynomial;
    private readonly long _constant;

    private Dim(long constant) => _constant = constant;

    internal Dim(Polynomial polynomial)
    {
        if (polynomial.Terms.Length == 0)
        {
            _constant = polynomial.Constant;
        }
        else
        {
            _polynomial = polynomial;
        }
    }

    public static Dim Zero => default;

    public static Dim One => new(1);

    /// <summary>Whether the value is known now.</summary>
    public bool IsConstant => _polynomial is null;

    /// <summary>The value of a constant; throws for anything else.</summary>
    public long Constant => _polynomial is null ? _constant : throw new InvalidOperationException($"The dimension {this} is not constant.");

    /// <summary>The name, if this is exactly one symbol.</summary>
    public string? SymbolName => _polynomial is { Constant: 0, Terms: [{ Coefficient: 1, Monomial.Atoms: [SymbolAtom symbol] }] } ? symbol.Name : null;

    /// <summary>All symbols that occur, also inside opaque atoms, in ordinal order.</summary>
    public IEnumerable<string> Symbols
    {
        get
        {
            SortedSet<string> names = new(StringComparer.Ordinal);
            _polynomial?.CollectSymbols(names);
            return names;
        }
    }

    internal Polynomial Polynomial => _polynomial ?? Polynomial.Of(_constant);

    public static implicit operator Dim(long value) => new(value);

    public static Dim Symbol(string name) => new(Polynomial.Of(new SymbolAtom(name)));

    public static Dim operator +(Dim left, Dim right) => left.IsConstant && right.IsConstant ? new(checked(left._constant + right._constant)) : new(left.Polynomial.Add(right.Polynomial, 1));

    public static Dim operator -(Dim left, Dim right) => left.IsConstant && right.IsConstant ? new(checked(left._constant - right._constant)) : new(left.Polynomial.Add(right.Polynomial, -1));

    public static Dim operator *(Dim left, Dim right) => left.IsConstant && right.IsConstant ? new(checked(left._constant * right._constant)) : new(left.Polynomial.Multiply(right.Polynomial));

    public static Dim operator -(Dim value) => Zero - value;

    /// <summary>⌊left / right⌋. Exact quotients simplify (also by a symbolic divisor, which is taken to be nonzero); a constant divisor is reduced to its canonical remainder form.</summary>
    public static Dim FloorDiv(Dim left, Dim right)
    {
        if (right.IsConstant)
        {
            if (right._constant == 0)
            {
                throw new DivideByZeroException();
            }

            if (left.IsConstant)
            {
                return new(FloorDiv(left._constant, right._constant));
            }

            if (right._constant == 1)
            {
                return left;
            }

            if (right._constant < 0)
            {
                return FloorDiv(-left, -right);
            }

            (Polynomial quotient, Polynomial remainder) = left.Polynomial.SplitBy(right._constant);
            return new Dim(quotient) + (remainder.Terms.Length == 0 ? FloorDiv(remainder.Constant, right._constant) : new Dim(Polynomial.Of(new OpaqueAtom(OpaqueKind.FloorDiv, new(remainder), right))));
        }

        return left.Polynomial.TryDivideExactly(right.Polynomial) is { } exact ? new(exact) : new(Polynomial.Of(new OpaqueAtom(OpaqueKind.FloorDiv, left, right)));
    }

    /// <summary>⌈left / right⌉.</summary>
    public static Dim CeilDiv(Dim left, Dim right) => FloorDiv(left + right - 1, right);

    /// <summary>left − right·⌊left / right⌋.</summary>
    public static Dim Mod(Dim left, Dim right) => left - (right * FloorDiv(left, right));

    public static Dim Min(Dim left, Dim right) => Extreme(OpaqueKind.Min, left, right, (left - right).IsProvablyNonNegative ? right : (right - left).IsProvablyNonNegative ? left : null);

    public static Dim Max(Dim left, Dim right) => Extreme(OpaqueKind.Max, left, right, (left - right).IsProvablyNonNegative ? left : (right - left).IsProvablyNonNegative ? right : null);

    /// <summary>The dimension that <paramref name="left"/> and <paramref name="right"/> broadcast to: the other one where one is 1; null if both are known and differ.</summary>
    public static Dim? Broadcast(Dim left, Dim right)
    {
        if (left == right || (right.IsConstant && right._constant == 1))
        {
            return left;
        }

        if (left.IsConstant && left._constant == 1)
        {
            return right;
        }

        return (left.IsConstant, right.IsConstant) switch
        {
            (true, true) => null,
            // A constant other than 1 decides: the symbolic side can only be 1 or equal to it.
            (true, false) => left,
            (false, true) => right,
            _ => Extreme(OpaqueKind.Broadcast, left, right, null),
        };
    }

    /// <summary>Whether the value is at least 0 for every value of its symbols (each ≥ 0). False means unknown.</summary>
    public bool IsProvablyNonNegative => LowerBound >= 0;

    /// <summary>Whether the value is at least 1 for every value of its symbols. False means unknown.</summary>
    public bool IsProvablyPositive => LowerBound >= 1;

    /// <summary>Whether the two differ for every value of their symbols. False means unknown or equal.</summary>
    public static bool ProvablyDifferent(Dim left, Dim right)
    {
        Dim difference = left - right;
        return difference.IsConstant ? difference._constant != 0 : difference.IsProvablyPositive || (-difference).IsProvablyPositive;
    }

    private long LowerBound => Range(static _ => (0, long.MaxValue)).Min;

    /// <summary>The smallest and largest value, given each symbol's range; the ends saturate at ±2^63.</summary>
    public (long Min, long Max) Range(Func<string, (long Min, long Max)> symbolRange) => IsConstant ? (_constant, _constant) : _polynomial!.Range(symbolRange);

    /// <summary>The largest number that divides the value whatever the symbols are; 0 for the constant 0.</summary>
    public long Divisor
    {
        get
        {
            UInt128 divisor = (UInt128)Int128.Abs(Polynomial.Constant);
            foreach (Term term in Polynomial.Terms)
            {
                UInt128 other = (UInt128)Int128.Abs(term.Coefficient);
                while (other != 0)
                {
                    (divisor, other) = (other, divisor % other);
                }
            }

            return (long)UInt128.Min(divisor, long.MaxValue);
        }
    }

    /// <summary>The value for the given values of the symbols. Throws <see cref="OverflowException"/>, or <see cref="DimException"/> where a broadcast or a division is impossible.</summary>
    public long Evaluate(Func<string, long> symbolValue) => IsConstant ? _constant : _polynomial!.Evaluate(symbolValue);

    /// <summary>The same expression with symbols replaced; null from <paramref name="replacement"/> keeps a symbol.</summary>
    public Dim Substitute(Func<string, Dim?> replacement) => IsConstant ? this : _polynomial!.Substitute(replacement);

    public bool Equals(Dim other) => _polynomial is null ? other._polynomial is null && _constant == other._constant : other._polynomial is not null && _polynomial.Key == other._polynomial.Key;

    public override bool Equals(object? obj) => obj is Dim other && Equals(other);

    public override int GetHashCode() => _polynomial is null ? _constant.GetHashCode() : _polynomial.Key.GetHashCode(StringComparison.Ordinal);

    public static bool operator ==(Dim left, Dim right) => left.Equals(right);

    public static bool operator !=(Dim left, Dim right) => !left.Equals(right);

    /// <summary>Canonical text, e.g. <c>2*N+1</c>, <c>floor(N/2)</c>, <c>max(N,M)</c>.</summary>
    public override string ToString() => _polynomial?.Key ?? _constant.ToString(CultureInfo.InvariantCulture);

    internal static long FloorDiv(long left, long right)
    {
        if (left == long.MinValue && right == -1)
        {
            throw new OverflowException();
        }

        long quotient = left / right;
        return left % right != 0 && (left < 0) != (right < 0) ? quotient - 1 : quotient;
    }

    private static Dim Extreme(OpaqueKind kind, Dim left, Dim right, Dim? known)
    {
        if (known is { } result)
        {
            return result;
        }

        return string.CompareOrdinal(left.ToString(), right.ToString()) <= 0
            ? new(Polynomial.Of(new OpaqueAtom(kind, left, right)))
            : new(Polynomial.Of(new OpaqueAtom(kind, right, left)));
    }
}

/// <summary>A dimension has no value for the given symbols: two extents cannot be broadcast, or a divisor is 0.</summary>
public sealed class DimException(string message) : Exception(message);
