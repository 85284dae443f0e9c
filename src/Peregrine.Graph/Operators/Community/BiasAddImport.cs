namespace Peregrine.Operators;

/// <summary>X + bias + skip.</summary>
internal static class BiasAddImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("BiasAdd", n => [n.Call(new Add(), n.Call(new Add(), n[0], n[1]), n[2])]).Inputs("X", "bias", "skip").Outputs("Y");
}
