using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Functions of one argument in an <see cref="Expr"/>. Floats are computed as the mathematical function says, NaN propagates; integers wrap.</summary>
public enum UnaryFunction
{
    Negate, Abs, Sign, Floor, Ceiling, RoundEven, Truncate, Sqrt, Reciprocal, Exp, Log, Sin, Cos, Tan, Asin, Acos, Atan,
    Sinh, Cosh, Tanh, Asinh, Acosh, Atanh, Erf, Sigmoid,
    /// <summary>log(1 + x), exact near 0.</summary>
    Log1p,
    /// <summary>exp(x) − 1, exact near 0.</summary>
    Expm1,
    /// <summary>Truth values: 1 − x.</summary>
    Not,
    /// <summary>Integers: all bits inverted.</summary>
    BitNot,
    /// <summary>Result bool.</summary>
    IsNaN,
    /// <summary>Result bool.</summary>
    IsPositiveInfinity,
    /// <summary>Result bool.</summary>
    IsNegativeInfinity,
}

/// <summary>Functions of two arguments in an <see cref="Expr"/>. Both arguments have one type; comparisons and logic give bool.</summary>
public enum BinaryFunction
{
    Add, Subtract, Multiply,
    /// <summary>Floats: IEEE. Integers: truncated toward zero; division by 0 gives 0, and the smallest number by −1 wraps.</summary>
    Divide,
    /// <summary>The remainder with the sign of the dividend (C's fmod, % on integers). Integers: 0 where the divisor is 0.</summary>
    Remainder,
    /// <summary>The remainder with the sign of the divisor (Python's %). Integers: 0 where the divisor is 0.</summary>
    Modulo,
    /// <summary>x to the power y. Integers wrap; a negative exponent gives the reciprocal truncated toward zero, and 0 to a negative power is 0.</summary>
    Power,
    /// <summary>NaN if either is NaN.</summary>
    Min,
    /// <summary>NaN if either is NaN.</summary>
    Max,
    Equal, Less, LessOrEqual,
    And, Or, Xor,
    BitAnd, BitOr, BitXor,
    /// <summary>Unsigned integers; a shift by the width or more gives 0.</summary>
    ShiftLeft,
    /// <summary>Unsigned integers; a shift by the width or more gives 0.</summary>
    ShiftRight,
}

/// <summary>
/// The body of a pointwise operator as data: one definition serves the reference kernel, constant folding, fused epilogues and generated source on every device.
/// Value-equal, so that it can be part of a kernel request.
/// </summary>
public abstract record Expr
{
    public static implicit operator Expr(float value) => new ConstantExpr(value);

    public static implicit operator Expr(double value) => new ConstantExpr(value);

    public static implicit operator Expr(int value) => new ConstantExpr(value);

    public static Expr operator +(Expr left, Expr right) => new BinaryExpr(BinaryFunction.Add, left, right);

    public static Expr operator -(Expr left, Expr right) => new BinaryExpr(BinaryFunction.Subtract, left, right);

    public static Expr operator *(Expr left, Expr right) => new BinaryExpr(BinaryFunction.Multiply, left, right);

    public static Expr operator /(Expr left, Expr right) => new BinaryExpr(BinaryFunction.Divide, left, right);

    public static Expr operator -(Expr value) => new UnaryExpr(UnaryFunction.Negate, value);

    public static Expr Apply(UnaryFunction function, Expr x) => new UnaryExpr(function, x);

    public static Expr Apply(BinaryFunction function, Expr left, Expr right) => new BinaryExpr(function, left, right);

    public static Expr Min(Expr left, Expr right) => new BinaryExpr(BinaryFunction.Min, left, right);

    public static Expr Max(Expr left, Expr right) => new BinaryExpr(BinaryFunction.Max, left, right);

    /// <summary>min(max(x, low), high): x below low gives low, also where low &gt; high gives high.</summary>
    public static Expr Clamp(Expr x, Expr low, Expr high) => Min(Max(x, low), high);

    public static Expr Exp(Expr x) => new UnaryExpr(UnaryFunction.Exp, x);

    public static Expr Log(Expr x) => new UnaryExpr(UnaryFunction.Log, x);

    /// <summary>exp(x) − 1, exact near 0.</summary>
    public static Expr Expm1(Expr x) => new UnaryExpr(UnaryFunction.Expm1, x);

    /// <summary>log(1 + x), exact near 0.</summary>
    public static Expr Log1p(Expr x) => new UnaryExpr(UnaryFunction.Log1p, x);

    public static Expr Tanh(Expr x) => new UnaryExpr(UnaryFunction.Tanh, x);

    public static Expr Erf(Expr x) => new UnaryExpr(UnaryFunction.Erf, x);

    public static Expr Sigmoid(Expr x) => new UnaryExpr(UnaryFunction.Sigmoid, x);

    public static Expr Abs(Expr x) => new UnaryExpr(UnaryFunction.Abs, x);

    public static Expr Sqrt(Expr x) => new UnaryExpr(UnaryFunction.Sqrt, x);

    /// <summary>A bool: left &lt; right.</summary>
    public static Expr Less(Expr left, Expr right) => new BinaryExpr(BinaryFunction.Less, left, right);

    /// <summary>A bool: left ≤ right.</summary>
    public static Expr LessOrEqual(Expr left, Expr right) => new BinaryExpr(BinaryFunction.LessOrEqual, left, right);

    /// <summary>A bool: left = right.</summary>
    public static Expr Equal(Expr left, Expr right) => new BinaryExpr(BinaryFunction.Equal, left, right);

    /// <summary><paramref name="whenTrue"/> where the bool <paramref name="condition"/> holds, else <paramref name="whenFalse"/>.</summary>
    public static Expr Select(Expr condition, Expr whenTrue, Expr whenFalse) => new SelectExpr(condition, whenTrue, whenFalse);

