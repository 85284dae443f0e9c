using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// The elements from <c>starts</c> (inclusive) to <c>ends</c> (exclusive) by <c>steps</c> on each of <c>axes</c>. Negative bounds count from the end; all bounds are clamped to the tensor.
/// </summary>
public sealed record Slice : Operator
{
    public static readonly Schema<Slice> Schema = new Schema<Slice>("Slice", since: 10, _ => new()).Inputs("data", "starts", "ends", "axes?", "steps?").Outputs("output")
        .Import(1, 9, s => s.WithInputs([s[0], s.ConstantInts("starts"), s.ConstantInts("ends"), s.ConstantInts("axes")], ("starts", null), ("ends", null), ("axes", null)));

    /// <summary>Bounds from here on mean "to the end": no tensor is longer.</summary>
    private const long Endless = int.MaxValue;

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (!c.IsRanked(0) || (c.Has(3) && c.ConstantInts(3) is null))
        {
            c.Set(0, c.ElementType(0), c.IsRanked(0) ? Shape.From(c.Shape(0).Select(d => c.FreshSymbol(d))) : Shape.Unranked);
            return;
        }

        Shape data = c.Shape(0);
        int? count = c.ConstantInts(3)?.Length ?? c.ListLength(1) ?? c.ListLength(2);
        if (count is null)
        {
            c.Set(0, c.ElementType(0), Shape.From(data.Select(d => c.FreshSymbol(d))));
            return;
        }

        int[] axes = c.Axes(c.ConstantInts(3) ?? [.. Enumerable.Range(0, count.Value).Select(i => (long)i)], data.Rank);
        for (int input = 1; input <= 4; input++)
        {
            if (c.Has(input) && c.ListLength(input) is { } length && length != axes.Length)
            {
                c.Error("PG2132", $"input {input} ({Schema.InputFormals[input].Name}) holds {length} elements, but {axes.Length} axes are cut.");
                return;
            }
        }

        if (axes.Length > data.Rank)
        {
            return;
        }

        Dim[] dims = [.. data];
        for (int i = 0; i < axes.Length; i++)
        {
            Dim? step = c.Has(4) ? c.ValueOf(4)?[i] : Dim.One;
            if (step == Dim.Zero)
            {
                c.Error("PG2132", $"the step on axis {axes[i]} is 0.");
                return;
            }

            Dim extent = data[axes[i]];
            dims[axes[i]] = (step is { IsConstant: true } s && c.ValueOf(1) is { } starts && c.ValueOf(2) is { } ends ? Extent(c, extent, starts[i], ends[i], s.Constant) : null) ?? c.FreshSymbol(extent);
        }

        c.Set(0, c.ElementType(0), Shape.Create(dims));
        MovedContents.Propagate(this, c);
    }

    public override void Evaluate(EvaluationScope c)
    {
        Tensor source = c.Input(0), target = c.Output(0);
        int rank = source.Rank;
        Span<long> from = rank <= 16 ? stackalloc long[rank] : new long[rank];
        Span<long> to = rank <= 16 ? stackalloc long[rank] : new long[rank];
        StridedCopy.RowMajor(source.Dims, from);
        StridedCopy.RowMajor(target.Dims, to);
        ReadOnlySpan<long> starts = c.Read<long>(1), axes = c.Has(3) ? c.Read<long>(3) : default, steps = c.Has(4) ? c.Read<long>(4) : default;
        long offset = 0;
        for (int i = 0; i < starts.Length; i++)
        {
            int axis = axes.IsEmpty ? i : c.Axis(axes[i], rank);
            long step = steps.IsEmpty ? 1 : steps[i], extent = source.Dims[axis];
            long start = starts[i] < 0 ? starts[i] + extent : starts[i];
            start = step > 0 ? Math.Clamp(start, 0, extent) : Math.Clamp(start, -1, extent - 1);
            offset += start * from[axis];

            // A step past the end is taken at most once; it must not overflow the address.
            from[axis] *= Math.Clamp(step, -Math.Max(extent, 1), Math.Max(extent, 1));
        }

        StridedCopy.Copy(source, offset, from, target, 0, to, target.Dims);
    }

    /// <summary>The extent that is left; null where the sign of a bound decides and nobody knows it.</summary>
    private static Dim? Extent(InferenceScope c, Dim extent, Dim start, Dim end, long step)
    {
        // A longer step takes the same elements and cannot overflow.
        step = Math.Clamp(step, -Endless, Endless);
        if (step < 0)
        {
            Dim? first = Bound(start, extent - 1, -1), last = Bound(end, extent - 1, -1);
            return first is { } f && last is { } l ? Dim.CeilDiv(Dim.Max(f - l, 0), -step) : null;
        }

        if (extent.IsConstant && start.IsConstant && end.IsConstant)
        {
            return Dim.CeilDiv(Dim.Max(Bound(end, extent, 0)!.Value - Bound(start, extent, 0)!.Value, 0), step);
        }

        bool toEnd = end == extent || end is { IsConstant: true, Constant: >= Endless };
        if (toEnd && c.IsNegative(start))
        {
            Dim length = start is { IsConstant: true, Constant: <= -Endless } ? extent : Dim.Min(-start, extent);
            return Dim.CeilDiv(length, step);
        }

        if (c.IsNonNegative(start) && (toEnd || c.IsNegative(end)))
        {
            return end is { IsConstant: true, Constant: <= -Endless } ? Dim.Zero : Dim.CeilDiv(Dim.Max(extent + (toEnd ? Dim.Zero : end) - start, 0), step);
        }

        Dim? from = Bound(start, extent, 0), to = toEnd ? extent : Bound(end, extent, 0);
        return from is { } a && to is { } b ? Dim.CeilDiv(Dim.Max(b - a, 0), step) : null;

        Dim? Bound(Dim bound, Dim most, Dim least)
        {
            if (bound.IsConstant && extent.IsConstant)
            {
                return Math.Clamp(bound.Constant < 0 ? bound.Constant + extent.Constant : bound.Constant, least.Constant, most.Constant);
            }

            if (c.IsNonNegative(bound))
            {
                return bound is { IsConstant: true, Constant: >= Endless } ? most : Dim.Min(bound, most);
            }

            return c.IsNegative(bound) ? bound is { IsConstant: true, Constant: <= -Endless } ? least : Dim.Max(extent + bound, least) : null;
        }
    }
}
