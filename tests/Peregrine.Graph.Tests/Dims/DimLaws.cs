using FsCheck;
using FsCheck.Fluent;
using Peregrine.Diagnostics;
using Peregrine.Symbolics;

namespace Peregrine.Graph.Tests.Dims;

/// <summary>Laws of dimensions, on random expressions and random symbol values.</summary>
public sealed class DimLaws
{
    private static readonly string[] Symbols = ["N", "M", "a b", "it's"];

    private static readonly Config Settings = Config.QuickThrowOnFailure.WithMaxTest(1000).WithReplay(20_260_101, 4_711);

    private static Arbitrary<Dim> Dimensions { get; } = Gen.Sized(size => Expression(Math.Min(size / 12, 4))).ToArbitrary();

    private static Arbitrary<(Dim, Dim, Dim)> Triples { get; } = Dimensions.Generator.Three().Select(t => (t.Item1, t.Item2, t.Item3)).ToArbitrary();

    private static Arbitrary<(Dim, Dim, long[])> PairsWithValues { get; } =
        (from a in Dimensions.Generator from b in Dimensions.Generator from v in Gen.Choose(0, 9).ArrayOf(Symbols.Length) select (a, b, Array.ConvertAll(v, i => (long)i))).ToArbitrary();

    [Fact]
    public void Dims_form_a_commutative_ring() => Prop.ForAll(Triples, t =>
    {
        (Dim a, Dim b, Dim c) = t;
        return a + b == b + a && a + b + c == a + (b + c) && a * b == b * a && a * b * c == a * (b * c)
            && a * (b + c) == (a * b) + (a * c) && a + 0 == a && a * 1 == a && a * 0 == 0 && a - a == 0 && -(-a) == a;
    }).Check(Settings);

    [Fact]
    public void Equal_dims_have_equal_hashes_and_texts() => Prop.ForAll(Triples, t =>
    {
        Dim left = (t.Item1 + t.Item2) * t.Item3, right = (t.Item3 * t.Item2) + (t.Item1 * t.Item3);
        return left == right && left.GetHashCode() == right.GetHashCode() && left.ToString() == right.ToString();
    }).Check(Settings);

    [Fact]
    public void Arithmetic_agrees_with_evaluation() => Prop.ForAll(PairsWithValues, t =>
    {
        (Dim a, Dim b, long[] values) = t;
        long x = Evaluate(a, values), y = Evaluate(b, values);
        return Evaluate(a + b, values) == x + y && Evaluate(a - b, values) == x - y && Evaluate(a * b, values) == x * y
            && Evaluate(Dim.Min(a, b), values) == Math.Min(x, y) && Evaluate(Dim.Max(a, b), values) == Math.Max(x, y)
            && (!b.IsConstant || y == 0 || (Evaluate(Dim.FloorDiv(a, b), values) == Floor(x, y) && Evaluate(Dim.CeilDiv(a, b), values) == Floor(x + y - 1, y) && Evaluate(Dim.Mod(a, b), values) == x - (y * Floor(x, y))))
            && (b.IsConstant || y == 0 || Evaluate(Dim.FloorDiv(a, b), values) == Floor(x, y));
    }).Check(Settings);

    [Fact]
    public void A_broadcast_agrees_with_evaluation_wherever_it_is_possible() => Prop.ForAll(PairsWithValues, t =>
    {
        (Dim a, Dim b, long[] values) = t;
        long x = Evaluate(a, values), y = Evaluate(b, values);
        bool possible = x == y || x == 1 || y == 1;
        return Dim.Broadcast(a, b) is { } dim ? !possible || Evaluate(dim, values) == (x == 1 ? y : x) : !possible;
    }).Check(Settings);

