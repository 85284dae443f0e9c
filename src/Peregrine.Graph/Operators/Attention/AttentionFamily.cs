namespace Peregrine.Operators;

/// <summary>Attention and the operators around it, in alphabetical order.</summary>
internal static class AttentionFamily
{
    public static IReadOnlyList<CatalogEntry> Entries { get; } =
    [
        new("Attention", static () => Attention.Schema),
        new("FlexAttention", static () => FlexAttention.Schema, "ai.onnx.preview"),
        new("LinearAttention", static () => LinearAttention.Schema),
        new("RotaryEmbedding", static () => RotaryEmbedding.Schema),
        new("TensorScatter", static () => TensorScatter.Schema),
    ];
}
