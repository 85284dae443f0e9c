using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>ONNX Range: start, start + delta, start + 2·delta, … below (or, for a negative delta, above) limit.</summary>
public sealed record NumberRange : Operator
{
    public static readonly Schema<NumberRange> Schema = new Schema<NumberRange>("Range", since: 11, _ => new()).Inputs("start", "limit", "delta").Outputs("output");

    public override OperatorSchema Definition => Schema;

    public override void Infer(InferenceScope c)
    {
        if (!c.Require(0, DataType.Float32, DataType.Float64, DataType.Float16, DataType.BFloat16, DataType.Int16, DataType.Int32, DataType.Int64))
        {
            return;
        }

        for (int i = 0; i < 3; i++)
        {
            if (c.ElementType(i) != c.ElementType(0) || (c.IsRanked(i) && Dim.ProvablyDifferent(c.Shape(i).ElementCount, Dim.One)))
            {
                c.Error("PG2133", $"start, limit and delta are {c.TypeOf(0)}, {c.TypeOf(1)} and {c.TypeOf(2)}; they must be scalars of one type.");
                return;
            }
        }

        DataType type = c.ElementType(0);
        if (c.ConstantOf(0) is { } start && c.ConstantOf(1) is { } limit && c.ConstantOf(2) is { } delta)
        {
            if (Count(start, limit, delta) is not { } count)
            {
                c.Error("PG2133", "delta is 0, or the bounds are too far apart.");
                return;
            }

            c.Set(0, type, Shape.Of(count));
        }
        else if (type.IsInteger() && c.ValueOf(0) is [var first] && c.ValueOf(1) is [var last] && c.ValueOf(2) is [{ IsConstant: true } step] && step != Dim.Zero)
        {
            Dim length = step.Constant > 0 ? last - first : first - last;
            c.Set(0, type, [Dim.CeilDiv(c.IsNonNegative(length) ? length : Dim.Max(length, 0), Math.Abs(step.Constant))]);
        }
        else
        {
            c.Set(0, type, [c.FreshSymbol(null)]);
        }

        if (c.OutputType(0) is TensorType { Shape: { Rank: 1, IsStatic: true } shape } && shape[0].Constant is <= ValueContents.MaxElements and var elements && c.ValueOf(0) is [var from] && c.ValueOf(2) is [var by])
        {
            Dim[] contents = new Dim[elements];
            for (int i = 0; i < contents.Length; i++)
            {
                contents[i] = from + (by * i);
            }

            c.SetValue(0, contents);
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        if (c.Input(0).Type.IsFloat())
        {
            double start = c.Read<double>(0)[0], delta = c.Read<double>(2)[0];
            Span<double> target = c.Write<double>(0);
            for (int i = 0; i < target.Length; i++)
            {
                target[i] = start + (i * delta);
            }
        }
        else
        {
            long start = c.Read<long>(0)[0], delta = c.Read<long>(2)[0];
            Span<long> target = c.Write<long>(0);
            for (int i = 0; i < target.Length; i++)
            {
                target[i] = unchecked(start + (i * delta));
            }
        }
    }

    private static long? Count(Tensor start, Tensor limit, Tensor delta)
    {
        if (start.Type.IsFloat())
        {
            double count = Math.Max(0, Math.Ceiling((Scalar<double>(limit) - Scalar<double>(start)) / Scalar<double>(delta)));
            return count < long.MaxValue ? (long)count : null;
        }

        Int128 step = Scalar<long>(delta), length = (Int128)Scalar<long>(limit) - Scalar<long>(start);
        Int128 elements = step == 0 ? -1 : Int128.Max(0, (length + step - Int128.Sign(step)) / step);
        return elements >= 0 && elements <= long.MaxValue ? (long)elements : null;
    }

    private static T Scalar<T>(Tensor tensor) where T : unmanaged
    {
        Span<T> value = stackalloc T[1];
        ElementConversion.Load(tensor, value);
        return value[0];
    }
}
