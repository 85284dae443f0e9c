using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// Quantises float32 to uint8 with the scale (max(0, max x) - min(0, min x))/255 and the zero point saturate(roundHalfEven(-min/scale)), both of which are results, too.
/// Each operation rounds to float32, as the standard's function body does. Where all elements are 0 (or there are none) the scale is 1.
/// </summary>
public sealed record DynamicQuantizeLinear : Operator
{
    private const float Highest = 255;

    public static readonly Schema<DynamicQuantizeLinear> Schema = new Schema<DynamicQuantizeLinear>("DynamicQuantizeLinear", since: 11, _ => new())
        .Inputs("x").Outputs("y", "y_scale", "y_zero_point");

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c)
    {
        if (c.Require(0, DataType.Float32))
        {
            c.Set(0, DataType.UInt8, c.Shape(0));
            c.Set(1, DataType.Float32, Shape.Scalar);
            c.Set(2, DataType.UInt8, Shape.Scalar);
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        ReadOnlySpan<float> x = c.Read<float>(0);
        float lowest = 0, highest = 0;
        foreach (float value in x)
        {
            lowest = Math.Min(lowest, value);
            highest = Math.Max(highest, value);
        }

        float scale = lowest == highest ? 1 : (highest - lowest) / Highest;
        byte zeroPoint = (byte)QuantizedRange.ToInteger(-(lowest / scale), 0, 0, Highest);
        if (c.Wants(0))
        {
            Span<byte> y = c.Output(0).Data.Span;
            for (int i = 0; i < y.Length; i++)
            {
                y[i] = (byte)QuantizedRange.ToInteger(x[i] / scale, zeroPoint, 0, Highest);
            }
        }

        if (c.Wants(1))
        {
            c.Output(1).Span<float>()[0] = scale;
        }

        if (c.Wants(2))
        {
            c.Output(2).Data.Span[0] = zeroPoint;
        }
    }
}
