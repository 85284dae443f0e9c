using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Output axis i is input axis <c>perm[i]</c>; without <paramref name="Permutation"/> the axes are reversed.</summary>
public sealed record Transpose(Ints? Permutation = null) : Operator
{
    public static readonly Schema<Transpose> Schema = new Schema<Transpose>("Transpose", since: 1, a => new(a.OptionalInts("perm"))).Inputs("data").Outputs("transposed")
        .OptionalInts("perm", o => o.Permutation);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (!c.IsRanked(0))
        {
            c.Set(0, c.ElementType(0), Permutation is { } p ? c.FreshShape(p.Count) : Shape.Unranked);
            return;
        }

        Shape source = c.Shape(0);
        if (Permutation is { } permutation)
        {
            bool[] seen = new bool[source.Rank];
            foreach (long axis in permutation)
            {
                if (permutation.Count != source.Rank || axis < 0 || axis >= source.Rank || seen[axis])
                {
                    c.Error("PG2124", $"perm {permutation} is no permutation of the {source.Rank} axes of {source}.");
                    return;
                }

                seen[axis] = true;
            }

            if (permutation.Count != source.Rank)
            {
                c.Error("PG2124", $"perm {permutation} is no permutation of the {source.Rank} axes of {source}.");
                return;
            }
        }

        Dim[] dims = new Dim[source.Rank];
        for (int i = 0; i < dims.Length; i++)
        {
            dims[i] = source[SourceAxis(i, dims.Length)];
        }

        c.Set(0, c.ElementType(0), Shape.Create(dims));
        MovedContents.Propagate(this, c);
    }

    public override void Evaluate(EvaluationScope c)
    {
        Tensor source = c.Input(0), target = c.Output(0);
        int rank = source.Rank;
        Span<long> own = rank <= 16 ? stackalloc long[rank] : new long[rank];
        Span<long> from = rank <= 16 ? stackalloc long[rank] : new long[rank];
        Span<long> to = rank <= 16 ? stackalloc long[rank] : new long[rank];
        StridedCopy.RowMajor(source.Dims, own);
        StridedCopy.RowMajor(target.Dims, to);
        for (int i = 0; i < rank; i++)
        {
            from[i] = own[SourceAxis(i, rank)];
        }

        StridedCopy.Copy(source, 0, from, target, 0, to, target.Dims);
    }

    /// <summary>The input axis that output axis <paramref name="axis"/> comes from.</summary>
    public int SourceAxis(int axis, int rank) => Permutation is { } permutation ? (int)permutation[axis] : rank - 1 - axis;
}
