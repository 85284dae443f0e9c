using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// A window of cosines, w(n) = a₀ + a₁·cos(2πn/N) + a₂·cos(4πn/N), of as many elements as the scalar input says. N is that size, or one less for a symmetric window
/// (not <see cref="Periodic"/>); a symmetric window of one element is 1. Integer types truncate.
/// </summary>
public abstract record CosineWindow(DataType OutputType, bool Periodic) : Operator
{
    public sealed override Accuracy Accuracy => Accuracy.Approximate;

    protected abstract (double A0, double A1, double A2) Coefficients { get; }

    public sealed override void Infer(InferenceScope c)
    {
        if (!c.Require(0, DataType.Int32, DataType.Int64))
        {
            return;
        }

        if (!OutputType.IsFloat() && !OutputType.IsInteger())
        {
            c.Error("PG2560", $"output_datatype is {(long)OutputType}, but must be numeric.");
            return;
        }

        if (c.RequireScalar(0, out Dim? size))
        {
            c.Set(0, OutputType, [size ?? c.FreshSymbol(null)]);
        }
    }

    public sealed override void Evaluate(EvaluationScope c)
    {
        (double a0, double a1, double a2) = Coefficients;
        Span<double> y = c.Write<double>(0);
        double period = Periodic ? y.Length : y.Length - 1;
        for (int n = 0; n < y.Length; n++)
        {
            double angle = 2 * Math.PI * n / period;
            y[n] = period == 0 ? 1 : a0 + (a1 * Math.Cos(angle)) + (a2 * Math.Cos(2 * angle));
        }
    }

    private protected static Schema<TOperator> Declare<TOperator>(string name, Func<DataType, bool, TOperator> create) where TOperator : CosineWindow =>
        new Schema<TOperator>(name, since: 17, a => create(a.DataType("output_datatype"), a.Flag("periodic")))
            .Inputs("size").Outputs("output")
            .DataType("output_datatype", o => o.OutputType, DataType.Float32)
            .Flag("periodic", o => o.Periodic, true);
}
