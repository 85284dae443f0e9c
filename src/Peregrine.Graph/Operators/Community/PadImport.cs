using Peregrine.Ir;

namespace Peregrine.Operators;

/// <summary>ONNX's Pad, which ONNX Runtime had with computed pads first; pads may be [1, 2·rank].</summary>
internal static class PadImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("Pad", Import)
        .Inputs("data", "pads", "value?").Outputs("output").Text("mode", "constant", "constant", "reflect", "edge");

    private static IReadOnlyList<Value?>? Import(ForeignNode n) =>
        n.Create(Pad.Schema) is { } pad ? [n.Call(pad, n[0], n.Call(new Reshape(), n[1], n.Integers(-1)), n[2] is { } value ? n.Call(new Squeeze(), value) : null)] : null;
}
