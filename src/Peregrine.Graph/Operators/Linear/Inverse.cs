using Peregrine.Symbolics;

namespace Peregrine.Operators;

/// <summary>The inverse of each square matrix [..., M, M], by Gauss-Jordan elimination with partial pivoting. A singular matrix gives infinities or NaN. An operator of ONNX Runtime.</summary>
public sealed record Inverse : Operator
{
    public static readonly Schema<Inverse> Schema = new Schema<Inverse>("Inverse", since: 1, _ => new(), MicrosoftDomain.Name).Inputs("X").Outputs("Y");

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c)
    {
        if (!c.RequireReal(0))
        {
            return;
        }

        Shape x = c.Shape(0);
        if (x.IsRanked && (x.Rank < 2 || Dim.ProvablyDifferent(x[x.Rank - 1], x[x.Rank - 2])))
        {
            c.Error("PG2226", $"the input is {x}, but must hold square matrices [..., M, M].");
            return;
        }

        c.Set(0, c.ElementType(0), x);
    }

    public override void Evaluate(EvaluationScope c)
    {
        int m = (int)c.Dims(0)[^1];
        ReadOnlySpan<double> x = c.Read<double>(0);
        Span<double> y = c.Write<double>(0), matrix = c.Scratch<double>((long)m * m);
        for (int start = 0; start < y.Length; start += m * m)
        {
            c.Cancellation.ThrowIfCancellationRequested();
            x.Slice(start, m * m).CopyTo(matrix);
            Invert(matrix, y.Slice(start, m * m), m);
        }
    }

    /// <summary>Turns <paramref name="a"/> into the unit matrix and, by the same row operations, the unit matrix into the inverse.</summary>
    private static void Invert(Span<double> a, Span<double> inverse, int m)
    {
        inverse.Clear();
        for (int i = 0; i < m; i++)
        {
            inverse[(i * m) + i] = 1;
        }

        for (int column = 0; column < m; column++)
        {
            int pivot = column;
            for (int row = column + 1; row < m; row++)
            {
                pivot = Math.Abs(a[(row * m) + column]) > Math.Abs(a[(pivot * m) + column]) ? row : pivot;
            }

            Span<double> own = a.Slice(column * m, m), result = inverse.Slice(column * m, m);
            if (pivot != column)
            {
                Swap(own, a.Slice(pivot * m, m));
                Swap(result, inverse.Slice(pivot * m, m));
            }

            double divisor = own[column];
            for (int k = 0; k < m; k++)
            {
                own[k] /= divisor;
                result[k] /= divisor;
            }

            for (int row = 0; row < m; row++)
            {
                double factor = a[(row * m) + column];
                if (row == column || factor == 0)
                {
                    continue;
                }

                Span<double> other = a.Slice(row * m, m), otherResult = inverse.Slice(row * m, m);
                for (int k = 0; k < m; k++)
                {
                    other[k] -= factor * own[k];
                    otherResult[k] -= factor * result[k];
                }
            }
        }
    }

    private static void Swap(Span<double> left, Span<double> right)
    {
        for (int k = 0; k < left.Length; k++)
        {
            (left[k], right[k]) = (right[k], left[k]);
        }
    }
}
