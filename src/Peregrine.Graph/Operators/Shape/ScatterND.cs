using System.Numerics;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>A copy of <c>data</c> in which slices are replaced by (or reduced with) <c>updates</c>; each vector along the last axis of <c>indices</c> is the start of a slice's coordinate.</summary>
public sealed record ScatterND(ScatterReduction Reduction = ScatterReduction.None) : Operator
{
    public static readonly Schema<ScatterND> Schema = new Schema<ScatterND>("ScatterND", since: 11, a => new(a.Choice<ScatterReduction>("reduction"))).Inputs("data", "indices", "updates").Outputs("output")
        .Choice("reduction", o => o.Reduction, ScatterReduction.None, ScatterReductions.Choices)
        .Added(16, "reduction").Added(18, "reduction=min", "reduction=max");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Reduction == ScatterReduction.None ? Accuracy.Exact : Accuracy.Rounding;

    public override void Infer(InferenceScope c)
    {
        if (!ScatterReductions.Check(c, Reduction))
        {
            return;
        }

        c.Set(0, c.ElementType(0), c.Shape(0));
        if (!c.IsRanked(0) || !c.IsRanked(1))
        {
            return;
        }

        Shape data = c.Shape(0), indices = c.Shape(1);
        if (indices.Rank == 0 || data.Rank == 0 || (indices[indices.Rank - 1].IsConstant && indices[indices.Rank - 1].Constant > data.Rank))
        {
            c.Error("PG2136", $"data is {data} and indices are {indices}: both need a rank of at least 1, and the last extent of indices is at most the rank of data.");
            return;
        }

        if (c.IsRanked(2) && indices[indices.Rank - 1].IsConstant)
        {
            Shape expected = Shape.From([.. indices.SkipLast(1), .. data.Skip((int)indices[indices.Rank - 1].Constant)]);
            if (c.Shape(2).Rank != expected.Rank || c.Shape(2).Zip(expected).Any(p => Dim.ProvablyDifferent(p.First, p.Second)))
            {
                c.Error("PG2136", $"data is {data} and indices are {indices}, so updates must be {expected}, but are {c.Shape(2)}.");
                return;
            }
        }

        if (Reduction == ScatterReduction.None)
        {
            MovedContents.Propagate(this, c, i => i != 1);
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        if (Reduction == ScatterReduction.None)
        {
            c.CopyElements(0, 0);
            ElementMover mover = new(c.Input(2), c.Output(0));
            int depth = (int)c.Dims(1)[^1];
            long slice = Tensor.CountElements(c.Dims(0)[depth..]), count = Tensor.CountElements(c.Dims(1)[..^1]);
            ReadOnlySpan<long> indices = c.Read<long>(1);
            for (long i = 0; i < count && slice > 0; i++)
            {
                mover.Copy(i * slice, GatherND.TupleOffset(c, indices.Slice((int)(i * depth), depth), c.Dims(0)), slice);
            }
        }
        else if (c.Input(0).Type.IsFloat())
        {
            Reduce<double>(c);
        }
        else if (c.Input(0).Type == DataType.UInt64)
        {
            Reduce<ulong>(c);
        }
        else
        {
            Reduce<long>(c);
        }
    }

    private void Reduce<T>(EvaluationScope c) where T : unmanaged, INumber<T>
    {
        Span<T> result = c.Write<T>(0);
        ReadOnlySpan<T> updates = c.Read<T>(2);
        c.Read<T>(0).CopyTo(result);
        int depth = (int)c.Dims(1)[^1];
        long slice = Tensor.CountElements(c.Dims(0)[depth..]), count = Tensor.CountElements(c.Dims(1)[..^1]);
        ReadOnlySpan<long> indices = c.Read<long>(1);
        for (long i = 0; i < count && slice > 0; i++)
        {
            long offset = GatherND.TupleOffset(c, indices.Slice((int)(i * depth), depth), c.Dims(0));
            for (long j = 0; j < slice; j++)
            {
                ref T element = ref result[(int)(offset + j)];
                element = ScatterReductions.Apply(Reduction, element, updates[(int)((i * slice) + j)]);
            }
        }
    }
}
