using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Linear models: Y [N, targets] = X · coefficientsᵀ + intercepts, transformed; the coefficients of a target stand together.</summary>
public sealed record LinearRegressor(Floats Coefficients, Floats Intercepts, long Targets = 1, ScoreTransform Transform = ScoreTransform.None) : Operator
{
    public static readonly Schema<LinearRegressor> Schema = new Schema<LinearRegressor>("LinearRegressor", since: 1, a => new(a.Floats("coefficients"), a.Floats("intercepts"), a.Int("targets"), a.Choice<ScoreTransform>("post_transform")), MlDomain.Name).Inputs("X").Outputs("Y")
        .Floats("coefficients", o => o.Coefficients, Floats.Empty).Floats("intercepts", o => o.Intercepts, Floats.Empty).Int("targets", o => o.Targets, 1)
        .Choice("post_transform", o => o.Transform, ScoreTransform.None, ScoreTransforms.Choices);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Transform == ScoreTransform.None ? Accuracy.Rounding : Accuracy.Approximate;

    public override void Infer(InferenceScope c)
    {
        if (LinearScores.Check(c, Coefficients, Intercepts, Targets))
        {
            c.RequireRows(0, out Dim? rows, out _);
            c.Set(0, DataType.Float32, Shape.Create([rows ?? c.FreshSymbol(null), Targets]));
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        (int rows, int features) = MlDomain.RowsOf(c, 0);
        ReadOnlySpan<double> x = c.Read<double>(0);
        Span<double> y = c.Write<double>(0);
        for (int row = 0; row < rows; row++)
        {
            Span<double> scores = y.Slice(row * (int)Targets, (int)Targets);
            LinearScores.Row(x.Slice(row * features, features), Coefficients, Intercepts, scores);
            ScoreTransforms.Apply(Transform, scores);
        }
    }
}
