using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Joins the items of a sequence along an axis, or (<paramref name="NewAxis"/>) stacks them along a new one.</summary>
public sealed record ConcatFromSequence(long Axis, bool NewAxis = false) : Operator
{
    public static readonly Schema<ConcatFromSequence> Schema = new Schema<ConcatFromSequence>("ConcatFromSequence", since: 11, a => new(a.Int("axis"), a.Flag("new_axis"))).Inputs("input_sequence").Outputs("concat_result")
        .Int("axis", o => o.Axis)
        .Flag("new_axis", o => o.NewAxis, false);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (c.RequireSequence(0) is not { } sequence)
        {
            return;
        }

        if (c.ItemType(sequence) is not TensorType item)
        {
            c.Error("PG2163", $"the items of {sequence} are no tensors.");
            return;
        }

        if (!item.Shape.IsRanked)
        {
            c.Set(0, item);
            return;
        }

        int axis = c.Axis(Axis, item.Shape.Rank + (NewAxis ? 1 : 0));
        if (item.Shape.Rank == 0 && !NewAxis)
        {
            return;
        }

        Dim extent = c.FreshSymbol(null);
        c.Set(0, item.ElementType, NewAxis ? Shape.From([.. item.Shape.Take(axis), extent, .. item.Shape.Skip(axis)]) : item.Shape.With(axis, extent));
    }

    public override void Evaluate(EvaluationScope c)
    {
        TensorSequence sequence = (TensorSequence)c.InputValue(0);
        if (sequence.Count == 0 || sequence.Items[0] is not Tensor first)
        {
            throw c.Fail("PG2163", "the sequence holds no tensors to join.");
        }

        int axis = c.Axis(Axis, first.Rank + (NewAxis ? 1 : 0));
        List<Tensor> items = [];
        long extent = 0;
        foreach (object value in sequence.Items)
        {
            Tensor item = value as Tensor ?? throw c.Fail("PG2163", "an item of the sequence is no tensor.");
            item = NewAxis ? item.WithDims([.. item.Dims[..Math.Min(axis, item.Rank)], 1, .. item.Dims[Math.Min(axis, item.Rank)..]]) : item;
            items.Add(item);
            if (item.Type != items[0].Type || item.Rank != items[0].Rank || !item.Dims[..axis].SequenceEqual(items[0].Dims[..axis]) || !item.Dims[(axis + 1)..].SequenceEqual(items[0].Dims[(axis + 1)..]))
            {
                throw c.Fail("PG2163", $"item {items.Count - 1} is {item}, item 0 is {items[0]}; they may differ on axis {axis} only.");
            }

            extent += item.Dims[axis];
        }

        long[] dims = items[0].Dims.ToArray(), to = new long[dims.Length], from = new long[dims.Length];
        dims[axis] = extent;
        Tensor target = c.Output(0, first.Type, dims);
        StridedCopy.RowMajor(dims, to);
        long offset = 0;
        foreach (Tensor item in items)
        {
            StridedCopy.RowMajor(item.Dims, from);
            StridedCopy.Copy(item, 0, from, target, offset * to[axis], to, item.Dims);
            offset += item.Dims[axis];
        }
    }
}
