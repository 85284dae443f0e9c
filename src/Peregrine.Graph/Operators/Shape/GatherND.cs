using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Each vector along the last axis of <c>indices</c> is the start of a coordinate in <c>data</c> (behind the first <paramref name="BatchDims"/> axes, which both share) and selects the slice there.</summary>
public sealed record GatherND(long BatchDims = 0) : Operator
{
    public static readonly Schema<GatherND> Schema = new Schema<GatherND>("GatherND", since: 11, a => new(a.Int("batch_dims"))).Inputs("data", "indices").Outputs("output")
        .Int("batch_dims", o => o.BatchDims, 0);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (!c.Require(1, DataType.Int32, DataType.Int64))
        {
            return;
        }

        if (!c.IsRanked(0) || !c.IsRanked(1) || (c.Shape(1).Rank > 0 && !c.Shape(1)[c.Shape(1).Rank - 1].IsConstant))
        {
            c.Set(0, c.ElementType(0), Shape.Unranked);
            return;
        }

        Shape data = c.Shape(0), indices = c.Shape(1);
        if (BatchDims < 0 || BatchDims >= Math.Min(data.Rank, indices.Rank) || indices[indices.Rank - 1].Constant > data.Rank - BatchDims)
        {
            c.Error("PG2136", $"data is {data}, indices are {indices} and batch_dims is {BatchDims}: batch_dims must be below both ranks, and the last extent of indices at most the rank of data without its batch.");
            return;
        }

        int batch = (int)BatchDims;
        Dim[] dims = [.. indices.SkipLast(1), .. data.Skip(batch + (int)indices[indices.Rank - 1].Constant)];
        for (int i = 0; i < batch; i++)
        {
            dims[i] = c.Unify(data[i], indices[i], () => $"data {data} and indices {indices} differ in the first {BatchDims} axes (batch_dims).");
        }

        c.Set(0, c.ElementType(0), Shape.Create(dims));
        MovedContents.Propagate(this, c);
    }

    public override void Evaluate(EvaluationScope c)
    {
        Tensor data = c.Input(0);
        int batch = (int)BatchDims, depth = (int)c.Dims(1)[^1];
        ReadOnlySpan<long> indices = c.Read<long>(1);
        long batches = Tensor.CountElements(data.Dims[..batch]), perBatch = Tensor.CountElements(c.Dims(1)[batch..^1]);
        long batchSize = Tensor.CountElements(data.Dims[batch..]), slice = Tensor.CountElements(data.Dims[(batch + depth)..]);
        ElementMover mover = new(data, c.Output(0));
        for (long i = 0; i < batches * perBatch && slice > 0; i++)
        {
            mover.Copy((i / perBatch * batchSize) + TupleOffset(c, indices.Slice((int)(i * depth), depth), data.Dims[batch..]), i * slice, slice);
        }
    }

    /// <summary>The offset in elements of the slice that a tuple of indices names.</summary>
    internal static long TupleOffset(EvaluationScope c, ReadOnlySpan<long> tuple, ReadOnlySpan<long> dims)
    {
        long offset = 0;
        for (int i = 0; i < dims.Length; i++)
        {
            offset = (offset * dims[i]) + (i < tuple.Length ? ElementIndices.Normalize(c, tuple[i], dims[i]) : 0);
        }

        return offset;
    }
}
