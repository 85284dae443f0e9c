using Peregrine.Ir;

namespace Peregrine.Operators;

/// <summary>
/// Opsets 1 to 6: without <c>broadcast=1</c> the shapes are equal; with it B is a contiguous part of A's shape, aligned at <c>axis</c>, or at the end if there is none
/// (ONNX operator changelog, Add-1 and Add-6).
/// </summary>
internal static class LegacyBroadcast
{
    public static IReadOnlyList<Value?>? Import(ImportScope s)
    {
        (string, object?)[] none = [("broadcast", null), ("axis", null), ("consumed_inputs", null)];
        if (s.Attributes.Int("broadcast", 0) == 0 || !s.Attributes.Has("axis"))
        {
            return s.Default(none);
        }

        if (s[0]?.Tensor is not { Shape.IsRanked: true } a || s[1]?.Tensor is not { Shape.IsRanked: true } b)
        {
            return s.Error("PG2020", "broadcasting at an axis needs inputs of known rank.");
        }

        long axis = s.Attributes.Int("axis", 0);
        axis += axis < 0 ? a.Shape.Rank : 0;
        long trailing = a.Shape.Rank - axis - b.Shape.Rank;
        if (axis < 0 || trailing < 0)
        {
            return s.Error("PG2021", $"B of shape {b.Shape} does not fit into A of shape {a.Shape} at axis {s.Attributes.Int("axis", 0)}.");
        }

        Value aligned = s[1]!;
        if (trailing > 0)
        {
            long[] axes = [.. Enumerable.Range(b.Shape.Rank, (int)trailing).Select(i => (long)i)];
            aligned = s.Builder.Call(new Unsqueeze(), aligned, s.Builder.Constant($"{s.NodeName}.axes", axes));
        }

        return s.WithInputs([s[0], aligned], none);
    }
}
