using System.Numerics;
using System.Runtime.InteropServices;

namespace Peregrine.Operators;

/// <summary>The functions of <see cref="Expr"/> on blocks of doubles.</summary>
internal static class FloatBlocks
{
    private static readonly Func<double, double>?[] Unaries = MakeUnaries();

    private interface IUnary
    {
        static abstract double Apply(double x);

        static abstract Vector<double> Apply(Vector<double> x);
    }

    private interface IBinary
    {
        static abstract double Apply(double x, double y);

        static abstract Vector<double> Apply(Vector<double> x, Vector<double> y);
    }

    private interface IComparison
    {
        static abstract bool Apply(double x, double y);

        static abstract Vector<long> Apply(Vector<double> x, Vector<double> y);
    }

    public static bool Defines(UnaryFunction function) => function is not (UnaryFunction.Not or UnaryFunction.BitNot);

    public static bool Defines(BinaryFunction function) => function <= BinaryFunction.LessOrEqual;

    /// <param name="result">Doubles; truth values for the tests. May be the argument's memory.</param>
    public static void Apply(UnaryFunction function, ReadOnlySpan<double> x, Span<long> result)
    {
        Span<double> target = MemoryMarshal.Cast<long, double>(result);
        switch (function)
        {
            case UnaryFunction.Negate: Map<Negate>(x, target); break;
            case UnaryFunction.Abs: Map<Abs>(x, target); break;
            case UnaryFunction.Sqrt: Map<Sqrt>(x, target); break;
            case UnaryFunction.Reciprocal: Map<Reciprocal>(x, target); break;
            case UnaryFunction.Floor: Map<Floor>(x, target); break;
            case UnaryFunction.Ceiling: Map<Ceiling>(x, target); break;
            case UnaryFunction.IsNaN: Test(x, result, double.IsNaN); break;
            case UnaryFunction.IsPositiveInfinity: Test(x, result, double.IsPositiveInfinity); break;
            case UnaryFunction.IsNegativeInfinity: Test(x, result, double.IsNegativeInfinity); break;
            default:
                Func<double, double> apply = Unaries[(int)function]!;
                for (int i = 0; i < target.Length; i++)
                {
                    target[i] = apply(x[i]);
                }

                break;
        }
    }

    /// <param name="result">Doubles; truth values for comparisons. May be an argument's memory.</param>
    public static void Apply(BinaryFunction function, ReadOnlySpan<double> x, ReadOnlySpan<double> y, Span<long> result)
    {
        Span<double> target = MemoryMarshal.Cast<long, double>(result);
        switch (function)
        {
            case BinaryFunction.Add: Map<Add>(x, y, target); break;
            case BinaryFunction.Subtract: Map<Subtract>(x, y, target); break;
            case BinaryFunction.Multiply: Map<Multiply>(x, y, target); break;
            case BinaryFunction.Divide: Map<Divide>(x, y, target); break;
            case BinaryFunction.Min: Map<Min>(x, y, target); break;
            case BinaryFunction.Max: Map<Max>(x, y, target); break;
            case BinaryFunction.Remainder: Map(x, y, target, static (a, b) => a % b); break;
            case BinaryFunction.Modulo: Map(x, y, target, Modulo); break;
            case BinaryFunction.Power: Map(x, y, target, Math.Pow); break;
            case BinaryFunction.Equal: Compare<Equal>(x, y, result); break;
            case BinaryFunction.Less: Compare<Less>(x, y, result); break;
            case BinaryFunction.LessOrEqual: Compare<LessOrEqual>(x, y, result); break;
            default: throw new ArgumentOutOfRangeException(nameof(function));
        }
    }

    private static Func<double, double>?[] MakeUnaries()
    {
        Func<double, double>?[] table = new Func<double, double>?[Enum.GetValues<UnaryFunction>().Length];
        table[(int)UnaryFunction.Sign] = static x => x > 0 ? 1 : x < 0 ? -1 : x == 0 ? 0 : x;
        table[(int)UnaryFunction.RoundEven] = static x => Math.Round(x, MidpointRounding.ToEven);
        table[(int)UnaryFunction.Truncate] = Math.Truncate;
        table[(int)UnaryFunction.Exp] = Math.Exp;
        table[(int)UnaryFunction.Log] = Math.Log;
        table[(int)UnaryFunction.Sin] = Math.Sin;
        table[(int)UnaryFunction.Cos] = Math.Cos;
        table[(int)UnaryFunction.Tan] = Math.Tan;
        table[(int)UnaryFunction.Asin] = Math.Asin;
        table[(int)UnaryFunction.Acos] = Math.Acos;
        table[(int)UnaryFunction.Atan] = Math.Atan;
        table[(int)UnaryFunction.Sinh] = Math.Sinh;
        table[(int)UnaryFunction.Cosh] = Math.Cosh;
        table[(int)UnaryFunction.Tanh] = Math.Tanh;
        table[(int)UnaryFunction.Asinh] = Math.Asinh;
        table[(int)UnaryFunction.Acosh] = Math.Acosh;
        table[(int)UnaryFunction.Atanh] = Math.Atanh;
        table[(int)UnaryFunction.Erf] = SpecialFunctions.Erf;
        table[(int)UnaryFunction.Sigmoid] = SpecialFunctions.Sigmoid;
        table[(int)UnaryFunction.Log1p] = SpecialFunctions.Log1p;
        table[(int)UnaryFunction.Expm1] = SpecialFunctions.Expm1;
        return table;
    }

