using System.Numerics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The mean of the elements under each window; padding counts (as zeros) only with <see cref="CountIncludePad"/>, and what hangs over the padding's end never does.</summary>
public sealed record AveragePool(
    AutoPad AutoPad = AutoPad.NotSet, bool CeilMode = false, bool CountIncludePad = false, Ints Dilations = default, Ints KernelShape = default, Ints Pads = default, Ints Strides = default)
    : SlidingPool(AutoPad, CeilMode, Dilations, KernelShape, Pads, Strides)
{
    public static readonly Schema<AveragePool> Schema = new Schema<AveragePool>(
            "AveragePool", since: 1,
            a => new(a.Choice<AutoPad>("auto_pad"), a.Flag("ceil_mode"), a.Flag("count_include_pad"), a.Ints("dilations"), a.Ints("kernel_shape"), a.Ints("pads"), a.Ints("strides")))
        .Inputs("X").Outputs("Y")
        .AutoPad(o => o.AutoPad).Flag("ceil_mode", o => o.CeilMode, false).Flag("count_include_pad", o => o.CountIncludePad, false)
        .Ints("dilations", o => o.Dilations, Ints.Empty).Ints("kernel_shape", o => o.KernelShape)
        .Ints("pads", o => o.Pads, Ints.Empty).Ints("strides", o => o.Strides, Ints.Empty)
        .Added(19, "dilations");

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c)
    {
        if (c.Require(0, DataType.Float32, DataType.Float64, DataType.Float16, DataType.BFloat16))
        {
            c.Set(0, c.ElementType(0), InferShape(c));
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        if (c.Input(0).Type == DataType.Float32)
        {
            PoolingKernel.Run(c, KernelOf(c), c.Read<float>(0), c.Write<float>(0), new Mean<float>(CountIncludePad));
        }
        else
        {
            PoolingKernel.Run(c, KernelOf(c), c.Read<double>(0), c.Write<double>(0), new Mean<double>(CountIncludePad));
        }
    }

    private readonly struct Mean<T>(bool countPad) : IWindowReduction<T> where T : unmanaged, INumber<T>
    {
        public T Reduce(ReadOnlySpan<T> plane, ReadOnlySpan<int> taps, long covered)
        {
            double sum = 0;
            foreach (int tap in taps)
            {
                sum += double.CreateTruncating(plane[tap]);
            }

            long count = countPad ? covered : taps.Length;
            return count == 0 ? T.Zero : T.CreateTruncating(sum / count);
        }
    }
}
