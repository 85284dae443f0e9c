using Peregrine.CodeGen.X64;

namespace Peregrine.Backends.Cpu.Convolution;

/// <summary>The common parts of transforms with the points ±a and ±b.</summary>
internal sealed class WinogradPoints(float a, float b)
{
    private readonly float _a2 = a * a, _b2 = b * b;

    public double A => a;

    public double B => b;

    /// <summary>a²b² d0 − (a² + b²) d2 + d4, at 0 or ∞.</summary>
    public VReg Outer(KernelBuilder p, VReg d0, VReg d2, VReg d4) => MultiplySubtract(p, MultiplyAdd(p, d4, _a2 * _b2, d0), _a2 + _b2, d2);

    /// <summary>(d3 − b² d1) ± a (d2 − b² d0), at a and −a.</summary>
    public VReg[] Near(KernelBuilder p, VReg d0, VReg d1, VReg d2, VReg d3) => Both(p, a, MultiplySubtract(p, d3, _b2, d1), MultiplySubtract(p, d2, _b2, d0));

    /// <summary>One of the two.</summary>
    public VReg Near(KernelBuilder p, VReg d0, VReg d1, VReg d2, VReg d3, bool isNegative) => One(p, a, MultiplySubtract(p, d3, _b2, d1), MultiplySubtract(p, d2, _b2, d0), isNegative);

    /// <summary>(d3 − a² d1) ± b (d2 − a² d0), at b and −b.</summary>
    public VReg[] Far(KernelBuilder p, VReg d0, VReg d1, VReg d2, VReg d3) => Both(p, b, MultiplySubtract(p, d3, _a2, d1), MultiplySubtract(p, d2, _a2, d0));

    /// <summary>One of the two.</summary>
    public VReg Far(KernelBuilder p, VReg d0, VReg d1, VReg d2, VReg d3, bool isNegative) => One(p, b, MultiplySubtract(p, d3, _a2, d1), MultiplySubtract(p, d2, _a2, d0), isNegative);

    /// <summary>The second result: a near + b far, of differences.</summary>
    public VReg First(KernelBuilder p, VReg near, VReg far) => MultiplyAdd(p, p.Multiply(near, p.Constant(a)), b, far);

    /// <summary>The third: a² near + b² far, of sums.</summary>
    public VReg Second(KernelBuilder p, VReg near, VReg far) => MultiplyAdd(p, p.Multiply(near, p.Constant(_a2)), _b2, far);

    /// <summary>The fourth: last + a³ near + b³ far, of differences.</summary>
    public VReg Third(KernelBuilder p, VReg last, VReg near, VReg far) => MultiplyAdd(p, MultiplyAdd(p, last, _a2 * a, near), _b2 * b, far);

    private static VReg[] Both(KernelBuilder p, float factor, VReg even, VReg odd) => [MultiplyAdd(p, even, factor, odd), MultiplySubtract(p, even, factor, odd)];

    private static VReg One(KernelBuilder p, float factor, VReg even, VReg odd, bool isNegative) => isNegative ? MultiplySubtract(p, even, factor, odd) : MultiplyAdd(p, even, factor, odd);

    private static VReg MultiplySubtract(KernelBuilder p, VReg a, float factor, VReg b)
    {
        VReg result = p.Copy(a);
        p.FmaNegated(result, p.Constant(factor), b);
        return result;
    }

    private static VReg MultiplyAdd(KernelBuilder p, VReg a, float factor, VReg b) => p.MultiplyAdd(p.Constant(factor), b, a);
}
