using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>What a row is divided by.</summary>
public enum RowNorm
{
    /// <summary>Its largest element.</summary>
    Max,
    /// <summary>The sum of the magnitudes.</summary>
    L1,
    /// <summary>The root of the sum of the squares.</summary>
    L2,
}

/// <summary>Divides each row of [N, C] (or the vector [C]) by its norm; one of norm 0 stays as it is. The result is float32.</summary>
public sealed record Normalizer(RowNorm Norm = RowNorm.Max) : Operator
{
    public static readonly Schema<Normalizer> Schema = new Schema<Normalizer>("Normalizer", since: 1, a => new(a.Choice<RowNorm>("norm")), MlDomain.Name).Inputs("X").Outputs("Y")
        .Choice("norm", o => o.Norm, RowNorm.Max, ("MAX", RowNorm.Max), ("L1", RowNorm.L1), ("L2", RowNorm.L2));

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c)
    {
        if (c.RequireNumeric(0) && c.RequireRows(0, out _, out _))
        {
            c.Set(0, DataType.Float32, c.Shape(0));
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        (int rows, int features) = MlDomain.RowsOf(c, 0);
        ReadOnlySpan<double> x = c.Read<double>(0);
        Span<double> y = c.Write<double>(0);
        for (int row = 0; row < rows && features > 0; row++)
        {
            ReadOnlySpan<double> source = x.Slice(row * features, features);
            double norm = Norm == RowNorm.Max ? source[0] : 0;
            foreach (double value in source)
            {
                norm = Norm switch { RowNorm.Max => Math.Max(norm, value), RowNorm.L1 => norm + Math.Abs(value), _ => norm + (value * value) };
            }

            norm = Norm == RowNorm.L2 ? Math.Sqrt(norm) : norm;
            for (int i = 0; i < features; i++)
            {
                y[(row * features) + i] = norm == 0 ? source[i] : source[i] / norm;
            }
        }
    }
}
