namespace Peregrine.Operators;

/// <summary>ONNX's Trilu, which ONNX Runtime had first.</summary>
internal static class TriluImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("Trilu", n => [n.Call(new Trilu(n.Flag("upper")), n[0], n[1])]).Inputs("X", "k?").Outputs("Y").Flag("upper", true);
}
