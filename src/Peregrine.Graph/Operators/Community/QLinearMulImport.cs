namespace Peregrine.Operators;

/// <summary>The quantised product, element by element, of two quantised tensors.</summary>
internal static class QLinearMulImport
{
    public static readonly ForeignSchema Schema = Requantization.Binary("QLinearMul", new Mul());
}
