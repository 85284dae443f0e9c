using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The names of a classifier's classes: strings or integers.</summary>
internal readonly record struct ClassLabels(Texts Strings, Ints Integers)
{
    public int Count => Strings.Count > 0 ? Strings.Count : Integers.Count;

    public DataType Type => Strings.Count > 0 ? DataType.String : DataType.Int64;

    /// <summary>States the types of the two outputs Y [N] and Z [N, scores]; false after an error.</summary>
    public bool Infer(InferenceScope c, string names, long scores)
    {
        if (Strings.Count > 0 == Integers.Count > 0)
        {
            c.Error("PG2607", $"exactly one of {names} must be given.");
            return false;
        }

        if (!c.RequireNumeric(0) || !c.RequireRows(0, out Dim? rows, out _))
        {
            return false;
        }

        Dim n = rows ?? c.FreshSymbol(null);
        c.Set(0, Type, Shape.Create([n]));
        c.Set(1, DataType.Float32, Shape.Create([n, scores]));
        return true;
    }

    /// <summary>Writes the label of a class as row <paramref name="row"/> of output 0.</summary>
    public void Write(EvaluationScope c, int row, int label)
    {
        if (!c.Wants(0))
        {
            return;
        }

        if (Strings.Count > 0)
        {
            c.Output(0).Strings[row] = Strings[label];
        }
        else
        {
            c.Output(0).Span<long>()[row] = Integers[label];
        }
    }

    /// <summary>The position of the first largest score.</summary>
    public static int Largest(ReadOnlySpan<double> scores)
    {
        int best = 0;
        for (int i = 1; i < scores.Length; i++)
        {
            best = scores[i] > scores[best] ? i : best;
        }

        return best;
    }
}
