using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Value propagation through pointwise bodies: what Shape → Mul → Add → Min chains compute, as dims.</summary>
internal static class ExprContents
{
    /// <summary>The contents of the output if it is a small integer or bool tensor of known shape and every element can be expressed; else null.</summary>
    public static IReadOnlyList<Dim>? Propagate(Expr body, IReadOnlyList<DataType> types, Shape[] shapes, Shape shape, InferenceScope c)
    {
        if (body.TypeOf(types) is not (DataType.Int32 or DataType.Int64 or DataType.Bool) || !Array.TrueForAll(shapes, s => s.IsRanked && s.IsStatic))
        {
            return null;
        }

        IReadOnlyList<Dim>?[] contents = new IReadOnlyList<Dim>?[shapes.Length];
        for (int i = 0; i < shapes.Length; i++)
        {
            contents[i] = c.ValueOf(i);
            if (c.Has(i) && contents[i] is null)
            {
                return null;
            }
        }

        long[] dims = shape.IsStatic ? shape.ToStatic() : [];
        if (!shape.IsStatic || Tensor.CountElements(dims) > Ir.ValueContents.MaxElements)
        {
            return null;
        }

        try
        {
            Dim[] result = new Dim[Tensor.CountElements(dims)];
            for (int element = 0; element < result.Length; element++)
            {
                int index = element;
                if (Evaluate(body, types, operand => contents[operand]![Source(shapes[operand], dims, index)]) is not { } value)
                {
                    return null;
                }

                result[element] = value;
            }

            return result;
        }
        catch (Exception e) when (e is OverflowException or DimException)
        {
            // Elements wrap where dims cannot; such contents are no shapes anyway.
            return null;
        }
    }

    private static int Source(Shape shape, long[] dims, int element)
    {
        long index = 0, stride = 1;
        for (int axis = dims.Length - 1, own = shape.Rank - 1; own >= 0 && axis >= 0; axis--, own--)
        {
            long coordinate = element % dims[axis];
            element = (int)(element / dims[axis]);
            index += shape[own].Constant == 1 ? 0 : coordinate * stride;
            stride *= shape[own].Constant;
        }

        return (int)index;
    }

    private static Dim? Evaluate(Expr expr, IReadOnlyList<DataType> types, Func<int, Dim> operand)
    {
        Dim? value = EvaluateUnbounded(expr, types, operand);
        return value is { IsConstant: true, Constant: < int.MinValue or > int.MaxValue } wide && expr.TypeOf(types) == DataType.Int32 ? unchecked((int)wide.Constant) : value;
    }

    private static Dim? EvaluateUnbounded(Expr expr, IReadOnlyList<DataType> types, Func<int, Dim> operand)
    {
        switch (expr)
        {
            case OperandExpr o:
                return operand(o.Index);
            case ConstantExpr k:
                return k.Value == Math.Floor(k.Value) && Math.Abs(k.Value) < 1L << 53 ? (Dim)(long)k.Value : null;
            case ConvertExpr { Type: DataType.Int64 or DataType.Int32 or DataType.Bool } convert:
                return Evaluate(convert.X, types, operand) is { } converted && (convert.Type != DataType.Bool || converted.IsConstant)
                    ? convert.Type == DataType.Bool ? (converted.Constant == 0 ? 0 : 1) : converted
                    : null;
            case UnaryExpr unary:
                return Evaluate(unary.X, types, operand) is { } x ? Unary(unary.Function, x) : null;
            case BinaryExpr binary:
                return Evaluate(binary.Left, types, operand) is { } left && Evaluate(binary.Right, types, operand) is { } right ? Binary(binary.Function, left, right) : null;
            case SelectExpr select:
                return Evaluate(select.Condition, types, operand) is { IsConstant: true } condition ? Evaluate(condition.Constant != 0 ? select.WhenTrue : select.WhenFalse, types, operand) : null;
            default:
                return null;
        }
    }

    private static Dim? Unary(UnaryFunction function, Dim x) => function switch
    {
        UnaryFunction.Negate => -x,
        UnaryFunction.Abs when x.IsProvablyNonNegative => x,
        UnaryFunction.Abs when (-x).IsProvablyNonNegative => -x,
        UnaryFunction.Floor or UnaryFunction.Ceiling or UnaryFunction.RoundEven or UnaryFunction.Truncate => x,
        UnaryFunction.Not when x.IsConstant => x.Constant == 0 ? 1 : 0,
        _ => null,
    };

    private static Dim? Binary(BinaryFunction function, Dim left, Dim right) => function switch
    {
        BinaryFunction.Add => left + right,
        BinaryFunction.Subtract => left - right,
        BinaryFunction.Multiply => left * right,
        // Truncated division is floor division only where nothing is negative.
        BinaryFunction.Divide when left.IsProvablyNonNegative && right.IsProvablyPositive => Dim.FloorDiv(left, right),
        BinaryFunction.Divide when left.IsConstant && right is { IsConstant: true, Constant: not (0 or -1) } => left.Constant / right.Constant,
        BinaryFunction.Modulo when right.IsProvablyPositive => Dim.Mod(left, right),
        BinaryFunction.Remainder when left.IsProvablyNonNegative && right.IsProvablyPositive => Dim.Mod(left, right),
        BinaryFunction.Min => Dim.Min(left, right),
        BinaryFunction.Max => Dim.Max(left, right),
        BinaryFunction.Equal => left == right ? 1 : Dim.ProvablyDifferent(left, right) ? 0 : null,
        BinaryFunction.Less => (right - left).IsProvablyPositive ? 1 : (left - right).IsProvablyNonNegative ? 0 : null,
        BinaryFunction.LessOrEqual => (right - left).IsProvablyNonNegative ? 1 : (left - right).IsProvablyPositive ? 0 : null,
        BinaryFunction.And when left.IsConstant && right.IsConstant => left.Constant & right.Constant,
        BinaryFunction.Or when left.IsConstant && right.IsConstant => left.Constant | right.Constant,
        BinaryFunction.Xor when left.IsConstant && right.IsConstant => left.Constant ^ right.Constant,
        _ => null,
    };
}
