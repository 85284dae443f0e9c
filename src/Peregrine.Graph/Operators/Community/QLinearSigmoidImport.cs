namespace Peregrine.Operators;

/// <summary>Sigmoid of a quantised tensor, quantised.</summary>
internal static class QLinearSigmoidImport
{
    public static readonly ForeignSchema Schema = Requantization.Unary("QLinearSigmoid", (n, x) => n.Call(new Sigmoid(), x));
}
