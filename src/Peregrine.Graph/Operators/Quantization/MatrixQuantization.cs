using System.Numerics;
using Peregrine.Symbolics;

namespace Peregrine.Operators;

/// <summary>
/// Scales and zero points of matrices: one for all, or one for each row of the left (a vector of m, or [..., m, 1]) or column of the right (a vector of n, or [..., 1, n]).
/// </summary>
internal static class MatrixQuantization
{
    /// <summary>Reports a parameter (scale or zero point) that fits neither form.</summary>
    public static void Check(InferenceScope c, int matrix, int parameter, bool byRow)
    {
        if (!c.Has(parameter) || !c.IsRanked(matrix) || !c.IsRanked(parameter) || ScaleMap.IsSingle(c.Shape(parameter)))
        {
            return;
        }

        Shape own = c.Shape(parameter), full = c.Shape(matrix);
        Dim[] dims = byRow && own.Rank == 1 ? [own[0], Dim.One] : [.. own];
        bool fits = full.Rank > 1 && dims.Length <= full.Rank;
        for (int i = 1; fits && i <= dims.Length; i++)
        {
            bool alongProduct = i == (byRow ? 1 : 2);
            fits = alongProduct ? !Dim.ProvablyDifferent(dims[^i], Dim.One) : dims[^i] == Dim.One || !Dim.ProvablyDifferent(dims[^i], full[full.Rank - i]);
        }

        if (!fits)
        {
            string part = byRow ? "row" : "column";
            c.Error("PG2655", $"input {parameter} ({c.TypeOf(parameter)}) must be a scalar or have one element for each {part} of input {matrix} ({c.TypeOf(matrix)}).");
        }
    }

    /// <summary>The elements of a matrix less their zero points; an absent zero point is 0.</summary>
    public static ReadOnlySpan<T> Centered<T>(EvaluationScope c, int matrix, int zeroPoint, bool byRow) where T : unmanaged, INumber<T>
    {
        ReadOnlySpan<T> x = c.Read<T>(matrix);
        if (!c.Has(zeroPoint))
        {
            return x;
        }

        ReadOnlySpan<T> zeros = c.Read<T>(zeroPoint);
        BroadcastReader reader = Reader(c, zeroPoint, c.Dims(matrix), byRow);
        Span<T> centered = c.Scratch<T>(x.Length);
        for (int start = 0; start < x.Length;)
        {
            int length = reader.Run(start, x.Length - start, out long source, out int stride);
            for (int i = 0; i < length; i++)
            {
                centered[start + i] = x[start + i] - zeros[(int)source + (i * stride)];
            }

            start += length;
        }

        return centered;
    }

    /// <summary>Where a parameter's elements lie under the elements of a tensor of dimensions <paramref name="target"/>.</summary>
    public static BroadcastReader Reader(EvaluationScope c, int parameter, ReadOnlySpan<long> target, bool byRow)
    {
        BroadcastReader reader = new();
        ReadOnlySpan<long> own = c.Dims(parameter);
        reader.Bind(byRow && own.Length == 1 ? [own[0], 1] : own, target);
        return reader;
    }
}
