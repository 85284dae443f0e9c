namespace Peregrine.Operators;

/// <summary>X · sigmoid(alpha · X): ONNX's Swish.</summary>
internal static class QuickGeluImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("QuickGelu", n => [n.Call(new Swish(n.Float("alpha")), n[0])]).Inputs("X").Outputs("Y").Float("alpha", 1.702f);
}
