using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The determinant of each square matrix [..., M, M], by elimination with partial pivoting; that of an empty matrix is 1.</summary>
public sealed record Det : Operator
{
    public static readonly Schema<Det> Schema = new Schema<Det>("Det", since: 11, _ => new()).Inputs("X").Outputs("Y");

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c)
    {
        if (!c.RequireReal(0))
        {
            return;
        }

        if (!c.IsRanked(0))
        {
            c.Set(0, c.ElementType(0), Shape.Unranked);
            return;
        }

        Shape x = c.Shape(0);
        if (x.Rank < 2 || Dim.ProvablyDifferent(x[x.Rank - 1], x[x.Rank - 2]))
        {
            c.Error("PG2225", $"the input is {x}, but must hold square matrices [..., M, M].");
            return;
        }

        c.Set(0, c.ElementType(0), Shape.From(x.Take(x.Rank - 2)));
    }

    public override void Evaluate(EvaluationScope c)
    {
        int m = (int)c.Dims(0)[^1];
        ReadOnlySpan<double> x = c.Read<double>(0);
        Span<double> y = c.Write<double>(0), matrix = c.Scratch<double>((long)m * m);
        for (int i = 0; i < y.Length; i++)
        {
            x.Slice(i * m * m, m * m).CopyTo(matrix);
            y[i] = Determinant(matrix, m);
        }
    }

    private static double Determinant(Span<double> a, int m)
    {
        double result = 1;
        for (int column = 0; column < m; column++)
        {
            int pivot = column;
            for (int row = column + 1; row < m; row++)
            {
                pivot = Math.Abs(a[(row * m) + column]) > Math.Abs(a[(pivot * m) + column]) ? row : pivot;
            }

            double divisor = a[(pivot * m) + column];
            result *= pivot == column ? divisor : -divisor;
            if (divisor == 0)
            {
                return result;
            }

            for (int k = 0; k < m && pivot != column; k++)
            {
                (a[(pivot * m) + k], a[(column * m) + k]) = (a[(column * m) + k], a[(pivot * m) + k]);
            }

            for (int row = column + 1; row < m; row++)
            {
                double factor = a[(row * m) + column] / divisor;
                for (int k = column + 1; k < m; k++)
                {
                    a[(row * m) + k] -= factor * a[(column * m) + k];
                }
            }
        }

        return result;
    }
}