    [Fact]
    public void A_range_holds_every_value_and_proofs_are_true() => Prop.ForAll(PairsWithValues, t =>
    {
        (Dim a, Dim b, long[] values) = t;
        long x = Evaluate(a, values), y = Evaluate(b, values);
        (long min, long max) = a.Range(_ => (0, 9));
        (long unboundedMin, long unboundedMax) = a.Range(_ => (0, long.MaxValue));
        return min <= x && x <= max && unboundedMin <= min && unboundedMax >= max
            && (!a.IsProvablyNonNegative || x >= 0) && (!a.IsProvablyPositive || x >= 1) && (!Dim.ProvablyDifferent(a, b) || x != y) && (a != b || x == y);
    }).Check(Settings);

    [Fact]
    public void Substitution_is_evaluation_with_other_symbols() => Prop.ForAll(PairsWithValues, t =>
    {
        (Dim a, Dim b, long[] values) = t;
        Dim replaced = a.Substitute(s => s == "N" ? b : null);
        long y = Evaluate(b, values);
        // A symbol stands for an extent: a law of extents says nothing about negative ones.
        return y < 0 || Evaluate(replaced, values) == a.Evaluate(s => s == "N" ? y : Value(s, values));
    }).Check(Settings);

    [Fact]
    public void A_printed_dim_reads_back_as_itself() => Prop.ForAll(Dimensions, d => DimParser.Parse(d.ToString()) == d).Check(Settings);

    [Theory]
    [InlineData("2*N+floor((S)/(2))", "2*N+floor((S)/(2))")]
    [InlineData("floor(S/2)*2 + 2 * N", "2*N+2*floor((S)/(2))")]
    [InlineData(" ( N + 1 ) * (N - 1) ", "N*N-1")]
    [InlineData("-9223372036854775808", "-9223372036854775808")]
    [InlineData("-9223372036854775808*N", "-9223372036854775808*N")]
    [InlineData("min(3,4)", "3")]
    [InlineData("'it\\'s'", "'it\\'s'")]
    [InlineData("broadcast(N,1)", "N")]
    public void Known_forms_are_read(string text, string canonical) => Assert.Equal(canonical, DimParser.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("N+")]
    [InlineData("N N")]
    [InlineData("floor(N/0)")]
    [InlineData("floor(N)")]
    [InlineData("min(N")]
    [InlineData("broadcast(2,3)")]
    [InlineData("99999999999999999999")]
    [InlineData("9223372036854775807+1")]
    [InlineData("'open")]
    [InlineData("N#")]
    public void What_is_no_dimension_is_a_typed_error(string text) => Assert.Contains("PG1101", Assert.Throws<ModelException>(() => DimParser.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Hostile_texts_are_bounded()
    {
        Assert.Throws<ModelException>(() => DimParser.Parse(new string('(', 10_000)));
        Assert.Throws<ModelException>(() => DimParser.Parse(string.Join('*', Enumerable.Repeat("(a+b+c+d+e)", 40))));
        Assert.Throws<ModelException>(() => DimParser.Parse(string.Join('+', Enumerable.Range(0, 3000).Select(i => $"s{i}"))));
    }

    private static Gen<Dim> Expression(int depth)
    {
        Gen<Dim> leaf = Gen.OneOf(Gen.Choose(-6, 9).Select(i => (Dim)i), Gen.Elements(Symbols).Select(Dim.Symbol));
        if (depth == 0)
        {
            return leaf;
        }

        Gen<Dim> inner = Expression(depth - 1);
        return Gen.OneOf(
            leaf,
            from a in inner from b in inner select a + b,
            from a in inner from b in leaf select a * b,
            from a in inner from b in Gen.Choose(1, 7) select Dim.FloorDiv(a, b),
            from a in inner from b in inner select Dim.Min(a, b),
            from a in inner from b in inner select Dim.Max(a, b));
    }

    private static long Evaluate(Dim dim, long[] values) => dim.Evaluate(s => Value(s, values));

    private static long Value(string symbol, long[] values) => values[Array.IndexOf(Symbols, symbol)];

    private static long Floor(long x, long y) => (x / y) - (x % y != 0 && (x < 0) != (y < 0) ? 1 : 0);
}
