using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>(x - zero point) · scale, with one scale, one for each index of an axis, or one for each block of indices; rounded once, to the output's type.</summary>
/// <param name="BlockSize">0 unless blocked.</param>
/// <param name="OutputType">Undefined: that of the scale.</param>
public sealed record DequantizeLinear(long Axis = 1, long BlockSize = 0, DataType OutputType = DataType.Undefined) : Operator
{
    public static readonly Schema<DequantizeLinear> Schema = new Schema<DequantizeLinear>("DequantizeLinear", since: 10, a => new(a.Int("axis"), a.Int("block_size"), a.DataType("output_dtype")))
        .Inputs("x", "x_scale", "x_zero_point?").Outputs("y")
        .Int("axis", o => o.Axis, 1)
        .Int("block_size", o => o.BlockSize, 0)
        .DataType("output_dtype", o => o.OutputType, DataType.Undefined)
        .Added(13, "axis").Added(21, "block_size").Added(23, "output_dtype");

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c)
    {
        DataType x = c.ElementType(0), scale = c.ElementType(1);
        if ((!QuantizedRange.IsQuantized(x) && x != DataType.Int32) || !(IsReal(scale) || scale == DataType.Float8E8M0))
        {
            c.Error("PG2103", $"x is {c.TypeOf(0)} and x_scale {c.TypeOf(1)}; x must be of a quantised type or int32, x_scale a float.");
            return;
        }

        if (c.Has(2) && c.ElementType(2) != x)
        {
            c.Error("PG2654", $"x_zero_point is {c.ElementType(2).Name()}, but x is {x.Name()}; they must agree.");
            return;
        }

        DataType result = OutputType != DataType.Undefined ? OutputType : scale;
        if (!IsReal(result))
        {
            c.Error("PG2654", $"x cannot be dequantised to {result.Name()}.", "Give output_dtype a float type of 16 bits or more.");
            return;
        }

        ScaleMap.Check(c, Axis, BlockSize);
        c.Set(0, result, c.Shape(0));
    }

    public override void Evaluate(EvaluationScope c)
    {
        ScaleMap map = ScaleMap.Of(c.Dims(0), c.Dims(1), Axis, BlockSize);
        ReadOnlySpan<double> x = c.Read<double>(0), scale = c.Read<double>(1), zeroPoint = c.Has(2) ? c.Read<double>(2) : [];
        Span<double> y = c.Write<double>(0);
        int element = 0;
        for (long outer = 0; outer < map.Outer; outer++)
        {
            c.Cancellation.ThrowIfCancellationRequested();
            for (long index = 0; index < map.Extent; index++)
            {
                long first = (outer * map.OuterStride) + (index / map.Block * map.AxisStride);
                for (long inner = 0; inner < map.Inner; inner++, element++)
                {
                    int number = (int)(first + (inner * map.InnerStride));
                    y[element] = (zeroPoint.IsEmpty ? x[element] : x[element] - zeroPoint[number]) * scale[number];
                }
            }
        }
    }

    private static bool IsReal(DataType type) => type is DataType.Float32 or DataType.Float16 or DataType.BFloat16 or DataType.Float64;
}
