using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The frame of quantised operators: dequantise, compute, quantise. An absent zero point is 0 of the data's type.</summary>
internal static class Requantization
{
    /// <summary>Input <paramref name="data"/> as floats; its scale and zero point are the next two inputs.</summary>
    public static Value Dequantize(ForeignNode n, int data) => n.Call(new DequantizeLinear(), n[data], n[data + 1], n[data + 2]);

    /// <summary>Floats in the scale and zero point of inputs <paramref name="scale"/> and the next one; the type is that of the zero point, or of input <paramref name="like"/> without one.</summary>
    public static Value Quantize(ForeignNode n, Value x, int scale, int like) =>
        n.Call(new QuantizeLinear(OutputType: n.Has(scale + 1) ? DataType.Undefined : n.ElementType(like)), x, n[scale], n[scale + 1]);

    /// <summary>The declaration of an operator of one operand: data, scale, zero point, result's scale, result's zero point.</summary>
    public static ForeignSchema Unary(string name, Func<ForeignNode, Value, Value?> compute) =>
        MicrosoftDomain.Declare(name, n => compute(n, Dequantize(n, 0)) is { } y ? [Quantize(n, y, 3, 0)] : null)
            .Inputs("X", "X_scale", "X_zero_point?", "Y_scale", "Y_zero_point?").Outputs("Y");

    /// <summary>The declaration of an operator of two broadcast operands.</summary>
    public static ForeignSchema Binary(string name, Operator op) =>
        MicrosoftDomain.Declare(name, n => [Quantize(n, n.Call(op, Dequantize(n, 0), Dequantize(n, 3)), 6, 0)])
            .Inputs("A", "A_scale", "A_zero_point?", "B", "B_scale", "B_zero_point?", "C_scale", "C_zero_point?").Outputs("C");
}
