using System.Globalization;
using Peregrine.Diagnostics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Translates an <see cref="Expr"/> into steps in order of execution; equal subexpressions are computed once.</summary>
internal sealed class PointwiseCompiler(DataType[] operands)
{
    private readonly List<PointwiseInstruction> _code = [];
    private readonly Dictionary<PointwiseInstruction, int> _numbers = [];
    private readonly Dictionary<(Expr, DataType), int> _done = new(new ByReference());
    private readonly Dictionary<Expr, DataType> _types = new(ReferenceEqualityComparer.Instance);

    /// <summary>The steps; arguments are numbers of instructions, the last one gives the result.</summary>
    public List<PointwiseInstruction> Compile(Expr body)
    {
        int result = Visit(body, DataType.Float64);
        DataType type = _code[result].Result;
        if (type.IsTinyFloat() && body is not (OperandExpr or ConvertExpr or SelectExpr))
        {
            // Storing keeps infinities that a conversion has let through; arithmetic on these types saturates.
            result = Emit(new(PointwiseStep.Convert, DataType.Float64, type, A: result));
        }

        // The result must be the last step, and it may be an earlier one where the body is a shared subexpression.
        return result == _code.Count - 1 ? _code : [.. _code.Take(result + 1)];
    }

    /// <param name="expected">The type that a bare constant takes here.</param>
    private int Visit(Expr expr, DataType expected)
    {
        if (_done.TryGetValue((expr, expected), out int done))
        {
            return done;
        }

        int number = expr switch
        {
            OperandExpr operand => Emit(new(PointwiseStep.Operand, operands[operand.Index], operands[operand.Index], Data: operand.Index)),
            ConstantExpr constant => Constant(constant.Value, expected),
            UnaryExpr unary => Unary(unary, expected),
            BinaryExpr binary => Binary(binary, expected),
            SelectExpr select => Select(select, expected),
            ConvertExpr convert => Convert(convert),
            _ => throw new InternalCompilerException($"The reference kernel does not know the expression {expr.GetType().Name}."),
        };
        _done[(expr, expected)] = number;
        return number;
    }

    private int Constant(double value, DataType type)
    {
        if (type.IsFloat())
        {
            return Emit(new(PointwiseStep.Constant, type, type, Data: BitConverter.DoubleToInt64Bits(value)));
        }

        if (value != Math.Floor(value) || Math.Abs(value) > 1L << 53)
        {
            throw new InternalCompilerException($"The constant {value.ToString(CultureInfo.InvariantCulture)} has no place in an expression of {type.Name()}.");
        }

        return Emit(new(PointwiseStep.Constant, type, type, Data: (long)value));
    }

    private int Unary(UnaryExpr unary, DataType expected)
    {
        DataType type = Or(TypeOf(unary.X), expected);
        bool test = unary.Function is UnaryFunction.IsNaN or UnaryFunction.IsPositiveInfinity or UnaryFunction.IsNegativeInfinity;
        int x = Visit(unary.X, type);
        if (!type.IsFloat() && unary.Function is UnaryFunction.Floor or UnaryFunction.Ceiling or UnaryFunction.RoundEven or UnaryFunction.Truncate)
        {
            return x;
        }

        PointwiseInstruction step = new(PointwiseStep.Unary, type, test ? DataType.Bool : type, (int)unary.Function, x);
        PointwiseBlocks.Check(step);
        int result = Emit(step);
        return unary.Function is UnaryFunction.Negate or UnaryFunction.Abs or UnaryFunction.BitNot ? Wrap(result, type) : result;
    }

    private int Binary(BinaryExpr binary, DataType expected)
    {
        DataType type = Or(TypeOf(binary.Left), Or(TypeOf(binary.Right), binary.IsComparison ? DataType.Float64 : expected));
        PointwiseInstruction step = new(PointwiseStep.Binary, type, binary.IsComparison ? DataType.Bool : type, (int)binary.Function, Visit(binary.Left, type), Visit(binary.Right, type));
        PointwiseBlocks.Check(step);
        int result = Emit(step);
        return binary.Function is BinaryFunction.Add or BinaryFunction.Subtract or BinaryFunction.Multiply or BinaryFunction.Divide or BinaryFunction.Power or BinaryFunction.ShiftLeft
            ? Wrap(result, type)
            : result;
    }

    private int Select(SelectExpr select, DataType expected)
    {
        DataType type = Or(TypeOf(select.WhenTrue), Or(TypeOf(select.WhenFalse), expected));
        int condition = Visit(select.Condition, DataType.Bool);
        return Emit(new(PointwiseStep.Select, type, type, 0, condition, Visit(select.WhenTrue, type), Visit(select.WhenFalse, type)));
    }

    private int Convert(ConvertExpr convert)
    {
        DataType from = Or(TypeOf(convert.X), DataType.Float64);
        int x = Visit(convert.X, from);
        return from == convert.Type ? x : Emit(new(PointwiseStep.Convert, from, convert.Type, A: x) { Saturate = convert.Saturate, Rounding = convert.Rounding });
    }

    private int Wrap(int value, DataType type) => type.IsInteger() && type.Bits() < 64 ? Emit(new(PointwiseStep.Wrap, type, type, A: value)) : value;

    private int Emit(PointwiseInstruction instruction)
    {
        if (!_numbers.TryGetValue(instruction, out int number))
        {
            number = _code.Count;
            _code.Add(instruction);
            _numbers[instruction] = number;
        }

        return number;
    }

    /// <summary>As <see cref="Expr.TypeOf"/>, in time linear in the number of distinct nodes.</summary>
    private DataType TypeOf(Expr expr)
    {
        if (!_types.TryGetValue(expr, out DataType type))
        {
            type = expr switch
            {
                UnaryExpr { Function: not (UnaryFunction.IsNaN or UnaryFunction.IsPositiveInfinity or UnaryFunction.IsNegativeInfinity) } unary => TypeOf(unary.X),
                BinaryExpr { IsComparison: false } binary => Or(TypeOf(binary.Left), () => TypeOf(binary.Right)),
                SelectExpr select => Or(TypeOf(select.WhenTrue), () => TypeOf(select.WhenFalse)),
                BinaryExpr or UnaryExpr => DataType.Bool,
                _ => expr.TypeOf(operands),
            };
            _types[expr] = type;
        }

        return type;
    }

    private static DataType Or(DataType type, DataType otherwise) => type != DataType.Undefined ? type : otherwise;

    private static DataType Or(DataType type, Func<DataType> otherwise) => type != DataType.Undefined ? type : otherwise();

    /// <summary>Expressions are value-equal, but comparing deep ones by value at every step would cost too much.</summary>
    private sealed class ByReference : IEqualityComparer<(Expr Expr, DataType Type)>
    {
        public bool Equals((Expr Expr, DataType Type) x, (Expr Expr, DataType Type) y) => ReferenceEquals(x.Expr, y.Expr) && x.Type == y.Type;

        public int GetHashCode((Expr Expr, DataType Type) key) => HashCode.Combine(System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(key.Expr), key.Type);
    }
}
