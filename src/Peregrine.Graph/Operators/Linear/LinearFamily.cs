namespace Peregrine.Operators;

/// <summary>Matrix products, in alphabetical order.</summary>
internal static class LinearFamily
{
    public static IReadOnlyList<OperatorSchema> Schemas { get; } =
    [
        Det.Schema,
        Einsum.Schema,
        Gemm.Schema,
        MatMul.Schema,
    ];
}
