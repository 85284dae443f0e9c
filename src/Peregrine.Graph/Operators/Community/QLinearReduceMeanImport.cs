using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>ReduceMean of a quantised tensor, quantised.</summary>
internal static class QLinearReduceMeanImport
{
    public static readonly ForeignSchema Schema = Requantization
        .Unary("QLinearReduceMean", (n, x) => n.Call(new ReduceMean(n.Flag("keepdims")), x, n.OptionalInts("axes") is { Count: > 0 } axes ? n.Constant("axes", Tensor.Vector(axes.AsSpan())) : null))
        .OptionalInts("axes").Flag("keepdims", true);
}
