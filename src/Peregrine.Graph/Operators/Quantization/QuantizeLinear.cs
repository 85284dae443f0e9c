using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// saturate(roundHalfEven(x / scale) + zero point), with one scale, one for each index of an axis, or one for each block of indices. The quotient is rounded to
/// <paramref name="Precision"/>, by default to the type of the scale. Float8 and float4 results round to their own grid instead of to integers.
/// </summary>
/// <param name="BlockSize">0 unless blocked.</param>
/// <param name="OutputType">Undefined: that of the zero point, or uint8 without one.</param>
/// <param name="Precision">Undefined: the type of the scale.</param>
/// <param name="Saturate">What becomes of values out of the range of a float8 type.</param>
public sealed record QuantizeLinear(long Axis = 1, long BlockSize = 0, DataType OutputType = DataType.Undefined, DataType Precision = DataType.Undefined, bool Saturate = true) : Operator
{
    public static readonly Schema<QuantizeLinear> Schema = new Schema<QuantizeLinear>("QuantizeLinear", since: 10,
            a => new(a.Int("axis"), a.Int("block_size"), a.DataType("output_dtype"), a.DataType("precision"), a.Flag("saturate")))
        .Inputs("x", "y_scale", "y_zero_point?").Outputs("y")
        .Int("axis", o => o.Axis, 1)
        .Int("block_size", o => o.BlockSize, 0)
        .DataType("output_dtype", o => o.OutputType, DataType.Undefined)
        .DataType("precision", o => o.Precision, DataType.Undefined)
        .Flag("saturate", o => o.Saturate, true)
        .Added(13, "axis").Added(19, "saturate").Added(21, "block_size", "output_dtype").Added(23, "precision");

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c)
    {
        DataType x = c.ElementType(0), scale = c.ElementType(1), zeroPoint = c.Has(2) ? c.ElementType(2) : DataType.Undefined;
        if (!IsReal(x) || !(IsReal(scale) || scale == DataType.Float8E8M0))
        {
            c.Error("PG2103", $"x is {c.TypeOf(0)} and y_scale {c.TypeOf(1)}; x must be of a float type or int32, y_scale likewise or float8e8m0.");
            return;
        }

        DataType result = zeroPoint != DataType.Undefined ? zeroPoint : OutputType != DataType.Undefined ? OutputType : DataType.UInt8;
        if (c.Has(2) && OutputType != DataType.Undefined && OutputType != zeroPoint)
        {
            c.Error("PG2654", $"output_dtype is {OutputType.Name()}, but y_zero_point is {zeroPoint.Name()}; they must agree.");
            return;
        }

        if (!QuantizedRange.IsQuantized(result) || (Precision != DataType.Undefined && !IsReal(Precision)))
        {
            c.Error("PG2654", $"x cannot be quantised to {result.Name()}{(Precision == DataType.Undefined ? "" : $" with precision {Precision.Name()}")}.");
            return;
        }

        ScaleMap.Check(c, Axis, BlockSize);
        c.Set(0, result, c.Shape(0));
    }

    public override void Evaluate(EvaluationScope c)
    {
        Tensor output = c.Output(0);
        ScaleMap map = ScaleMap.Of(c.Dims(0), c.Dims(1), Axis, BlockSize);
        ReadOnlySpan<double> x = c.Read<double>(0), scale = c.Read<double>(1), zeroPoint = c.Has(2) ? c.Read<double>(2) : [];
        DataType precision = Precision != DataType.Undefined ? Precision : c.Input(1).Type switch
        {
            // A power of two needs no precision of its own, and integers divide as floats do.
            DataType.Float8E8M0 or DataType.Int32 => c.Input(0).Type.IsFloat() ? c.Input(0).Type : DataType.Float32,
            var type => type,
        };
        bool tiny = output.Type.IsTinyFloat();
        double lowest = tiny ? 0 : QuantizedRange.Lowest(output.Type), highest = tiny ? 0 : QuantizedRange.Highest(output.Type);
        Span<long> integers = tiny ? [] : c.Write<long>(output);
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
                    double quotient = QuantizedRange.RoundTo(precision, QuantizedRange.RoundTo(precision, x[element]) / QuantizedRange.RoundTo(precision, scale[number]));
                    double zero = zeroPoint.IsEmpty ? 0 : zeroPoint[number];
                    if (tiny)
                    {
                        QuantizedRange.StoreTiny(output, element, quotient, zero, Saturate);
                    }
                    else
                    {
                        integers[element] = QuantizedRange.ToInteger(quotient, zero, lowest, highest);
                    }
                }
            }
        }
    }

    private static bool IsReal(DataType type) => type is DataType.Float32 or DataType.Float16 or DataType.BFloat16 or DataType.Float64 or DataType.Int32;
}
