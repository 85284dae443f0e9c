using System.Numerics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The Lp norm of the elements under each window: (Σ |x|^p)^(1/p).</summary>
public sealed record LpPool(
    AutoPad AutoPad = AutoPad.NotSet, bool CeilMode = false, Ints Dilations = default, Ints KernelShape = default, long P = 2, Ints Pads = default, Ints Strides = default)
    : SlidingPool(AutoPad, CeilMode, Dilations, KernelShape, Pads, Strides)
{
    public static readonly Schema<LpPool> Schema = new Schema<LpPool>(
            "LpPool", since: 2,
            a => new(a.Choice<AutoPad>("auto_pad"), a.Flag("ceil_mode"), a.Ints("dilations"), a.Ints("kernel_shape"), a.Int("p"), a.Ints("pads"), a.Ints("strides")))
        .Inputs("X").Outputs("Y")
        .AutoPad(o => o.AutoPad).Flag("ceil_mode", o => o.CeilMode, false)
        .Ints("dilations", o => o.Dilations, Ints.Empty).Ints("kernel_shape", o => o.KernelShape).Int("p", o => o.P, 2)
        .Ints("pads", o => o.Pads, Ints.Empty).Ints("strides", o => o.Strides, Ints.Empty)
        .Added(18, "ceil_mode", "dilations")
        .Import(1, 1, LpNorm.ImportFloatExponent);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override void Infer(InferenceScope c)
    {
        if (c.Require(0, DataType.Float32, DataType.Float64, DataType.Float16, DataType.BFloat16) && LpNorm.Check(c, P))
        {
            c.Set(0, c.ElementType(0), InferShape(c));
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        if (c.Input(0).Type == DataType.Float32)
        {
            PoolingKernel.Run(c, KernelOf(c), c.Read<float>(0), c.Write<float>(0), new Norm<float>(P));
        }
        else
        {
            PoolingKernel.Run(c, KernelOf(c), c.Read<double>(0), c.Write<double>(0), new Norm<double>(P));
        }
    }

    private readonly struct Norm<T>(long p) : IWindowReduction<T> where T : unmanaged, INumber<T>
    {
        public T Reduce(ReadOnlySpan<T> plane, ReadOnlySpan<int> taps, long covered)
        {
            double sum = 0;
            foreach (int tap in taps)
            {
                sum += LpNorm.Power(double.CreateTruncating(plane[tap]), p);
            }

            return T.CreateTruncating(LpNorm.Root(sum, p));
        }
    }
}

/// <summary>What LpPool and GlobalLpPool share.</summary>
internal static class LpNorm
{
    public static double Power(double x, long p) => p switch { 1 => Math.Abs(x), 2 => x * x, _ => Math.Pow(Math.Abs(x), p) };

    public static double Root(double sum, long p) => p switch { 1 => sum, 2 => Math.Sqrt(sum), _ => Math.Pow(sum, 1.0 / p) };

    public static bool Check(InferenceScope c, long p)
    {
        if (p < 1)
        {
            c.Error("PG2217", $"p is {p}, but must be at least 1.");
        }

        return p >= 1;
    }

    /// <summary>Opset 1 wrote p as a float.</summary>
    public static IReadOnlyList<Ir.Value?>? ImportFloatExponent(ImportScope s)
    {
        float p = s.Attributes.Float("p", 2);
        return float.IsInteger(p) ? s.Default(("p", (long)p)) : s.Error("PG2217", $"p is {p}, but must be a whole number.");
    }
}
