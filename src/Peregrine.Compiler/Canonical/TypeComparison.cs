using Peregrine.Ir;

namespace Peregrine.Compiler.Canonical;

/// <summary>Comparisons that canonical rewrites share.</summary>
internal static class TypeComparison
{
    /// <summary>Whether both are tensors of the same element type and provably the same shape.</summary>
    public static bool HasTypeOf(this Value value, Value other) =>
        value.Tensor is { Shape: { IsRanked: true } shape } a && other.Tensor is { Shape.IsRanked: true } b && a.ElementType == b.ElementType && shape.Equals(b.Shape);
}
