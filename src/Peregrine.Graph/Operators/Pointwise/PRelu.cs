using Peregrine.Symbolics;

namespace Peregrine.Operators;

/// <summary>x where x ≥ 0, else slope·x; the slope broadcasts to the shape of x. Opsets 1 to 6: one slope, or one for each channel (axis 1).</summary>
public sealed record PRelu : PointwiseOperator
{
    public static readonly Schema<PRelu> Schema = new Schema<PRelu>("PRelu", since: 7, _ => new()).Inputs("X", "slope").Outputs("Y").Legacy("consumed_inputs")
        .Import(1, 6, AlignToChannels);

    public override OperatorSchema Definition => Schema;

    public override Expr Body(Operands x) => Expr.Select(Expr.Less(x[0], 0), x[1] * x[0], x[0]);

    protected override Shape ResultShape(InferenceScope c, Shape[] shapes)
    {
        Shape x = shapes[0], slope = shapes[1];
        if (!x.IsRanked || !slope.IsRanked)
        {
            return x;
        }

        bool fits = slope.Rank <= x.Rank;
        for (int i = 1; fits && i <= slope.Rank; i++)
        {
            fits = slope[slope.Rank - i] == Dim.One || !Dim.ProvablyDifferent(slope[slope.Rank - i], x[x.Rank - i]);
        }

        if (!fits)
        {
            c.Error("PG2308", $"the slope of shape {slope} does not broadcast to X of shape {x}.");
        }

        return x;
    }

    private static IReadOnlyList<Ir.Value?>? AlignToChannels(ImportScope s)
    {
        if (s[0]?.Tensor is not { Shape.IsRanked: true } x || s[1]?.Tensor is not { Shape.IsRanked: true } slope)
        {
            return s.Error("PG2020", "a slope for each channel needs inputs of known rank.");
        }

        if (slope.Shape.Rank != 1 || x.Shape.Rank <= 2)
        {
            return s.Default();
        }

        long[] axes = [.. Enumerable.Range(1, x.Shape.Rank - 2).Select(i => (long)i)];
        return s.WithInputs([s[0], s.Builder.Call(new Unsqueeze(), s[1], s.Builder.Constant($"{s.NodeName}.axes", axes))]);
    }
}
