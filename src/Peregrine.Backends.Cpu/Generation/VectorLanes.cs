using System.Numerics;
using System.Runtime.CompilerServices;
using Peregrine.Operators;

namespace Peregrine.Backends.Cpu.Generation;

/// <summary>
/// A vector of the machine, computed at once: the functions of <see cref="MathLibrary"/> where no code is generated. Where the machine has no fused multiply-add, products are rounded before they are added.
/// </summary>
internal readonly struct VectorLanes : IFloatLanes<Vector<float>, Vector<int>>
{
    // The bits of √½ rounded down: mantissas lie from there to twice it.
    private const int RootOfHalf = 0x3F3504F3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> Constant(float value) => new(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> Add(Vector<float> a, Vector<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> Subtract(Vector<float> a, Vector<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> Multiply(Vector<float> a, Vector<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> Divide(Vector<float> a, Vector<float> b) => a / b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> MultiplyAdd(Vector<float> a, Vector<float> b, Vector<float> c) => Vector.MultiplyAddEstimate(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> NegatedMultiplyAdd(Vector<float> a, Vector<float> b, Vector<float> c) => Vector.MultiplyAddEstimate(-a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> Min(Vector<float> a, Vector<float> b) => Vector.ConditionalSelect(Vector.LessThan(a, b), a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> Max(Vector<float> a, Vector<float> b) => Vector.ConditionalSelect(Vector.GreaterThan(a, b), a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> RoundEven(Vector<float> a) => Vector.Round(a, MidpointRounding.ToEven);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> NegativeAbsolute(Vector<float> a) => Vector.BitwiseOr(a, new Vector<float>(-0f));

    // In two steps, as 2^n alone may have no float: the first is exact, as a is near 1.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> ScaleByPowerOfTwo(Vector<float> a, Vector<float> n)
    {
        Vector<int> whole = Vector.ConvertToInt32(n), half = Vector.ShiftRightArithmetic(whole, 1);
        return a * Power(half) * Power(whole - half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> Absolute(Vector<float> a) => Vector.Abs(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> PowerOfTwo(Vector<float> n) => Power(Vector.ConvertToInt32(n));

    public bool SplitsPowers => false;

    public (Vector<float> Power, Vector<float> Remainder) SplitPower(Vector<float> q, ReadOnlySpan<uint> table) => throw new NotSupportedException();

    public Vector<float> PowerByTable(Vector<float> k, ReadOnlySpan<uint> table)
    {
        Vector<int> bits = Vector.AsVectorInt32(k), entries = bits;
        for (int lane = 0; lane < Vector<int>.Count; lane++)
        {
            entries = entries.WithElement(lane, (int)table[bits[lane] & 31]);
        }

        return Vector.AsVectorSingle(Vector.Min(entries + Vector.ShiftLeft(bits, 18), new Vector<int>(0x7F800000)));
    }

    public (Vector<float> Exponent, Vector<float> Mantissa) Split(Vector<float> a)
    {
        Vector<int> tiny = Vector.LessThan(a, new Vector<float>(1.17549435e-38f));
        Vector<int> bits = Vector.AsVectorInt32(Vector.ConditionalSelect(tiny, a * new Vector<float>(8388608), a));
        Vector<int> exponent = Vector.ShiftRightArithmetic(bits - new Vector<int>(RootOfHalf), 23);
        return (Vector.ConvertToSingle(exponent - (tiny & new Vector<int>(23))), Vector.AsVectorSingle(bits - Vector.ShiftLeft(exponent, 23)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> WithSign(Vector<float> a, Vector<float> sign)
    {
        Vector<float> bit = new(-0f);
        return Vector.BitwiseOr(Vector.AndNot(a, bit), Vector.BitwiseAnd(sign, bit));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<int> Less(Vector<float> a, Vector<float> b) => Vector.LessThan(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<int> Equal(Vector<float> a, Vector<float> b) => Vector.Equals(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<float> Select(Vector<int> mask, Vector<float> whenTrue, Vector<float> whenFalse) => Vector.ConditionalSelect(mask, whenTrue, whenFalse);

    private static Vector<float> Power(Vector<int> n) => Vector.AsVectorSingle(Vector.ShiftLeft(n + new Vector<int>(127), 23));
}
