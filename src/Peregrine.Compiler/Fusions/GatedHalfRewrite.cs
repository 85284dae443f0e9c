using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>The frame of both Gelu forms.</summary>
public abstract class GatedHalfRewrite : Rewrite
{
    /// <summary>x · ½ · (1 + <paramref name="gate"/>) for a variable <paramref name="x"/>, multiplied in any order.</summary>
    protected static Pattern GatedHalf(Var x, Pattern gate)
    {
        Pattern sum = Op<Add>(gate.SingleUse(), Near.To(1)).SingleUse(), half = Near.To(0.5);
        return OneOf(Op<Mul>(Op<Mul>(x, half).SingleUse(), sum), Op<Mul>(Op<Mul>(x, sum).SingleUse(), half), Op<Mul>(x, Op<Mul>(half, sum).SingleUse()));
    }
}
