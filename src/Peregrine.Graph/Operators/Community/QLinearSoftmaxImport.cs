using Peregrine.Ir;

namespace Peregrine.Operators;

/// <summary>Softmax of a quantised tensor, quantised; as of opset 12 and before (all dimensions from the axis on are one) or as of 13 (one axis), as the attribute opset says.</summary>
internal static class QLinearSoftmaxImport
{
    public static readonly ForeignSchema Schema = Requantization.Unary("QLinearSoftmax", Import).OptionalInt("axis").Int("opset");

    private static Value? Import(ForeignNode n, Value x)
    {
        if (n.Int("opset") >= 13)
        {
            return n.Call(new Softmax(n.OptionalInt("axis") ?? -1), x);
        }

        Value flat = n.Call(new Flatten(n.OptionalInt("axis") ?? 1), x);
        return n.Call(new Reshape(AllowZero: true), n.Call(new Softmax(), flat), n.Call(new ShapeOf(), x));
    }
}
