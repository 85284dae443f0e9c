using System.Globalization;
using System.Text;

namespace Peregrine.Symbolics;

/// <summary>A product of atoms in the order of their keys, with repetition.</summary>
internal sealed class Monomial
{
    public Monomial(params DimAtom[] atoms)
    {
        Array.Sort(atoms, static (a, b) => string.CompareOrdinal(a.Key, b.Key));
        Atoms = atoms;
        Key = string.Join('*', atoms.Select(a => a.Key));
    }

    public DimAtom[] Atoms { get; }

    public string Key { get; }

    /// <summary>This divided by <paramref name="divisor"/>, or null where an atom is missing.</summary>
    public Monomial? Without(Monomial divisor)
    {
        List<DimAtom> rest = [.. Atoms];
        foreach (DimAtom atom in divisor.Atoms)
        {
            int index = rest.FindIndex(a => a.Key == atom.Key);
            if (index < 0)
            {
                return null;
            }

            rest.RemoveAt(index);
        }

        return new([.. rest]);
    }

    /// <summary>Graded lexicographic: higher degree first; compatible with multiplication, which exact division needs.</summary>
    public static int Compare(Monomial left, Monomial right)
    {
        if (left.Atoms.Length != right.Atoms.Length)
        {
            return right.Atoms.Length - left.Atoms.Length;
        }

        for (int i = 0; i < left.Atoms.Length; i++)
        {
            int order = string.CompareOrdinal(left.Atoms[i].Key, right.Atoms[i].Key);
            if (order != 0)
            {
                return order;
            }
        }

        return 0;
    }
}

internal readonly record struct Term(long Coefficient, Monomial Monomial);

/// <summary>The canonical sum behind a <see cref="Dim"/> that is not constant: terms sorted, merged, without zero coefficients.</summary>
internal sealed class Polynomial
{
    // A product of sums can explode; a model's dimensions never come near this.
    private const int MaxTerms = 256;

    private Polynomial(Term[] terms, long constant)
    {
        Terms = terms;
        Constant = constant;
        Key = Print();
        if (terms.Length > MaxTerms || Key.Length > 16_384)
        {
            throw new OverflowException("A dimension expression grew beyond any sensible size.");
        }
    }

    public Term[] Terms { get; }

    public long Constant { get; }

    public string Key { get; }

    public static Polynomial Of(long constant) => new([], constant);

    public static Polynomial Of(DimAtom atom) => new([new(1, new(atom))], 0);

    /// <summary>The canonical sum of any terms, in any order.</summary>
    public static Polynomial Sum(List<Term> terms, long constant) => Merge(terms, constant);

    public Polynomial Add(Polynomial other, long factor)
    {
        List<Term> terms = [.. Terms];
        terms.AddRange(other.Terms.Select(t => t with { Coefficient = checked(t.Coefficient * factor) }));
        return Merge(terms, checked(Constant + (other.Constant * factor)));
    }

    public Polynomial Multiply(Polynomial other)
    {
        List<Term> terms = [];
        foreach (Term a in Terms)
        {
            terms.AddRange(other.Terms.Select(b => new Term(checked(a.Coefficient * b.Coefficient), new([.. a.Monomial.Atoms, .. b.Monomial.Atoms]))));
            terms.Add(a with { Coefficient = checked(a.Coefficient * other.Constant) });
        }

        terms.AddRange(other.Terms.Select(b => b with { Coefficient = checked(b.Coefficient * Constant) }));
        return Merge(terms, checked(Constant * other.Constant));
    }

    /// <summary>this = divisor·quotient + remainder, every coefficient of the remainder in [0, divisor).</summary>
    public (Polynomial Quotient, Polynomial Remainder) SplitBy(long divisor)
    {
        List<Term> quotient = [], remainder = [];
        foreach (Term term in Terms)
        {
            long q = Dim.FloorDiv(term.Coefficient, divisor);
            quotient.Add(term with { Coefficient = q });
            remainder.Add(term with { Coefficient = term.Coefficient - (q * divisor) });
        }

        long constant = Dim.FloorDiv(Constant, divisor);
        return (Merge(quotient, constant), Merge(remainder, Constant - (constant * divisor)));
    }

