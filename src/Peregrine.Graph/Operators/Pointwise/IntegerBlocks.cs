using System.Numerics;
using System.Runtime.InteropServices;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// The functions of <see cref="Expr"/> on blocks of integers and truth values, held in 64 bits (uint64 as its bit pattern). Results may exceed the declared width;
/// a Wrap step cuts them.
/// </summary>
internal static class IntegerBlocks
{
    public static bool Defines(UnaryFunction function) => function is UnaryFunction.Negate or UnaryFunction.Abs or UnaryFunction.Sign or UnaryFunction.Not or UnaryFunction.BitNot
        or UnaryFunction.IsNaN or UnaryFunction.IsPositiveInfinity or UnaryFunction.IsNegativeInfinity;

    public static bool Defines(BinaryFunction function) => Enum.IsDefined(function);

    /// <param name="target">May be the argument's memory.</param>
    public static void Apply(UnaryFunction function, DataType type, ReadOnlySpan<long> x, Span<long> target)
    {
        switch (function)
        {
            case UnaryFunction.Negate: Map(x, target, static a => unchecked(-a)); break;
            case UnaryFunction.BitNot: Map(x, target, static a => ~a); break;
            case UnaryFunction.Not: Map(x, target, static a => 1 - a); break;
            case UnaryFunction.Abs when type.IsUnsignedInteger(): x.CopyTo(target); break;
            // Math.Abs would throw on the smallest number, which wraps to itself.
            case UnaryFunction.Abs: Map(x, target, static a => a < 0 ? unchecked(-a) : a); break;
            case UnaryFunction.Sign when type == DataType.UInt64: Map(x, target, static a => a == 0 ? 0 : 1); break;
            case UnaryFunction.Sign: Map(x, target, static a => Math.Sign(a)); break;
            default: target.Clear(); break;
        }
    }

    /// <param name="target">May be an argument's memory.</param>
    public static void Apply(BinaryFunction function, DataType type, ReadOnlySpan<long> x, ReadOnlySpan<long> y, Span<long> target)
    {
        if (type == DataType.UInt64)
        {
            switch (function)
            {
                case BinaryFunction.Divide: MapUnsigned(x, y, target, static (a, b) => b == 0 ? 0 : a / b); return;
                case BinaryFunction.Remainder or BinaryFunction.Modulo: MapUnsigned(x, y, target, static (a, b) => b == 0 ? 0 : a % b); return;
                case BinaryFunction.Power: MapUnsigned(x, y, target, static (a, b) => unchecked((ulong)PowerOf((long)a, b))); return;
                case BinaryFunction.Min: MapUnsigned(x, y, target, Math.Min); return;
                case BinaryFunction.Max: MapUnsigned(x, y, target, Math.Max); return;
                case BinaryFunction.Less: MapUnsigned(x, y, target, static (a, b) => a < b ? 1UL : 0); return;
                case BinaryFunction.LessOrEqual: MapUnsigned(x, y, target, static (a, b) => a <= b ? 1UL : 0); return;
                default: break;
            }
        }

        int bits = type.Bits();
        switch (function)
        {
            case BinaryFunction.Add: Map<Add>(x, y, target); break;
            case BinaryFunction.Subtract: Map<Subtract>(x, y, target); break;
            case BinaryFunction.Multiply: Map<Multiply>(x, y, target); break;
            case BinaryFunction.Min: Map<Min>(x, y, target); break;
            case BinaryFunction.Max: Map<Max>(x, y, target); break;
            case BinaryFunction.And or BinaryFunction.BitAnd: Map<And>(x, y, target); break;
            case BinaryFunction.Or or BinaryFunction.BitOr: Map<Or>(x, y, target); break;
            case BinaryFunction.Xor or BinaryFunction.BitXor: Map<Xor>(x, y, target); break;
            case BinaryFunction.Equal: Map<Equal>(x, y, target); break;
            case BinaryFunction.Less: Map<Less>(x, y, target); break;
            case BinaryFunction.LessOrEqual: Map<LessOrEqual>(x, y, target); break;
            // The smallest number by -1 overflows, which the processor answers with a trap.
            case BinaryFunction.Divide: Map(x, y, target, static (a, b) => b == 0 ? 0 : b == -1 ? unchecked(-a) : a / b); break;
            case BinaryFunction.Remainder: Map(x, y, target, static (a, b) => b is 0 or -1 ? 0 : a % b); break;
            case BinaryFunction.Modulo: Map(x, y, target, Modulo); break;
            case BinaryFunction.Power: Map(x, y, target, Power); break;
            case BinaryFunction.ShiftLeft: Shift(x, y, target, bits, static (a, by) => a << by); break;
            case BinaryFunction.ShiftRight: Shift(x, y, target, bits, static (a, by) => unchecked((long)((ulong)a >> by))); break;
            default: throw new ArgumentOutOfRangeException(nameof(function));
        }
    }

