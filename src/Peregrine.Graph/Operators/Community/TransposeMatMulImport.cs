namespace Peregrine.Operators;

/// <summary>The older name of FusedMatMul.</summary>
internal static class TransposeMatMulImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("TransposeMatMul", n => FusedMatMulImport.Product(n) is { } y ? [y] : null)
        .Inputs("A", "B").Outputs("Y")
        .AttributesOf(FusedMatMulImport.Schema);
}
