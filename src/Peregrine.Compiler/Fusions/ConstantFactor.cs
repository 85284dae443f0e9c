using Peregrine.Compiler.Canonical;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Fusions;

/// <summary>
/// Merging of constant factors: the merged constant is computed in double and rounded once, so that a result differs by the roundings that vanish. Factors must be normal
/// floats and so must what they become, else an overflow that the model has would vanish or one would arise.
/// </summary>
internal static class ConstantFactor
{
    /// <summary><paramref name="op"/> applied to both in double, rounded to their type; null if an operand or a result is not normal there.</summary>
    public static Value? Combine(GraphBuilder g, Operator op, Value left, Value right)
    {
        DataType type = left.Tensor!.ElementType;
        if (!AreNormal(left, type) || !AreNormal(right, type))
        {
            return null;
        }

        Value merged = ConstantArithmetic.Compute(g, op, ConstantArithmetic.ToDouble(g, left), ConstantArithmetic.ToDouble(g, right));
        return AreNormal(merged, type) ? ConstantArithmetic.To(g, merged, type) : null;
    }

    /// <summary>Whether merging stays small: a constant must not grow by it, and the intermediate value must have had the result's shape or a smaller one.</summary>
    public static bool KeepsSize(Value first, Value second, Value data, Value result) =>
        data.HasTypeOf(result) && (first.Constant!.Data.Length == 1 || second.Constant!.Data.Length == 1 || first.Constant.Data.Dims.SequenceEqual(second.Constant!.Data.Dims));

    private static bool AreNormal(Value constant, DataType type)
    {
        (double smallest, double largest) = type switch
        {
            DataType.Float16 => (6.104e-5, 65504),
            DataType.Float32 or DataType.BFloat16 => (1.1754944e-38, 3.3895314e38),
            DataType.Float64 => (2.2250738585072014e-308, double.MaxValue),
            _ => (1, 0),
        };
        return ConstantArithmetic.Elements(constant) is { } elements && Array.TrueForAll(elements, e => Math.Abs(e) >= smallest && Math.Abs(e) <= largest);
    }
}
