namespace Peregrine.Operators;

/// <summary>Gelu(A + B), exact.</summary>
internal static class BiasGeluImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("BiasGelu", n => [n.Call(new Gelu(), n.Call(new Add(), n[0], n[1]))]).Inputs("A", "B").Outputs("C");
}
