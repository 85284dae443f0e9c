namespace Peregrine.Operators;

/// <summary>ONNX's GatherND, which ONNX Runtime had first; indices may be int32.</summary>
internal static class GatherNDImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("GatherND", n => [n.Call(new GatherND(), n[0], Counting.Wide(n, n[1]!))]).Inputs("data", "indices").Outputs("output");
}
