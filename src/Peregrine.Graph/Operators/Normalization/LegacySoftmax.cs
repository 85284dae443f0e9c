using Peregrine.Ir;
using Peregrine.Symbolics;

namespace Peregrine.Operators;

/// <summary>
/// Softmax, LogSoftmax and Hardmax before opset 13 see their input as a matrix: rows are the dimensions before <c>axis</c> (default 1), columns all others
/// (ONNX operator changelog, Softmax-1 and Softmax-11).
/// </summary>
internal static class LegacySoftmax
{
    public static IReadOnlyList<Value?>? Import(ImportScope s)
    {
        long axis = s.Attributes.Int("axis", 1);
        if (s[0]?.Tensor is { Shape.IsRanked: true } x)
        {
            int rank = x.Shape.Rank;
            if (axis < -rank || axis > rank)
            {
                return s.Error("PG2101", $"axis {axis} is outside of [{-rank}, {rank}]; the tensor has rank {rank}.");
            }

            axis += axis < 0 ? rank : 0;
            if (axis < rank && x.Shape.Skip((int)axis + 1).All(d => d == Dim.One))
            {
                return s.Default(("axis", axis == rank - 1 ? -1L : axis));
            }
        }

        return ImportReshaping.Matrix(s, s[0], axis) is { } matrix && s.WithInputs([matrix], ("axis", -1L)) is { } result
            ? [ImportReshaping.Like(s, result[0], s[0])]
            : null;
    }
}
