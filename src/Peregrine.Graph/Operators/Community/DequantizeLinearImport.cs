namespace Peregrine.Operators;

/// <summary>ONNX's DequantizeLinear in ONNX Runtime's domain, where it had 16-bit and 4-bit types and half precision first.</summary>
internal static class DequantizeLinearImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain
        .Declare("DequantizeLinear", n => [n.Call(new DequantizeLinear(n.Int("axis"), n.Int("block_size")), n[0], n[1], n[2])])
        .Inputs("x", "x_scale", "x_zero_point?").Outputs("y")
        .Int("axis", 1).Int("block_size", 0);
}
