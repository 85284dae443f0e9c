using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>For each position of <c>indices</c> the element of <c>data</c> there, with the coordinate on one axis replaced by the index.</summary>
public sealed record GatherElements(long Axis = 0) : Operator
{
    public static readonly Schema<GatherElements> Schema = new Schema<GatherElements>("GatherElements", since: 11, a => new(a.Int("axis"))).Inputs("data", "indices").Outputs("output")
        .Int("axis", o => o.Axis, 0);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (!c.Require(1, DataType.Int32, DataType.Int64))
        {
            return;
        }

        c.Set(0, c.ElementType(0), c.Shape(1));
        if (c.IsRanked(0) && c.IsRanked(1) && ElementIndices.Check(c, c.Shape(0), c.Shape(1), Axis))
        {
            MovedContents.Propagate(this, c);
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        Tensor data = c.Input(0), target = c.Output(0);
        int rank = data.Rank, axis = c.Axis(Axis, rank);
        ReadOnlySpan<long> indices = c.Read<long>(1), dims = target.Dims;
        Span<long> strides = rank <= 16 ? stackalloc long[rank] : new long[rank];
        StridedCopy.RowMajor(data.Dims, strides);
        long along = strides[axis], extent = data.Dims[axis];
        strides[axis] = 0;
        ElementMover mover = new(data, target);
        for (int i = 0; i < indices.Length; i++)
        {
            mover.Copy(StridedCopy.Offset(i, dims, strides) + (ElementIndices.Normalize(c, indices[i], extent) * along), i, 1);
        }
    }
}

/// <summary>What GatherElements and ScatterElements share: indices of data's rank that lie inside of data on every axis but one.</summary>
internal static class ElementIndices
{
    public static bool Check(InferenceScope c, Shape data, Shape indices, long axis)
    {
        int normalized = c.Axis(axis, data.Rank);
        if (data.Rank == 0 || data.Rank != indices.Rank)
        {
            c.Error("PG2134", $"data is {data} and indices are {indices}; their ranks must be equal and at least 1.");
            return false;
        }

        for (int i = 0; i < data.Rank; i++)
        {
            if (i != normalized && c.IsNegative(data[i] - indices[i]))
            {
                c.Error("PG2134", $"indices {indices} exceed data {data} on axis {i}.");
                return false;
            }
        }

        return true;
    }

    /// <summary>The index in [0, extent), or an exception.</summary>
    public static long Normalize(EvaluationScope c, long index, long extent) =>
        index >= -extent && index < extent ? index < 0 ? index + extent : index : throw c.Fail("PG2128", $"index {index} is outside of [-{extent}, {extent}).");
}
