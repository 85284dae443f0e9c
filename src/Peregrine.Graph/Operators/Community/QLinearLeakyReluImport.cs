namespace Peregrine.Operators;

/// <summary>LeakyRelu of a quantised tensor, quantised.</summary>
internal static class QLinearLeakyReluImport
{
    public static readonly ForeignSchema Schema = Requantization.Unary("QLinearLeakyRelu", (n, x) => n.Call(new LeakyRelu(n.Float("alpha")), x)).Float("alpha", 0.01f);
}
