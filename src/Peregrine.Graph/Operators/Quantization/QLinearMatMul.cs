using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// The quantised matrix product saturate(roundHalfEven((a - a_zero_point)·(b - b_zero_point)·a_scale·b_scale/y_scale) + y_zero_point). Integers are summed in 32 bits,
/// float8 in float64; the scales are applied in float64.
/// </summary>
public sealed record QLinearMatMul : Operator
{
    private const int AScale = 1, AZero = 2, B = 3, BScale = 4, BZero = 5, YScale = 6, YZero = 7;

    public static readonly Schema<QLinearMatMul> Schema = new Schema<QLinearMatMul>("QLinearMatMul", since: 10, _ => new())
        .Inputs("a", "a_scale", "a_zero_point", "b", "b_scale", "b_zero_point", "y_scale", "y_zero_point").Outputs("y");

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c)
    {
        foreach (int input in (ReadOnlySpan<int>)[0, B, YZero])
        {
            DataType type = c.ElementType(input);
            if (!QuantizedRange.IsQuantized(type) || type.Bits() != 8)
            {
                c.Error("PG2103", $"input {input} ({Schema.InputFormals[input].Name}) is {c.TypeOf(input)}, but must be int8, uint8 or a float8 type.");
                return;
            }
        }

        foreach (int input in (ReadOnlySpan<int>)[AScale, BScale, YScale])
        {
            if (!c.Require(input, DataType.Float32, DataType.Float16, DataType.BFloat16))
            {
                return;
            }
        }

        if (!c.Require(AZero, c.ElementType(0)) || !c.Require(BZero, c.ElementType(B)))
        {
            return;
        }

        MatrixQuantization.Check(c, 0, AScale, byRow: true);
        MatrixQuantization.Check(c, 0, AZero, byRow: true);
        MatrixQuantization.Check(c, B, BScale, byRow: false);
        MatrixQuantization.Check(c, B, BZero, byRow: false);
        foreach (int input in (ReadOnlySpan<int>)[YScale, YZero])
        {
            if (c.IsRanked(input) && c.Shape(input).Any(d => Symbolics.Dim.ProvablyDifferent(d, Symbolics.Dim.One)))
            {
                c.Error("PG2655", $"input {input} ({Schema.InputFormals[input].Name}) is {c.TypeOf(input)}, but must be a scalar.");
            }
        }

        c.Set(0, c.ElementType(YZero), MatMul.InferShape(c, 0, B));
    }

    public override void Evaluate(EvaluationScope c)
    {
        Tensor output = c.Output(0);
        Span<double> sums = c.Scratch<double>(output.Length);
        if (c.Input(0).Type.IsInteger() && c.Input(B).Type.IsInteger())
        {
            Span<int> integers = c.Scratch<int>(output.Length);
            MatMul.Multiply<int, int, int>(c, MatrixQuantization.Centered<int>(c, 0, AZero, byRow: true), MatrixQuantization.Centered<int>(c, B, BZero, byRow: false), integers, 0, B);
            for (int i = 0; i < integers.Length; i++)
            {
                sums[i] = integers[i];
            }
        }
        else
        {
            MatMul.Multiply<double, double, double>(c, MatrixQuantization.Centered<double>(c, 0, AZero, byRow: true), MatrixQuantization.Centered<double>(c, B, BZero, byRow: false), sums, 0, B);
        }

        ReadOnlySpan<long> full = MatrixDims(c, output.Dims);
        BroadcastReader rows = MatrixQuantization.Reader(c, AScale, full, byRow: true), columns = MatrixQuantization.Reader(c, BScale, full, byRow: false);
        ReadOnlySpan<double> aScale = c.Read<double>(AScale), bScale = c.Read<double>(BScale);
        double yScale = c.Read<double>(YScale)[0], zero = c.Read<double>(YZero)[0];
        bool tiny = output.Type.IsTinyFloat();
        double lowest = tiny ? 0 : QuantizedRange.Lowest(output.Type), highest = tiny ? 0 : QuantizedRange.Highest(output.Type);
        Span<long> integersOut = tiny ? [] : c.Write<long>(output);
        for (int i = 0; i < sums.Length; i++)
        {
            double value = sums[i] * (aScale[(int)rows.IndexOf(i)] * bScale[(int)columns.IndexOf(i)]) / yScale;
            if (tiny)
            {
                QuantizedRange.StoreTiny(output, i, value, zero, saturate: true);
            }
            else
            {
                integersOut[i] = QuantizedRange.ToInteger(value, zero, lowest, highest);
            }
        }
    }

    /// <summary>The product's dimensions with the axes that it does not show where a or b is a vector: one row, or one column.</summary>
    private static ReadOnlySpan<long> MatrixDims(EvaluationScope c, ReadOnlySpan<long> product)
    {
        bool row = c.Dims(0).Length == 1, column = c.Dims(B).Length == 1;
        Span<long> dims = c.Scratch<long>(product.Length + (row ? 1 : 0) + (column ? 1 : 0));
        dims.Fill(1);
        int shown = column ? 0 : 1, batch = product.Length - shown - (row ? 0 : 1);
        product[..batch].CopyTo(dims);
        if (!row)
        {
            dims[^2] = product[batch];
        }

        if (!column)
        {
            dims[^1] = product[^1];
        }

        return dims;
    }
}
