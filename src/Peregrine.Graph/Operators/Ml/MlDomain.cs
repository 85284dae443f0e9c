using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>What the operators of classical machine learning share: their domain, their input types, and that a vector of features counts as one row.</summary>
internal static class MlDomain
{
    public const string Name = "ai.onnx.ml";

    private static ReadOnlySpan<DataType> Numeric => [DataType.Float32, DataType.Float64, DataType.Int64, DataType.Int32];

    /// <summary>Checks that an input is numeric as the domain understands it.</summary>
    public static bool RequireNumeric(this InferenceScope c, int input) => c.Require(input, Numeric);

    /// <summary>Checks that an input is [N, F] or [F].</summary>
    /// <param name="rows">N, or 1; null where the rank is unknown.</param>
    /// <param name="features">F; null where the rank is unknown.</param>
    public static bool RequireRows(this InferenceScope c, int input, out Dim? rows, out Dim? features)
    {
        (rows, features) = (null, null);
        if (!c.IsRanked(input))
        {
            return true;
        }

        Shape shape = c.Shape(input);
        if (shape.Rank is not (1 or 2))
        {
            c.Error("PG2600", $"the input is {shape}, but must be [N,F] or [F].");
            return false;
        }

        (rows, features) = (shape.Rank == 2 ? shape[0] : Dim.One, shape[shape.Rank - 1]);
        return true;
    }

    /// <summary>Checks that an attribute holds one number, or one for each feature of input 0 (its last axis).</summary>
    public static bool RequirePerFeature(InferenceScope c, string attribute, int count)
    {
        Shape shape = c.Shape(0);
        if (count == 1 || (count > 1 && (!shape.IsRanked || (shape.Rank > 0 && !Dim.ProvablyDifferent(shape[shape.Rank - 1], count)))))
        {
            return true;
        }

        c.Error("PG2609", $"{attribute} holds {count} numbers for the input {shape}; it must hold one, or one for each feature.");
        return false;
    }

    /// <summary>The rows and features of an [N, F] or [F] input.</summary>
    public static (int Rows, int Features) RowsOf(EvaluationScope c, int input)
    {
        ReadOnlySpan<long> dims = c.Dims(input);
        return (dims.Length == 2 ? (int)dims[0] : 1, (int)dims[^1]);
    }

    /// <summary>Copies one element; the types are equal, and of whole bytes.</summary>
    public static void CopyElement(Tensor source, long from, Tensor target, long to)
    {
        if (source.Type == DataType.String)
        {
            target.Strings[to] = source.Strings[from];
            return;
        }

        int bytes = source.Type.Bits() / 8;
        source.Data.Slice((int)from * bytes, bytes).CopyTo(target.Data[((int)to * bytes)..]);
    }
}
