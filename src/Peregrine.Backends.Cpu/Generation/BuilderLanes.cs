using Peregrine.CodeGen.X64;
using Peregrine.Operators;

namespace Peregrine.Backends.Cpu.Generation;

/// <summary>Writes the functions of <see cref="MathLibrary"/> as instructions of a kernel.</summary>
internal readonly struct BuilderLanes(KernelBuilder p) : IFloatLanes<VReg, VReg>
{
    public VReg Constant(float value) => p.Constant(value);

    public VReg Add(VReg a, VReg b) => p.Add(a, b);

    public VReg Subtract(VReg a, VReg b) => p.Subtract(a, b);

    public VReg Multiply(VReg a, VReg b) => p.Multiply(a, b);

    public VReg Divide(VReg a, VReg b) => p.Divide(a, b);

    public VReg MultiplyAdd(VReg a, VReg b, VReg c) => p.MultiplyAdd(a, b, c);

    public VReg NegatedMultiplyAdd(VReg a, VReg b, VReg c) => p.NegatedMultiplyAdd(a, b, c);

    public VReg Min(VReg a, VReg b) => p.Min(a, b);

    public VReg Max(VReg a, VReg b) => p.Max(a, b);

    public VReg RoundEven(VReg a) => p.Round(a, RoundingMode.NearestEven);

    public VReg NegativeAbsolute(VReg a) => p.Or(a, p.ConstantBits(0x8000_0000));

    public VReg ScaleByPowerOfTwo(VReg a, VReg n) => p.ScaleByPowerOfTwo(a, n);

    public VReg Absolute(VReg a) => p.Absolute(a);

    public VReg PowerOfTwo(VReg n) => p.ShiftLeft(p.AddS32(p.ConvertF32ToS32(n), p.ConstantBits(127)), 23);

    // AVX-512 has an instruction for each part of it.
    public bool SplitsPowers => p.Lanes == 16;

    public (VReg Power, VReg Remainder) SplitPower(VReg q, ReadOnlySpan<uint> table)
    {
        const float PartsFrom = 393216;
        Span<uint> roots = stackalloc uint[table.Length];
        for (int i = 0; i < roots.Length; i++)
        {
            roots[i] = table[i] + ((uint)i << 18);
        }

        // Near 1.5·2^18 the last bit is 1/32.
        return (p.ScaleByPowerOfTwo(p.LookUp(p.AddDown(q, p.Constant(PartsFrom)), roots), q), p.Above32nd(q));
    }

    public VReg PowerByTable(VReg k, ReadOnlySpan<uint> table) => p.MinS32(p.AddS32(p.LookUp(k, table), p.ShiftLeft(k, 18)), p.ConstantBits(0x7F80_0000));

    public (VReg Exponent, VReg Mantissa) Split(VReg a)
    {
        VReg tiny = p.Compare(a, FloatComparison.Less, p.Constant(1.17549435e-38f));
        VReg bits = p.Select(tiny, p.Multiply(a, p.Constant(8388608)), a);
        VReg exponent = p.ShiftRightArithmetic(p.SubtractS32(bits, p.ConstantBits(0x3F3504F3)), 23);
        VReg mantissa = p.SubtractS32(bits, p.ShiftLeft(exponent, 23));
        VReg whole = p.ConvertS32ToF32(exponent);
        return (p.Select(tiny, p.Subtract(whole, p.Constant(23)), whole), mantissa);
    }

    public VReg WithSign(VReg a, VReg sign) => p.Or(a, p.And(sign, p.ConstantBits(0x8000_0000)));

    public VReg Less(VReg a, VReg b) => p.Compare(a, FloatComparison.Less, b);

    public VReg Equal(VReg a, VReg b) => p.Compare(a, FloatComparison.Equal, b);

    public VReg Select(VReg mask, VReg whenTrue, VReg whenFalse) => p.Select(mask, whenTrue, whenFalse);
}
