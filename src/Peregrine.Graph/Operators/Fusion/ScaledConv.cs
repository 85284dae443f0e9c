using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// <see cref="Conv"/> of data [N, C, spatial…] that is first multiplied by one number per image and channel, S [N or 1, C, 1…]: the end of a squeeze-and-excite block. A kernel may scale its weights
/// [M, C, kernel…] instead of the data, which are many more.
/// </summary>
public sealed record ScaledConv(AutoPad AutoPad = AutoPad.NotSet, Ints Dilations = default, long Group = 1, Ints KernelShape = default, Ints Pads = default, Ints Strides = default) : Operator
{
    public static readonly Schema<ScaledConv> Schema = new Schema<ScaledConv>(
            "ScaledConv", since: 1, a => new(a.Choice<AutoPad>("auto_pad"), a.Ints("dilations"), a.Int("group"), a.Ints("kernel_shape"), a.Ints("pads"), a.Ints("strides")), "peregrine")
        .Inputs("X", "S", "W", "B?").Outputs("Y")
        .AutoPad(o => o.AutoPad)
        .Ints("dilations", o => o.Dilations, Ints.Empty).Int("group", o => o.Group, 1).Ints("kernel_shape", o => o.KernelShape, Ints.Empty)
        .Ints("pads", o => o.Pads, Ints.Empty).Ints("strides", o => o.Strides, Ints.Empty);

    public override OperatorSchema Definition => Schema;

    /// <summary>The convolution of what is scaled already.</summary>
    public Conv Convolution => new(AutoPad, Dilations, Group, KernelShape, Pads, Strides);

    /// <summary>The convolution with that on its data.</summary>
    public static ScaledConv Of(Conv conv) => new(conv.AutoPad, conv.Dilations, conv.Group, conv.KernelShape, conv.Pads, conv.Strides);

    public override void Infer(InferenceScope c)
    {
        DataType type = c.ElementType(0);
        if (!c.Require(0, DataType.Float32, DataType.Float64, DataType.Float16, DataType.BFloat16) || !c.Require(1, type) || !c.Require(2, type) || (c.Has(3) && !c.Require(3, type)))
        {
            return;
        }

        Shape shape = ConvolutionInference.Infer(c, 0, 2, Convolution.Window, KernelShape, Group);
        if (shape.IsRanked)
        {
            ConvolutionInference.CheckBias(c, 3, shape[1]);
        }

        if (shape.IsRanked && c.IsRanked(1))
        {
            Shape data = c.Shape(0), scale = c.Shape(1);
            if (scale.Rank != data.Rank || Dim.ProvablyDifferent(scale[1], data[1]) || (scale[0] != 1 && Dim.ProvablyDifferent(scale[0], data[0])) || scale.Skip(2).Any(d => Dim.ProvablyDifferent(d, 1)))
            {
                c.Error("PG2227", $"the scale {scale} must have one number for each channel, and each image or all of them, of the data {data}.");
                return;
            }
        }

        c.Set(0, type, shape);
    }

    public override IReadOnlyList<Value?> Decompose(GraphBuilder g, IReadOnlyList<Value?> inputs, int outputCount)
    {
        Value scaled = g.Call(new Mul(), inputs[0], inputs[1]);
        return [inputs.Count > 3 ? g.Call(Convolution, scaled, inputs[2], inputs[3]) : g.Call(Convolution, scaled, inputs[2])];
    }
}
