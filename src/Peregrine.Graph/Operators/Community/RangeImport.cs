using Peregrine.Ir;

namespace Peregrine.Operators;

/// <summary>ONNX's Range, which ONNX Runtime had first; delta is 1 by default, and the bounds may be vectors of one element.</summary>
internal static class RangeImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain
        .Declare("Range", n => [n.Call(new NumberRange(), Scalar(n, n[0]!), Scalar(n, n[1]!), n[2] is { } delta ? Scalar(n, delta) : n.Number(n.ElementType(0), 1))])
        .Inputs("start", "limit", "delta?").Outputs("Y");

    private static Value Scalar(ForeignNode n, Value x) => x.Tensor!.Shape is { IsRanked: true, Rank: 0 } ? x : n.Call(new Squeeze(), x);
}
