using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Crops or zero-pads axes around their centre to the extents in <c>shape</c>; of an odd difference the end gets one more.</summary>
public sealed record CenterCropPad(Ints? Axes = null) : Operator
{
    public static readonly Schema<CenterCropPad> Schema = new Schema<CenterCropPad>("CenterCropPad", since: 18, a => new(a.OptionalInts("axes")))
        .Inputs("input_data", "shape").Outputs("output_data").OptionalInts("axes", o => o.Axes);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        DataType type = c.ElementType(0);
        if (!c.Require(1, DataType.Int32, DataType.Int64))
        {
            return;
        }

        if (!c.IsRanked(0))
        {
            c.Set(0, type, Symbolics.Shape.Unranked);
            return;
        }

        Dim[] dims = [.. c.Shape(0)];
        int[] axes = Axes is { } given ? [.. given.Select(a => c.Axis(a, dims.Length, "axes"))] : [.. Enumerable.Range(0, dims.Length)];
        if (axes.Distinct().Count() != axes.Length || (c.IsRanked(1) && (c.Shape(1).Rank != 1 || Dim.ProvablyDifferent(c.Shape(1)[0], axes.Length))))
        {
            c.Error("PG2311", $"shape {c.TypeOf(1)} must have one element for each of {axes.Length} different axes.");
            return;
        }

        IReadOnlyList<Dim>? extents = c.ValueOf(1);
        for (int i = 0; i < axes.Length; i++)
        {
            dims[axes[i]] = extents is null ? c.FreshSymbol(null) : extents[i];
            if (extents is not null && extents[i].IsConstant && extents[i].Constant < 0)
            {
                c.Error("PG2311", $"the extent {extents[i]} for axis {axes[i]} is negative.");
                return;
            }
        }

        c.Set(0, type, Symbolics.Shape.Create(dims));
    }

    public override void Evaluate(EvaluationScope c)
    {
        ReadOnlySpan<long> from = c.Dims(0), to = c.Output(0).Dims;
        int rank = from.Length;
        Span<long> shift = c.Scratch<long>(rank), counters = c.Scratch<long>(rank);
        for (int axis = 0; axis < rank; axis++)
        {
            shift[axis] = from[axis] >= to[axis] ? (from[axis] - to[axis]) / 2 : -((to[axis] - from[axis]) / 2);
        }

        Span<int> indices = c.Scratch<int>(c.Output(0).Length);
        for (int i = 0; i < indices.Length; i++)
        {
            long flat = 0;
            for (int axis = 0; axis < rank && flat >= 0; axis++)
            {
                long position = counters[axis] + shift[axis];
                flat = position >= 0 && position < from[axis] ? (flat * from[axis]) + position : -1;
            }

            indices[i] = (int)flat;
            for (int axis = rank - 1; axis >= 0 && ++counters[axis] == to[axis]; axis--)
            {
                counters[axis] = 0;
            }
        }

        ElementPicker.Pick(c.Input(0), c.Output(0), indices);
    }
}
