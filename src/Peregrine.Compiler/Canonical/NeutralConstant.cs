using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Canonical;

/// <summary>Constants that leave the other operand as it is.</summary>
internal static class NeutralConstant
{
    // Longer constants are hardly ever neutral, and looking through weights costs.
    private const int MaxLength = 4096;

    /// <summary>All integer zeros, or all float −0: the only addend that keeps every float, −0 included.</summary>
    public static bool IsNeutralForAdd(Tensor data) => All(data, static (x, isFloat) => x == 0 && (!isFloat || double.IsNegative(x)));

    /// <summary>All ones.</summary>
    public static bool IsOne(Tensor data) => All(data, static (x, _) => x == 1);

    private static bool All(Tensor data, Func<double, bool, bool> condition)
    {
        if (data.Length > MaxLength || (!data.Type.IsFloat() && !data.Type.IsInteger()))
        {
            return false;
        }

        double[] values = new double[data.Length];
        ElementConversion.Load<double>(data, values);
        return Array.TrueForAll(values, x => condition(x, data.Type.IsFloat()));
    }
}