    /// <summary>The remainder with the divisor's sign, as Python's % on floats.</summary>
    private static double Modulo(double x, double y)
    {
        double remainder = x % y;
        return remainder == 0 ? Math.CopySign(0, y) : remainder < 0 != y < 0 ? remainder + y : remainder;
    }

    private static void Map<TFunction>(ReadOnlySpan<double> x, Span<double> target) where TFunction : struct, IUnary
    {
        int width = Vector<double>.Count, i = 0;
        for (; i <= target.Length - width; i += width)
        {
            TFunction.Apply(new Vector<double>(x[i..])).CopyTo(target[i..]);
        }

        for (; i < target.Length; i++)
        {
            target[i] = TFunction.Apply(x[i]);
        }
    }

    private static void Map<TFunction>(ReadOnlySpan<double> x, ReadOnlySpan<double> y, Span<double> target) where TFunction : struct, IBinary
    {
        int width = Vector<double>.Count, i = 0;
        for (; i <= target.Length - width; i += width)
        {
            TFunction.Apply(new Vector<double>(x[i..]), new Vector<double>(y[i..])).CopyTo(target[i..]);
        }

        for (; i < target.Length; i++)
        {
            target[i] = TFunction.Apply(x[i], y[i]);
        }
    }

    private static void Map(ReadOnlySpan<double> x, ReadOnlySpan<double> y, Span<double> target, Func<double, double, double> function)
    {
        for (int i = 0; i < target.Length; i++)
        {
            target[i] = function(x[i], y[i]);
        }
    }

    private static void Compare<TFunction>(ReadOnlySpan<double> x, ReadOnlySpan<double> y, Span<long> target) where TFunction : struct, IComparison
    {
        int width = Vector<double>.Count, i = 0;
        for (; i <= target.Length - width; i += width)
        {
            (-TFunction.Apply(new Vector<double>(x[i..]), new Vector<double>(y[i..]))).CopyTo(target[i..]);
        }

        for (; i < target.Length; i++)
        {
            target[i] = TFunction.Apply(x[i], y[i]) ? 1 : 0;
        }
    }

    private static void Test(ReadOnlySpan<double> x, Span<long> target, Func<double, bool> test)
    {
        for (int i = 0; i < target.Length; i++)
        {
            target[i] = test(x[i]) ? 1 : 0;
        }
    }

    private readonly struct Negate : IUnary
    {
        public static double Apply(double x) => -x;

        public static Vector<double> Apply(Vector<double> x) => -x;
    }

    private readonly struct Abs : IUnary
    {
        public static double Apply(double x) => Math.Abs(x);

        public static Vector<double> Apply(Vector<double> x) => Vector.Abs(x);
    }

    private readonly struct Sqrt : IUnary
    {
        public static double Apply(double x) => Math.Sqrt(x);

        public static Vector<double> Apply(Vector<double> x) => Vector.SquareRoot(x);
    }

    private readonly struct Reciprocal : IUnary
    {
        public static double Apply(double x) => 1 / x;

        public static Vector<double> Apply(Vector<double> x) => Vector<double>.One / x;
    }

    private readonly struct Floor : IUnary
    {
        public static double Apply(double x) => Math.Floor(x);

        public static Vector<double> Apply(Vector<double> x) => Vector.Floor(x);
    }

    private readonly struct Ceiling : IUnary
    {
        public static double Apply(double x) => Math.Ceiling(x);

        public static Vector<double> Apply(Vector<double> x) => Vector.Ceiling(x);
    }

    private readonly struct Add : IBinary
    {
        public static double Apply(double x, double y) => x + y;

        public static Vector<double> Apply(Vector<double> x, Vector<double> y) => x + y;
    }

    private readonly struct Subtract : IBinary
    {
        public static double Apply(double x, double y) => x - y;

        public static Vector<double> Apply(Vector<double> x, Vector<double> y) => x - y;
    }

    private readonly struct Multiply : IBinary
    {
        public static double Apply(double x, double y) => x * y;

        public static Vector<double> Apply(Vector<double> x, Vector<double> y) => x * y;
    }

    private readonly struct Divide : IBinary
    {
        public static double Apply(double x, double y) => x / y;

        public static Vector<double> Apply(Vector<double> x, Vector<double> y) => x / y;
    }

    private readonly struct Min : IBinary
    {
        public static double Apply(double x, double y) => Math.Min(x, y);

        public static Vector<double> Apply(Vector<double> x, Vector<double> y) => Vector.Min(x, y);
    }

    private readonly struct Max : IBinary
    {
        public static double Apply(double x, double y) => Math.Max(x, y);

        public static Vector<double> Apply(Vector<double> x, Vector<double> y) => Vector.Max(x, y);
    }

    private readonly struct Equal : IComparison
    {
        public static bool Apply(double x, double y) => x == y;

        public static Vector<long> Apply(Vector<double> x, Vector<double> y) => Vector.Equals(x, y);
    }

    private readonly struct Less : IComparison
    {
        public static bool Apply(double x, double y) => x < y;

        public static Vector<long> Apply(Vector<double> x, Vector<double> y) => Vector.LessThan(x, y);
    }

    private readonly struct LessOrEqual : IComparison
    {
        public static bool Apply(double x, double y) => x <= y;

        public static Vector<long> Apply(Vector<double> x, Vector<double> y) => Vector.LessThanOrEqual(x, y);
    }
}
