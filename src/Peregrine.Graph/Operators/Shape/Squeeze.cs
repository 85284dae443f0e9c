using Peregrine.Symbolics;

namespace Peregrine.Operators;

/// <summary>Removes dimensions of extent 1: those that <c>axes</c> names, or all of them.</summary>
public sealed record Squeeze : Operator, IReshaping
{
    public static readonly Schema<Squeeze> Schema = new Schema<Squeeze>("Squeeze", since: 13, _ => new()).Inputs("data", "axes?").Outputs("squeezed")
        .Import(1, 12, s => s.WithInputs([s[0], s.ConstantInts("axes")], ("axes", null)));

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (!c.IsRanked(0) || (c.Has(1) && c.ConstantInts(1) is null) || (!c.Has(1) && c.Shape(0).Any(d => !d.IsConstant && !Dim.ProvablyDifferent(d, Dim.One))))
        {
            c.Set(0, c.ElementType(0), c.IsRanked(0) && c.Has(1) && c.ListLength(1) is { } count && count <= c.Shape(0).Rank ? c.FreshShape(c.Shape(0).Rank - count, c.Shape(0).ElementCount) : Shape.Unranked);
            return;
        }

        Shape data = c.Shape(0);
        int[] removed = c.ConstantInts(1) is { } axes ? c.Axes(axes, data.Rank) : [.. Enumerable.Range(0, data.Rank).Where(i => data[i] == Dim.One)];
        foreach (int axis in removed)
        {
            if (axis < data.Rank && Dim.ProvablyDifferent(data[axis], Dim.One))
            {
                c.Error("PG2129", $"axis {axis} of {data} is {data[axis]}; only dimensions of extent 1 can be removed.");
                return;
            }
        }

        c.Set(0, c.ElementType(0), Shape.From(data.Where((_, i) => !removed.Contains(i))));
        if (c.ValueOf(0) is { } contents)
        {
            c.SetValue(0, contents);
        }
    }

    public override void Evaluate(EvaluationScope c) => c.CopyElements(0, 0);
}