    /// <summary>
    /// The terms combined pairwise, so that the tree's depth grows with the logarithm of their number: a model may have nodes with very many inputs.
    /// </summary>
    public static Expr Combine(BinaryFunction function, ReadOnlySpan<Expr> terms) => terms.Length == 1
        ? terms[0]
        : new BinaryExpr(function, Combine(function, terms[..((terms.Length + 1) / 2)]), Combine(function, terms[((terms.Length + 1) / 2)..]));

    /// <inheritdoc cref="ConvertExpr"/>
    public Expr To(DataType type) => new ConvertExpr(type, this);

    /// <summary>The expression with each operand replaced.</summary>
    public Expr Replace(Func<int, Expr> operand) => this switch
    {
        OperandExpr o => operand(o.Index),
        UnaryExpr u => u with { X = u.X.Replace(operand) },
        BinaryExpr b => b with { Left = b.Left.Replace(operand), Right = b.Right.Replace(operand) },
        SelectExpr s => s with { Condition = s.Condition.Replace(operand), WhenTrue = s.WhenTrue.Replace(operand), WhenFalse = s.WhenFalse.Replace(operand) },
        ConvertExpr c => c with { X = c.X.Replace(operand) },
        _ => this,
    };

    /// <summary>This expression and all that it is made of.</summary>
    public IEnumerable<Expr> Parts => this switch
    {
        UnaryExpr u => u.X.Parts.Prepend(this),
        BinaryExpr b => b.Left.Parts.Concat(b.Right.Parts).Prepend(this),
        SelectExpr s => s.Condition.Parts.Concat(s.WhenTrue.Parts).Concat(s.WhenFalse.Parts).Prepend(this),
        ConvertExpr c => c.X.Parts.Prepend(this),
        _ => [this],
    };

    /// <summary>The element type of the value, given those of the operands. A constant takes the type of what it is combined with; alone it is Undefined.</summary>
    public abstract DataType TypeOf(IReadOnlyList<DataType> operands);
}

/// <summary>Operand number <paramref name="Index"/>.</summary>
public sealed record OperandExpr(int Index) : Expr
{
    public override DataType TypeOf(IReadOnlyList<DataType> operands) => operands[Index];

    public override string ToString() => $"x{Index}";
}

/// <summary>
/// A number that takes the type of what it is combined with. Among floats it is as exact as the arithmetic that a kernel does: one that computes float16 in float32 rounds it
/// to float32. Among integers it must be whole.
/// </summary>
public sealed record ConstantExpr(double Value) : Expr
{
    /// <summary>Bit by bit: x · 0 and x · −0 are different computations.</summary>
    public bool Equals(ConstantExpr? other) => other is not null && BitConverter.DoubleToInt64Bits(Value) == BitConverter.DoubleToInt64Bits(other.Value);

    public override int GetHashCode() => BitConverter.DoubleToInt64Bits(Value).GetHashCode();

    public override DataType TypeOf(IReadOnlyList<DataType> operands) => DataType.Undefined;

    public override string ToString() => Value.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>A function of one argument.</summary>
public sealed record UnaryExpr(UnaryFunction Function, Expr X) : Expr
{
    public override DataType TypeOf(IReadOnlyList<DataType> operands) =>
        Function is UnaryFunction.IsNaN or UnaryFunction.IsPositiveInfinity or UnaryFunction.IsNegativeInfinity ? DataType.Bool : X.TypeOf(operands);

    public override string ToString() => $"{Function}({X})";
}

/// <summary>A function of two arguments.</summary>
public sealed record BinaryExpr(BinaryFunction Function, Expr Left, Expr Right) : Expr
{
    public bool IsComparison => Function is BinaryFunction.Equal or BinaryFunction.Less or BinaryFunction.LessOrEqual;

    public override DataType TypeOf(IReadOnlyList<DataType> operands) => IsComparison ? DataType.Bool : OperandType(operands);

    /// <summary>The common type of the two arguments.</summary>
    public DataType OperandType(IReadOnlyList<DataType> operands) => Left.TypeOf(operands) is var type and not DataType.Undefined ? type : Right.TypeOf(operands);

    public override string ToString() => $"{Function}({Left}, {Right})";
}

/// <summary>One of two values, as a condition says.</summary>
public sealed record SelectExpr(Expr Condition, Expr WhenTrue, Expr WhenFalse) : Expr
{
    public override DataType TypeOf(IReadOnlyList<DataType> operands) => WhenTrue.TypeOf(operands) is var type and not DataType.Undefined ? type : WhenFalse.TypeOf(operands);

    public override string ToString() => $"Select({Condition}, {WhenTrue}, {WhenFalse})";
}

/// <summary>
/// The value in another element type. To a float: rounds to nearest even, infinite where out of range. To an integer: truncates toward zero (NaN gives 0) and keeps
/// the low bits. To bool: not equal to 0. To float8 and float4 by <see cref="TinyFloat.Encode"/>, saturating unless <see cref="Saturate"/> is off.
/// </summary>
public sealed record ConvertExpr(DataType Type, Expr X) : Expr
{
    /// <summary>What becomes of values out of the range of a float8 type; no other type heeds it.</summary>
    public bool Saturate { get; init; } = true;

    /// <summary>How float8e8m0 rounds; no other type heeds it.</summary>
    public ExponentRounding Rounding { get; init; } = ExponentRounding.Up;

    public override DataType TypeOf(IReadOnlyList<DataType> operands) => Type;

    public override string ToString() => $"{Type.Name()}({X}{(Saturate ? "" : ", unsaturated")}{(Rounding == ExponentRounding.Up ? "" : $", {Rounding}")})";
}
