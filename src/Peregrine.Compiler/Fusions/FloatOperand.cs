using Peregrine.Compiler.Canonical;
using Peregrine.Rewriting;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Fusions;

/// <summary>The condition of all activations made of several nodes: constants in them must not have widened the result.</summary>
internal static class FloatOperand
{
    /// <summary>Whether <paramref name="x"/> is a float tensor of exactly the result's type.</summary>
    public static bool KeepsType(Match m, Var x) => m[x].Tensor?.ElementType.IsFloat() == true && m[x].HasTypeOf(m.Output);
}
