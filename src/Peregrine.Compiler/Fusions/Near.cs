using Peregrine.Ir;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>Patterns for constants of one element with a given value.</summary>
internal static class Near
{
    // Exporters write constants as float; half-precision models keep eleven bits of them.
    private const double Tolerance = 1e-6, HalfTolerance = 1e-3;

    /// <summary>A constant of one element that is <paramref name="number"/>, rounded to its own type.</summary>
    public static Pattern To(double number) => new Var().Where(v => IsNear(v, number), v => $"{v} is not {number}");

    public static bool IsNear(Value? value, double number) =>
        ConstantArithmetic.Scalar(value) is { } actual
        && Math.Abs(actual - number) <= Math.Abs(number) * (value!.Tensor!.ElementType is Tensors.DataType.Float16 or Tensors.DataType.BFloat16 ? HalfTolerance : Tolerance);
}
