using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Convolution of quantised data with quantised weights (per tensor or per feature map), requantised: y = saturate(round(acc · x_scale · w_scale / y_scale) + y_zero_point).</summary>
public sealed record QLinearConv(AutoPad AutoPad = AutoPad.NotSet, Ints Dilations = default, long Group = 1, Ints KernelShape = default, Ints Pads = default, Ints Strides = default) : Operator
{
    public static readonly Schema<QLinearConv> Schema = new Schema<QLinearConv>(
            "QLinearConv", since: 10, a => new(a.Choice<AutoPad>("auto_pad"), a.Ints("dilations"), a.Int("group"), a.Ints("kernel_shape"), a.Ints("pads"), a.Ints("strides")))
        .Inputs("x", "x_scale", "x_zero_point", "w", "w_scale", "w_zero_point", "y_scale", "y_zero_point", "B?").Outputs("y")
        .AutoPad(o => o.AutoPad)
        .Ints("dilations", o => o.Dilations, Ints.Empty).Int("group", o => o.Group, 1).Ints("kernel_shape", o => o.KernelShape, Ints.Empty)
        .Ints("pads", o => o.Pads, Ints.Empty).Ints("strides", o => o.Strides, Ints.Empty);

    public override OperatorSchema Definition => Schema;

    public WindowAttributes Window => new(AutoPad, Dilations, Pads, Strides);

    public override void Infer(InferenceScope c)
    {
        if (!c.Require(0, DataType.UInt8, DataType.Int8) || !c.Require(3, DataType.UInt8, DataType.Int8) || !c.Require(7, DataType.UInt8, DataType.Int8) || (c.Has(8) && !c.Require(8, DataType.Int32)))
        {
            return;
        }

        Shape shape = ConvolutionInference.Infer(c, 0, 3, Window, KernelShape, Group);
        Dim maps = shape.IsRanked ? shape[1] : Dim.One;
        (int Input, int Data, Dim Channels)[] parameters = [(1, -1, 1), (2, 0, 1), (4, -1, maps), (5, 3, maps), (6, -1, 1), (7, -1, 1)];
        foreach ((int input, int data, Dim channels) in parameters)
        {
            if (shape.IsRanked)
            {
                IntegerConvolution.CheckZeroPoint(c, input, data, channels);
            }
        }

        if (shape.IsRanked)
        {
            ConvolutionInference.CheckBias(c, 8, maps);
        }

        c.Set(0, c.ElementType(7), shape);
    }

    public override void Evaluate(EvaluationScope c)
    {
        Tensor y = c.Output(0);
        Span<int> sums = c.Scratch<int>(y.Length);
        IntegerConvolution.Run(c, Window, (int)Group, 0, 2, 3, 5, c.Has(8) ? c.Read<int>(8) : default, sums);
        ReadOnlySpan<double> weightScales = c.Read<double>(4);
        double inputScale = c.Read<double>(1)[0], outputScale = c.Read<double>(6)[0];
        int zero = c.Read<int>(7)[0], maps = (int)y.Dims[1], plane = sums.IsEmpty ? 1 : sums.Length / ((int)y.Dims[0] * maps);
        (int low, int high) = y.Type == DataType.UInt8 ? (0, 255) : (-128, 127);
        Span<int> target = c.Write<int>(0);
        for (int i = 0; i < sums.Length; i++)
        {
            double scale = inputScale * weightScales[weightScales.Length == 1 ? 0 : i / plane % maps] / outputScale;
            target[i] = (int)Math.Clamp(Math.Round(sums[i] * scale, MidpointRounding.ToEven) + zero, low, high);
        }
    }
}
