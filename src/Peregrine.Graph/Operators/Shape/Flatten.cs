using Peregrine.Symbolics;

namespace Peregrine.Operators;

/// <summary>A matrix: the dimensions before <paramref name="Axis"/> become rows, the others columns. The axis is in [−rank, rank].</summary>
public sealed record Flatten(long Axis = 1) : Operator, IReshaping
{
    public static readonly Schema<Flatten> Schema = new Schema<Flatten>("Flatten", since: 1, a => new(a.Int("axis"))).Inputs("input").Outputs("output")
        .Int("axis", o => o.Axis, 1);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (!c.IsRanked(0))
        {
            c.Set(0, c.ElementType(0), c.FreshShape(2));
            return;
        }

        Shape input = c.Shape(0);
        if (Axis < -input.Rank || Axis > input.Rank)
        {
            c.Error("PG2101", $"axis {Axis} is outside of [{-input.Rank}, {input.Rank}]; the tensor has rank {input.Rank}.");
            return;
        }

        int axis = (int)(Axis < 0 ? Axis + input.Rank : Axis);
        c.Set(0, c.ElementType(0), [Shape.From(input.Take(axis)).ElementCount, Shape.From(input.Skip(axis)).ElementCount]);
        if (c.ValueOf(0) is { } contents)
        {
            c.SetValue(0, contents);
        }
    }

    public override void Evaluate(EvaluationScope c) => c.CopyElements(0, 0);
}
