using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Products of 8-bit matrices that come out as floats: exact in int32, then one multiplication by the scales.</summary>
internal static class IntegerProduct
{
    /// <summary>(A - a zero)·(B - b zero) · (a scale · b scale) + bias.</summary>
    public static Value ToFloat(ForeignNode n, Value a, Value b, Value aScale, Value bScale, Value? aZero, Value? bZero, Value? bias)
    {
        Value scaled = Scale(n, n.Call(new MatMulInteger(), a, b, aZero, bZero), aScale, bScale);
        return bias is null ? scaled : n.Call(new Add(), scaled, bias);
    }

    /// <summary>int32 sums times the scales, as floats of the scales' type.</summary>
    public static Value Scale(ForeignNode n, Value sums, Value aScale, Value bScale) =>
        n.Call(new Mul(), n.Call(new Cast(aScale.Tensor?.ElementType ?? DataType.Float32), sums), n.Call(new Mul(), aScale, bScale));
}
