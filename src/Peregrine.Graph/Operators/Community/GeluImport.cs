namespace Peregrine.Operators;

/// <summary>The exact form of ONNX's Gelu.</summary>
internal static class GeluImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("Gelu", n => [n.Call(new Gelu(), n[0])]).Inputs("X").Outputs("Y");
}
