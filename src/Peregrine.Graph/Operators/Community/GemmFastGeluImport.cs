using Peregrine.Ir;

namespace Peregrine.Operators;

/// <summary>Gelu(X·W + bias) in the form with tanh.</summary>
internal static class GemmFastGeluImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("GemmFastGelu", Import).Inputs("X", "W", "bias?").Outputs("Y");

    private static IReadOnlyList<Value?>? Import(ForeignNode n)
    {
        Value product = n.Call(new MatMul(), n[0], n[1]);
        return [n.Call(new Gelu(GeluForm.Tanh), n.Has(2) ? n.Call(new Add(), product, n[2]) : product)];
    }
}
