using Peregrine.Ir;
using Peregrine.Symbolics;

namespace Peregrine.Operators;

/// <summary>ONNX's RotaryEmbedding, which takes position_ids last; one single position is that of the first token.</summary>
internal static class RotaryEmbeddingImport
{
    public static readonly ForeignSchema Schema = MicrosoftDomain.Declare("RotaryEmbedding", Import)
        .Inputs("input", "position_ids", "cos_cache", "sin_cache").Outputs("output")
        .Flag("interleaved").Int("num_heads", 0).Int("rotary_embedding_dim", 0).Only("scale", 1f).Only("is_packed_batching", 0L);

    private static IReadOnlyList<Value?>? Import(ForeignNode n)
    {
        if (!n.RequireRank(0, 3, 4) || !n.RequireRank(1, 0, 1, 2))
        {
            return null;
        }

        long heads = n.Int("num_heads");
        bool joined = n.Shape(0).Rank == 3;
        if (joined && heads <= 0)
        {
            // The whole head turns then, so the cache tells its size.
            if (n.RequireExtent(2, 1) is not { } half || n.RequireExtent(0, 2) is not { } features)
            {
                return null;
            }

            if (half < 1 || features % (2 * half) != 0)
            {
                return n.Fail($"the {features} features of the input are no heads of {2 * half}, twice the cache's columns.");
            }

            heads = features / (2 * half);
        }

        Value input = n[0]!, positions = n[1]!;
        if (n.Shape(1).Rank < 2)
        {
            Value length = Counting.Extent(n, input, joined ? 1 : 2);
            Value row = n.Call(new Add(), n.Call(new Reshape(), positions, n.Integers(1)), Counting.UpTo(n, length));
            positions = n.Call(new Expand(), Counting.Unsqueeze(n, row, 0), n.Call(new Concat(0), Counting.Extent(n, input, 0), length));
        }

        return [n.Call(new RotaryEmbedding(n.Flag("interleaved"), joined ? heads : null, n.Int("rotary_embedding_dim")), input, n[2], n[3], positions)];
    }
}
