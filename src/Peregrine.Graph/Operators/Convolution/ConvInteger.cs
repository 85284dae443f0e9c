using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Convolution of 8-bit integers into int32. Zero points are subtracted first, so padding counts as zero.</summary>
public sealed record ConvInteger(AutoPad AutoPad = AutoPad.NotSet, Ints Dilations = default, long Group = 1, Ints KernelShape = default, Ints Pads = default, Ints Strides = default) : Operator
{
    public static readonly Schema<ConvInteger> Schema = new Schema<ConvInteger>(
            "ConvInteger", since: 10, a => new(a.Choice<AutoPad>("auto_pad"), a.Ints("dilations"), a.Int("group"), a.Ints("kernel_shape"), a.Ints("pads"), a.Ints("strides")))
        .Inputs("x", "w", "x_zero_point?", "w_zero_point?").Outputs("y")
        .AutoPad(o => o.AutoPad)
        .Ints("dilations", o => o.Dilations, Ints.Empty).Int("group", o => o.Group, 1).Ints("kernel_shape", o => o.KernelShape, Ints.Empty)
        .Ints("pads", o => o.Pads, Ints.Empty).Ints("strides", o => o.Strides, Ints.Empty);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public WindowAttributes Window => new(AutoPad, Dilations, Pads, Strides);

    public override void Infer(InferenceScope c)
    {
        if (c.Require(0, DataType.UInt8, DataType.Int8) && c.Require(1, DataType.UInt8, DataType.Int8))
        {
            Shape shape = ConvolutionInference.Infer(c, 0, 1, Window, KernelShape, Group);
            c.Set(0, DataType.Int32, shape);
            if (shape.IsRanked)
            {
                IntegerConvolution.CheckZeroPoint(c, 2, 0, 1);
                IntegerConvolution.CheckZeroPoint(c, 3, 1, shape[1]);
            }
        }
    }

    public override void Evaluate(EvaluationScope c) => IntegerConvolution.Run(c, Window, (int)Group, 0, 2, 1, 3, default, c.Write<int>(0));
}