    /// <summary>Keeps the low bits that <paramref name="type"/> has, and extends them by sign or zero.</summary>
    /// <param name="target">May be the argument's memory.</param>
    public static void Wrap(DataType type, ReadOnlySpan<long> x, Span<long> target)
    {
        int shift = 64 - type.Bits(), width = Vector<long>.Count, i = 0;
        bool signed = type.IsSignedInteger();
        for (; i <= target.Length - width; i += width)
        {
            Vector<long> high = new Vector<long>(x[i..]) << shift;
            (signed ? high >> shift : high >>> shift).CopyTo(target[i..]);
        }

        for (; i < target.Length; i++)
        {
            long high = x[i] << shift;
            target[i] = signed ? high >> shift : high >>> shift;
        }
    }

    private static long Modulo(long x, long y)
    {
        long remainder = y is 0 or -1 ? 0 : x % y;
        return remainder != 0 && remainder < 0 != y < 0 ? remainder + y : remainder;
    }

    private static long Power(long x, long y) => y >= 0 ? PowerOf(x, (ulong)y) : x switch
    {
        1 => 1,
        -1 => (y & 1) == 0 ? 1 : -1,
        _ => 0,
    };

    private static long PowerOf(long x, ulong y)
    {
        long power = 1;
        for (; y != 0; y >>= 1)
        {
            power = (y & 1) != 0 ? unchecked(power * x) : power;
            x = unchecked(x * x);
        }

        return power;
    }

    private static void Shift(ReadOnlySpan<long> x, ReadOnlySpan<long> y, Span<long> target, int bits, Func<long, int, long> function)
    {
        for (int i = 0; i < target.Length; i++)
        {
            target[i] = (ulong)y[i] < (ulong)bits ? function(x[i], (int)y[i]) : 0;
        }
    }

    private static void Map(ReadOnlySpan<long> x, Span<long> target, Func<long, long> function)
    {
        for (int i = 0; i < target.Length; i++)
        {
            target[i] = function(x[i]);
        }
    }

    private static void Map(ReadOnlySpan<long> x, ReadOnlySpan<long> y, Span<long> target, Func<long, long, long> function)
    {
        for (int i = 0; i < target.Length; i++)
        {
            target[i] = function(x[i], y[i]);
        }
    }

    private static void MapUnsigned(ReadOnlySpan<long> x, ReadOnlySpan<long> y, Span<long> target, Func<ulong, ulong, ulong> function)
    {
        for (int i = 0; i < target.Length; i++)
        {
            target[i] = unchecked((long)function((ulong)x[i], (ulong)y[i]));
        }
    }

    private static void Map<TFunction>(ReadOnlySpan<long> x, ReadOnlySpan<long> y, Span<long> target) where TFunction : struct, IBinary
    {
        int width = Vector<long>.Count, i = 0;
        for (; i <= target.Length - width; i += width)
        {
            TFunction.Apply(new(x[i..]), new(y[i..])).CopyTo(target[i..]);
        }

        if (i < target.Length)
        {
            // The last elements go through a padded vector, so that each function is stated once.
            Span<long> left = stackalloc long[Vector<long>.Count], right = stackalloc long[Vector<long>.Count];
            x[i..target.Length].CopyTo(left);
            y[i..target.Length].CopyTo(right);
            TFunction.Apply(new(left), new(right)).CopyTo(left);
            left[..(target.Length - i)].CopyTo(target[i..]);
        }
    }

    private interface IBinary
    {
        static abstract Vector<long> Apply(Vector<long> x, Vector<long> y);
    }

    private readonly struct Add : IBinary
    {
        public static Vector<long> Apply(Vector<long> x, Vector<long> y) => x + y;
    }

    private readonly struct Subtract : IBinary
    {
        public static Vector<long> Apply(Vector<long> x, Vector<long> y) => x - y;
    }

    private readonly struct Multiply : IBinary
    {
        public static Vector<long> Apply(Vector<long> x, Vector<long> y) => x * y;
    }

    private readonly struct Min : IBinary
    {
        public static Vector<long> Apply(Vector<long> x, Vector<long> y) => Vector.Min(x, y);
    }

    private readonly struct Max : IBinary
    {
        public static Vector<long> Apply(Vector<long> x, Vector<long> y) => Vector.Max(x, y);
    }

    private readonly struct And : IBinary
    {
        public static Vector<long> Apply(Vector<long> x, Vector<long> y) => x & y;
    }

    private readonly struct Or : IBinary
    {
        public static Vector<long> Apply(Vector<long> x, Vector<long> y) => x | y;
    }

    private readonly struct Xor : IBinary
    {
        public static Vector<long> Apply(Vector<long> x, Vector<long> y) => x ^ y;
    }

    private readonly struct Equal : IBinary
    {
        public static Vector<long> Apply(Vector<long> x, Vector<long> y) => -Vector.Equals(x, y);
    }

    private readonly struct Less : IBinary
    {
        public static Vector<long> Apply(Vector<long> x, Vector<long> y) => -Vector.LessThan(x, y);
    }

    private readonly struct LessOrEqual : IBinary
    {
        public static Vector<long> Apply(Vector<long> x, Vector<long> y) => -Vector.LessThanOrEqual(x, y);
    }
}