    /// <summary>The quotient if <paramref name="divisor"/> divides this polynomial without remainder, else null.</summary>
    public Polynomial? TryDivideExactly(Polynomial divisor)
    {
        Term lead = divisor.Terms[0];
        Polynomial rest = this, quotient = Of(0);
        for (int step = 0; step < MaxTerms; step++)
        {
            if (rest.Terms.Length == 0)
            {
                return rest.Constant == 0 ? quotient : null;
            }

            Term term = rest.Terms[0];
            if (term.Coefficient % lead.Coefficient != 0 || term.Monomial.Without(lead.Monomial) is not { } monomial)
            {
                return null;
            }

            long coefficient = term.Coefficient / lead.Coefficient;
            Polynomial part = monomial.Atoms.Length == 0 ? Of(coefficient) : new([new(coefficient, monomial)], 0);
            quotient = quotient.Add(part, 1);
            rest = rest.Add(part.Multiply(divisor), -1);
        }

        return null;
    }

    public void CollectSymbols(SortedSet<string> names)
    {
        foreach (DimAtom atom in Terms.SelectMany(t => t.Monomial.Atoms))
        {
            atom.CollectSymbols(names);
        }
    }

    public long Evaluate(Func<string, long> symbolValue)
    {
        long sum = Constant;
        foreach (Term term in Terms)
        {
            long product = term.Coefficient;
            foreach (DimAtom atom in term.Monomial.Atoms)
            {
                product = checked(product * atom.Evaluate(symbolValue));
            }

            sum = checked(sum + product);
        }

        return sum;
    }

    public (long Min, long Max) Range(Func<string, (long Min, long Max)> symbolRange)
    {
        long min = Constant, max = Constant;
        foreach (Term term in Terms)
        {
            (long low, long high) = (term.Coefficient, term.Coefficient);
            foreach (DimAtom atom in term.Monomial.Atoms)
            {
                (long aMin, long aMax) = atom.Range(symbolRange);
                long a = Multiply(low, aMin), b = Multiply(low, aMax), c = Multiply(high, aMin), d = Multiply(high, aMax);
                low = Math.Min(Math.Min(a, b), Math.Min(c, d));
                high = Math.Max(Math.Max(a, b), Math.Max(c, d));
            }

            // An end at infinity absorbs whatever is added to it.
            min = low == long.MinValue || min == long.MinValue ? long.MinValue : Add(min, low);
            max = high == long.MaxValue || max == long.MaxValue ? long.MaxValue : Add(max, high);
        }

        return (min, max);

        // Both saturate. (Not in Int128: methods that mention it cannot be compiled ahead of time.)
        static long Multiply(long a, long b) => Math.BigMul(a, b, out long product) == product >> 63 ? product : (a < 0) == (b < 0) ? long.MaxValue : long.MinValue;

        static long Add(long a, long b) => unchecked(a + b) is var sum && ((a ^ sum) & (b ^ sum)) >= 0 ? sum : a < 0 ? long.MinValue : long.MaxValue;
    }

    public Dim Substitute(Func<string, Dim?> replacement)
    {
        Dim sum = Constant;
        foreach (Term term in Terms)
        {
            Dim product = term.Coefficient;
            foreach (DimAtom atom in term.Monomial.Atoms)
            {
                product *= atom.Substitute(replacement);
            }

            sum += product;
        }

        return sum;
    }

    private static Polynomial Merge(List<Term> terms, long constant)
    {
        terms.Sort(static (a, b) => Monomial.Compare(a.Monomial, b.Monomial));
        List<Term> merged = [];
        foreach (Term term in terms)
        {
            if (merged.Count > 0 && merged[^1].Monomial.Key == term.Monomial.Key)
            {
                merged[^1] = term with { Coefficient = checked(merged[^1].Coefficient + term.Coefficient) };
            }
            else
            {
                merged.Add(term);
            }
        }

        merged.RemoveAll(t => t.Coefficient == 0);
        return new([.. merged], constant);
    }

    private string Print()
    {
        StringBuilder text = new();
        foreach (Term term in Terms)
        {
            text.Append(term.Coefficient < 0 ? "-" : text.Length > 0 ? "+" : "");
            if (term.Coefficient is not (1 or -1))
            {
                text.Append(term.Coefficient < 0 ? unchecked((ulong)-term.Coefficient) : (ulong)term.Coefficient).Append('*');
            }

            text.Append(term.Monomial.Key);
        }

        if (Constant != 0 || Terms.Length == 0)
        {
            text.Append(Constant >= 0 && text.Length > 0 ? "+" : "").Append(Constant.ToString(CultureInfo.InvariantCulture));
        }

        return text.ToString();
    }
}
