namespace Peregrine.Operators;

/// <summary>Products and properties of matrices, in alphabetical order.</summary>
internal static class LinearFamily
{
    public static IReadOnlyList<CatalogEntry> Entries { get; } =
    [
        new("Det", static () => Det.Schema),
        new("Einsum", static () => Einsum.Schema),
        new("Gemm", static () => Gemm.Schema),
        new("Inverse", static () => Inverse.Schema, "com.microsoft"),
        new("MatMul", static () => MatMul.Schema),
    ];
}
