namespace Peregrine.Operators;

/// <summary>One lane, computed at once: the meaning of <see cref="IFloatLanes{TValue, TMask}"/> in plain C#.</summary>
public readonly struct ScalarLanes : IFloatLanes<float, bool>
{
    // The bits of √½.
    private const int RootOfHalf = 0x3F3504F3;

    public float Constant(float value) => value;

    public float Add(float a, float b) => a + b;

    public float Subtract(float a, float b) => a - b;

    public float Multiply(float a, float b) => a * b;

    public float Divide(float a, float b) => a / b;

    public float MultiplyAdd(float a, float b, float c) => MathF.FusedMultiplyAdd(a, b, c);

    public float NegatedMultiplyAdd(float a, float b, float c) => MathF.FusedMultiplyAdd(-a, b, c);

    public float Min(float a, float b) => a < b ? a : b;

    public float Max(float a, float b) => a > b ? a : b;

    public float RoundEven(float a) => MathF.Round(a, MidpointRounding.ToEven);

    public float NegativeAbsolute(float a) => -MathF.Abs(a);

    // The product is exact in double precision.
    public float ScaleByPowerOfTwo(float a, float n) => float.IsNaN(a) ? a : (float)Math.ScaleB(a, (int)n);

    public float Absolute(float a) => MathF.Abs(a);

    public float PowerOfTwo(float n) => BitConverter.Int32BitsToSingle(((int)n + 127) << 23);

    public bool SplitsPowers { get; init; }

    public (float Power, float Remainder) SplitPower(float q, ReadOnlySpan<uint> table)
    {
        if (float.IsNaN(q))
        {
            return (q, q);
        }

        // Beyond these powers are zero or infinite, whatever the remainder.
        float parts = MathF.Floor(Math.Clamp(q, -1024, 1024) * 32);
        int i = (int)parts & 31;
        float root = BitConverter.UInt32BitsToSingle(table[i] + ((uint)i << 18));
        return ((float)Math.ScaleB(root, (int)MathF.Floor(parts / 32)), MathF.Abs(q) > 1024 ? 0 : SumDown(q, -parts / 32));
    }

    // The sum rounded to nearest and its exact error tell on which side it lies (D. Knuth's two-sum).
    private static float SumDown(float a, float b)
    {
        float sum = a + b, part = sum - a, error = (a - (sum - part)) + (b - part);
        return error < 0 ? MathF.BitDecrement(sum) : sum;
    }

    public float PowerByTable(float k, ReadOnlySpan<uint> table)
    {
        int bits = BitConverter.SingleToInt32Bits(k);
        return BitConverter.Int32BitsToSingle(Math.Min((int)table[bits & 31] + (bits << 18), 0x7F800000));
    }

    public (float Exponent, float Mantissa) Split(float a)
    {
        bool tiny = a < 1.17549435e-38f;
        int bits = BitConverter.SingleToInt32Bits(tiny ? a * 8388608 : a);
        int exponent = (bits - RootOfHalf) >> 23;
        return (exponent - (tiny ? 23 : 0), BitConverter.Int32BitsToSingle(bits - (exponent << 23)));
    }

    public float WithSign(float a, float sign) => MathF.CopySign(a, sign);

    public bool Less(float a, float b) => a < b;

    public bool Equal(float a, float b) => a == b;

    public float Select(bool mask, float whenTrue, float whenFalse) => mask ? whenTrue : whenFalse;
}
