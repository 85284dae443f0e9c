namespace Peregrine.Operators;

/// <summary>One lane, computed at once: the meaning of <see cref="IFloatLanes{TValue, TMask}"/> in plain C#.</summary>
public readonly struct ScalarLanes : IFloatLanes<float, bool>
{
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

    public float And(float a, float b) => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(a) & BitConverter.SingleToUInt32Bits(b));

    public float Or(float a, float b) => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(a) | BitConverter.SingleToUInt32Bits(b));

    public float Xor(float a, float b) => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(a) ^ BitConverter.SingleToUInt32Bits(b));

    public bool Less(float a, float b) => a < b;

    public float Select(bool mask, float whenTrue, float whenFalse) => mask ? whenTrue : whenFalse;
}
