using Peregrine.Ir;

namespace Peregrine.Operators;

/// <summary>ONNX's GridSample with the names that its modes had first.</summary>
internal static class GridSampleImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("GridSample", Import)
        .Inputs("X", "Grid").Outputs("Y")
        .Flag("align_corners").Text("mode", "bilinear", "bilinear", "nearest", "bicubic").Text("padding_mode", "zeros", "zeros", "border", "reflection");

    private static IReadOnlyList<Value?>? Import(ForeignNode n)
    {
        string mode = n.Text("mode") switch { "bilinear" => "linear", "bicubic" => "cubic", var other => other };
        return n.Create(GridSample.Schema, ("mode", mode)) is { } sample ? [n.Call(sample, n[0], n[1])] : null;
    }
}
