using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Tests.Generation;

/// <summary>Random expressions of three floats and a bool. No sum cancels and no step acts on a rounded number, so that float32 and double precision can be compared.</summary>
internal static class RandomExpr
{
    private static readonly UnaryFunction[] Functions =
    [
        UnaryFunction.Negate, UnaryFunction.Abs, UnaryFunction.Sign, UnaryFunction.Floor, UnaryFunction.Ceiling, UnaryFunction.RoundEven, UnaryFunction.Truncate, UnaryFunction.Sqrt,
        UnaryFunction.Reciprocal, UnaryFunction.Sigmoid,
    ];

    /// <summary>An expression of numbers.</summary>
    public static Expr Number(Random random, int depth)
    {
        if (depth == 0) { return random.Next(4) == 0 ? new ConstantExpr(random.Next(-8, 9) * 0.25) : new OperandExpr(random.Next(3)); }
        return random.Next(8) switch
        {
            0 => Expr.Select(Truth(random, depth - 1), Number(random, depth - 1), Number(random, depth - 1)),
            1 => Truth(random, depth - 1).To(DataType.Float32),
            2 or 3 => Expr.Apply(Functions[random.Next(Functions.Length)], Leaf(random)),
            4 => Expr.Apply(Functions[random.Next(2)], Number(random, depth - 1)),
            5 => Expr.Min(Number(random, depth - 1), Number(random, depth - 1)),
            6 => Expr.Max(Number(random, depth - 1), Number(random, depth - 1)),
            _ => Number(random, depth - 1) * Leaf(random),
        };
    }

    /// <summary>An expression of truth values, exact in both precisions.</summary>
    public static Expr Truth(Random random, int depth)
    {
        if (depth <= 0) { return random.Next(3) == 0 ? new OperandExpr(3) : Compare(random); }
        return random.Next(6) switch
        {
            0 => Expr.Apply(UnaryFunction.Not, Truth(random, depth - 1)),
            1 => Expr.Apply((BinaryFunction)((int)BinaryFunction.And + random.Next(3)), Truth(random, depth - 1), Truth(random, depth - 1)),
            2 => Expr.Equal(Truth(random, depth - 1), Truth(random, depth - 1)),
            3 => Expr.Apply((UnaryFunction)((int)UnaryFunction.IsNaN + random.Next(3)), Leaf(random)),
            4 => Leaf(random).To(DataType.Bool),
            _ => Compare(random),
        };
    }

    private static Expr Compare(Random random) => Expr.Apply((BinaryFunction)((int)BinaryFunction.Equal + random.Next(3)), Leaf(random), random.Next(2) == 0 ? Leaf(random) : new ConstantExpr(0));

    private static Expr Leaf(Random random) => new OperandExpr(random.Next(3));
}
