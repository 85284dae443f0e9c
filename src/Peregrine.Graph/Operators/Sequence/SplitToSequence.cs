using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// Cuts a tensor along an axis into a sequence: into parts of the lengths in a vector <c>split</c>, into parts of the length in a scalar <c>split</c> (the last may be shorter), or, without it,
/// into slices of extent 1, from which <paramref name="KeepDims"/> = false removes the axis.
/// </summary>
public sealed record SplitToSequence(long Axis = 0, bool KeepDims = true) : Operator
{
    public static readonly Schema<SplitToSequence> Schema = new Schema<SplitToSequence>("SplitToSequence", since: 11, a => new(a.Int("axis"), a.Flag("keepdims"))).Inputs("input", "split?").Outputs("output_sequence")
        .Int("axis", o => o.Axis, 0)
        .Flag("keepdims", o => o.KeepDims, true);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (c.Has(1) && !c.Require(1, DataType.Int32, DataType.Int64))
        {
            return;
        }

        if (!c.IsRanked(0))
        {
            c.Set(0, new SequenceType(new TensorType(c.ElementType(0), Shape.Unranked)));
            return;
        }

        Shape input = c.Shape(0);
        int axis = c.Axis(Axis, input.Rank);
        if (input.Rank == 0)
        {
            return;
        }

        if (c.Has(1) && c.IsRanked(1) && c.Shape(1).Rank > 1)
        {
            c.Error("PG2162", $"split is {c.TypeOf(1)}, but must be a scalar or a vector.");
            return;
        }

        Dim? equal = !c.Has(1) ? Dim.One
            : c.ConstantInts(1) is { Length: > 0 } parts && parts.All(p => p == parts[0]) && (c.Shape(1) is { IsRanked: true, Rank: 1 } || (input[axis].IsConstant && parts[0] > 0 && input[axis].Constant % parts[0] == 0)) ? parts[0]
            : null;
        Shape item = !c.Has(1) && !KeepDims ? Shape.From(input.Where((_, i) => i != axis)) : input.With(axis, equal ?? c.FreshSymbol(input[axis]));
        c.Set(0, new SequenceType(new TensorType(c.ElementType(0), item)));
    }

    public override void Evaluate(EvaluationScope c)
    {
        Tensor source = c.Input(0);
        int axis = c.Axis(Axis, source.Rank);
        long extent = source.Dims[axis];
        List<object> items = [];
        long[] from = new long[source.Rank], to = new long[source.Rank], dims = source.Dims.ToArray();
        StridedCopy.RowMajor(source.Dims, from);
        long offset = 0;
        foreach (long length in Lengths(c, extent))
        {
            dims[axis] = length;
            Tensor item = Tensor.Allocate(source.Type, dims);
            StridedCopy.RowMajor(dims, to);
            StridedCopy.Copy(source, offset * from[axis], from, item, 0, to, dims);
            items.Add(!c.Has(1) && !KeepDims ? item.WithDims([.. dims[..axis], .. dims[(axis + 1)..]]) : item);
            offset += length;
        }

        c.Set(0, new TensorSequence(items));
    }

    private static long[] Lengths(EvaluationScope c, long extent)
    {
        if (c.Has(1) && c.Input(1).Rank == 1)
        {
            long[] parts = c.Read<long>(1).ToArray();
            return Array.TrueForAll(parts, p => p >= 0 && p <= extent) && parts.Sum() == extent ? parts : throw c.Fail("PG2162", $"the parts [{string.Join(',', parts)}] do not add up to the {extent} of the axis.");
        }

        long length = c.Has(1) ? c.Read<long>(1)[0] : 1;
        if (length <= 0)
        {
            throw c.Fail("PG2162", $"split is {length}, but must be positive.");
        }

        length = Math.Min(length, Math.Max(extent, 1));
        long[] lengths = new long[(extent + length - 1) / length];
        for (int i = 0; i < lengths.Length; i++)
        {
            lengths[i] = Math.Min(length, extent - (i * length));
        }

        return lengths;
    }
}
