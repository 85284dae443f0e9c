namespace Peregrine.Operators;

/// <summary>Products and properties of matrices, in alphabetical order.</summary>
internal static class LinearFamily
{
    public static IReadOnlyList<OperatorSchema> Schemas { get; } =
    [
        Det.Schema,
        Einsum.Schema,
        Gemm.Schema,
        Inverse.Schema,
        MatMul.Schema,
    ];
}
