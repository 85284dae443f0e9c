using Peregrine.CodeGen.X64;
using Peregrine.Operators;

namespace Peregrine.Backends.Cpu.Generation;

/// <summary>Functions of one float as instructions.</summary>
internal static class EpilogueFunctions
{
    /// <summary>Whether there is a lowering.</summary>
    public static bool Has(UnaryFunction function) => function is UnaryFunction.Negate or UnaryFunction.Abs or UnaryFunction.Sign or UnaryFunction.Floor or UnaryFunction.Ceiling
        or UnaryFunction.RoundEven or UnaryFunction.Truncate or UnaryFunction.Sqrt or UnaryFunction.Reciprocal or UnaryFunction.Exp or UnaryFunction.Sigmoid
        or UnaryFunction.Expm1 or UnaryFunction.Tanh or UnaryFunction.Erf or UnaryFunction.Log or UnaryFunction.Log1p;

    /// <summary>Registers that the function needs beside those that live on, its argument counted.</summary>
    public static int Need(UnaryFunction function) => function switch
    {
        UnaryFunction.Negate or UnaryFunction.Abs or UnaryFunction.Floor or UnaryFunction.Ceiling or UnaryFunction.RoundEven or UnaryFunction.Truncate or UnaryFunction.Sqrt => 1,
        UnaryFunction.Sign or UnaryFunction.Reciprocal => 2,
        UnaryFunction.Log or UnaryFunction.Log1p => 6,
        _ => 4,
    };

    /// <summary>The function of <paramref name="x"/> in a fresh register.</summary>
    public static VReg Apply(KernelBuilder p, UnaryFunction function, VReg x)
    {
        BuilderLanes m = new(p);
        return function switch
        {
            UnaryFunction.Negate => p.Negate(x),
            UnaryFunction.Abs => p.Absolute(x),
            UnaryFunction.Sign => Sign(p, x),
            UnaryFunction.Floor => p.Round(x, RoundingMode.Down),
            UnaryFunction.Ceiling => p.Round(x, RoundingMode.Up),
            UnaryFunction.RoundEven => p.Round(x, RoundingMode.NearestEven),
            UnaryFunction.Truncate => p.Round(x, RoundingMode.Truncate),
            UnaryFunction.Sqrt => p.SquareRoot(x),
            UnaryFunction.Reciprocal => p.Divide(p.Constant(1), x),
            UnaryFunction.Exp => MathLibrary.Exp<BuilderLanes, VReg, VReg>(m, x),
            UnaryFunction.Sigmoid => MathLibrary.Sigmoid<BuilderLanes, VReg, VReg>(m, x),
            UnaryFunction.Expm1 => MathLibrary.Expm1<BuilderLanes, VReg, VReg>(m, x),
            UnaryFunction.Tanh => MathLibrary.Tanh<BuilderLanes, VReg, VReg>(m, x),
            UnaryFunction.Log => MathLibrary.Log<BuilderLanes, VReg, VReg>(m, x),
            UnaryFunction.Log1p => MathLibrary.Log1p<BuilderLanes, VReg, VReg>(m, x),
            _ => throw new ArgumentOutOfRangeException(nameof(function)),
        };
    }

    // Zero and NaN stay what they are; −0 becomes 0.
    private static VReg Sign(KernelBuilder p, VReg x)
    {
        VReg zero = p.Constant(0);
        VReg positive = p.Select(p.Compare(x, FloatComparison.Greater, zero), p.Constant(1), p.Add(x, zero));
        return p.Select(p.Compare(x, FloatComparison.Less, zero), p.Constant(-1), positive);
    }
}
