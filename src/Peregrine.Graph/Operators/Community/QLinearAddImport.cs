namespace Peregrine.Operators;

/// <summary>The quantised sum of two quantised tensors.</summary>
internal static class QLinearAddImport
{
    public static readonly ForeignSchema Schema = Requantization.Binary("QLinearAdd", new Add());
}
