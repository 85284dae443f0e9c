using System.Numerics;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Convolution (cross-correlation) of data [N, C, spatial…] with weights [M, C/group, kernel…], over any number of spatial dimensions.</summary>
public sealed record Conv(AutoPad AutoPad = AutoPad.NotSet, Ints Dilations = default, long Group = 1, Ints KernelShape = default, Ints Pads = default, Ints Strides = default) : Operator
{
    public static readonly Schema<Conv> Schema = new Schema<Conv>("Conv", since: 1, a => new(a.Choice<AutoPad>("auto_pad"), a.Ints("dilations"), a.Int("group"), a.Ints("kernel_shape"), a.Ints("pads"), a.Ints("strides")))
        .Inputs("X", "W", "B?").Outputs("Y")
        .AutoPad(o => o.AutoPad)
        .Ints("dilations", o => o.Dilations, Ints.Empty).Int("group", o => o.Group, 1).Ints("kernel_shape", o => o.KernelShape, Ints.Empty)
        .Ints("pads", o => o.Pads, Ints.Empty).Ints("strides", o => o.Strides, Ints.Empty);

    public override OperatorSchema Definition => Schema;

    public WindowAttributes Window => new(AutoPad, Dilations, Pads, Strides);

    public override void Infer(InferenceScope c)
    {
        DataType type = c.ElementType(0);
        if (!c.Require(0, DataType.Float32, DataType.Float64, DataType.Float16, DataType.BFloat16) || !c.Require(1, type) || (c.Has(2) && !c.Require(2, type)))
        {
            return;
        }

        Shape shape = ConvolutionInference.Infer(c, 0, 1, Window, KernelShape, Group);
        if (shape.IsRanked)
        {
            ConvolutionInference.CheckBias(c, 2, shape[1]);
        }

        c.Set(0, type, shape);
    }

    public override void Evaluate(EvaluationScope c)
    {
        switch (c.Input(0).Type)
        {
            case DataType.Float32: Convolve<float, float>(c); break;
            case DataType.Float64: Convolve<double, double>(c); break;
            default: Convolve<float, double>(c); break;
        }
    }

    private void Convolve<TIn, TOut>(EvaluationScope c)
        where TIn : unmanaged, INumber<TIn>
        where TOut : unmanaged, INumber<TOut>
    {
        ReadOnlySpan<long> x = c.Dims(0), w = c.Dims(1);
        WindowKernel window = WindowKernel.Of(c, x[2..], w[2..], Window, static (window, input, kernel) => window.Resolve(input, kernel));
        ConvolutionKernel.Convolve<TIn, double, TOut>(
            c, window, (int)x[0], (int)x[1], (int)w[0], (int)Group, c.Read<TIn>(0), c.Read<TIn>(1), c.Has(2) ? c.Read<TOut>(2) : default, c.Write<TOut>(0));
    }
}
