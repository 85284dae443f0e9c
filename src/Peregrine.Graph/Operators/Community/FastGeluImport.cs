namespace Peregrine.Operators;

/// <summary>Gelu(X + bias) in the form with tanh.</summary>
internal static class FastGeluImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain
        .Declare("FastGelu", n => [n.Call(new Gelu(GeluForm.Tanh), n.Has(1) ? n.Call(new Add(), n[0], n[1]) : n[0])])
        .Inputs("X", "bias?").Outputs("Y");
}
