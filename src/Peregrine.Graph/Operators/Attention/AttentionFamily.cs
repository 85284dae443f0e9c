namespace Peregrine.Operators;

/// <summary>Attention and the operators around it, in alphabetical order.</summary>
internal static class AttentionFamily
{
    public static IReadOnlyList<OperatorSchema> Schemas { get; } =
    [
        Attention.Schema,
        FlexAttention.Schema,
        LinearAttention.Schema,
        RotaryEmbedding.Schema,
        TensorScatter.Schema,
    ];
}
