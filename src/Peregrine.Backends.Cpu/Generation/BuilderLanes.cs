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

    public VReg NegatedMultiplyAdd(VReg a, VReg b, VReg c)
    {
        VReg result = p.Copy(c);
        p.FmaNegated(result, a, b);
        return result;
    }

    public VReg Min(VReg a, VReg b) => p.Min(a, b);

    public VReg Max(VReg a, VReg b) => p.Max(a, b);

    public VReg RoundEven(VReg a) => p.Round(a, RoundingMode.NearestEven);

    public VReg NegativeAbsolute(VReg a) => p.Or(a, p.ConstantBits(0x8000_0000));

    public VReg ScaleByPowerOfTwo(VReg a, VReg n) => p.ScaleByPowerOfTwo(a, n);

    public VReg And(VReg a, VReg b) => p.And(a, b);

    public VReg Or(VReg a, VReg b) => p.Or(a, b);

    public VReg Xor(VReg a, VReg b) => p.Xor(a, b);

    public VReg Less(VReg a, VReg b) => p.Compare(a, FloatComparison.Less, b);

    public VReg Select(VReg mask, VReg whenTrue, VReg whenFalse) => p.Select(mask, whenTrue, whenFalse);
}
