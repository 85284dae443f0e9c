using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>How <see cref="TensorScatter"/> treats positions past the end of the cache.</summary>
public enum CacheWriteMode
{
    /// <summary>They are an error.</summary>
    Linear,
    /// <summary>They wrap around.</summary>
    Circular,
}

/// <summary>
/// A copy of the cache with the update written along <see cref="Axis"/> from the index that write_indices gives for each entry of the batch (axis 0); 0 without it.
/// </summary>
public sealed record TensorScatter(long Axis = -2, CacheWriteMode Mode = CacheWriteMode.Linear) : Operator
{
    public static readonly Schema<TensorScatter> Schema = new Schema<TensorScatter>("TensorScatter", since: 24, a => new(a.Int("axis"), a.Choice<CacheWriteMode>("mode")))
        .Inputs("past_cache", "update", "write_indices?").Outputs("present_cache")
        .Int("axis", o => o.Axis, -2)
        .Choice("mode", o => o.Mode, CacheWriteMode.Linear, ("linear", CacheWriteMode.Linear), ("circular", CacheWriteMode.Circular));

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        Shape cache = c.Shape(0), update = c.Shape(1);
        if (c.ElementType(0) != c.ElementType(1))
        {
            c.Error("PG2107", $"past_cache is {c.TypeOf(0)}, but update is {c.TypeOf(1)}; they must be of one type.");
            return;
        }

        if (c.Has(2) && !c.Require(2, DataType.Int64))
        {
            return;
        }

        if (cache.IsRanked)
        {
            int axis = c.Axis(Axis, cache.Rank);
            if (axis == 0)
            {
                c.Error("PG2552", $"axis {Axis} names the batch dimension of {cache}.");
                return;
            }

            if (!c.RequireVector(2, cache[0], "one per batch entry"))
            {
                return;
            }

            bool fits = !update.IsRanked || update.Rank == cache.Rank;
            for (int i = 0; fits && update.IsRanked && i < cache.Rank; i++)
            {
                fits = i == axis ? !(update[i] - cache[i] - 1).IsProvablyNonNegative : !Dim.ProvablyDifferent(update[i], cache[i]);
            }

            if (!fits)
            {
                c.Error("PG2553", $"update {update} must have the shape of past_cache {cache}, but for axis {axis}, where it may be shorter.");
                return;
            }
        }

        c.Set(0, c.ElementType(0), cache);
    }

    public override void Evaluate(EvaluationScope c)
    {
        ReadOnlySpan<long> dims = c.Dims(0);
        int axis = c.Axis(Axis, dims.Length);
        AxisSplit cache = AxisSplit.At(dims, axis), update = AxisSplit.At(c.Dims(1), axis);
        ReadOnlySpan<long> starts = c.Has(2) ? c.Read<long>(2) : [];
        c.CopyElements(0, 0);
        Tensor source = c.Input(1), target = c.Output(0);
        for (long outer = 0; outer < cache.Outer; outer++)
        {
            long start = starts.IsEmpty ? 0 : starts[(int)(outer / (cache.Outer / dims[0]))];
            if (Mode == CacheWriteMode.Linear && (start < 0 || start > cache.Extent - update.Extent))
            {
                throw c.Fail("PG2554", $"writing {update.Extent} entries at index {start} leaves the cache of {cache.Extent} entries.");
            }

            for (long i = 0; i < update.Extent; i++)
            {
                long position = start % cache.Extent + i;
                position = ((position % cache.Extent) + cache.Extent) % cache.Extent;
                CopyElements(source, ((outer * update.Extent) + i) * update.Inner, target, ((outer * cache.Extent) + position) * cache.Inner, cache.Inner);
            }
        }
    }

    private static void CopyElements(Tensor source, long sourceStart, Tensor target, long targetStart, long count)
    {
        if (source.Type == DataType.String)
        {
            source.Strings.AsSpan((int)sourceStart, (int)count).CopyTo(target.Strings.AsSpan((int)targetStart));
        }
        else if (source.Type.Bits() >= 8)
        {
            int size = source.Type.Bits() / 8;
            source.Data.Span.Slice((int)sourceStart * size, (int)count * size).CopyTo(target.Data.Span[((int)targetStart * size)..]);
        }
        else
        {
            for (long i = 0; i < count; i++)
            {
                int bits = source.Type.Bits();
                PackedElements.SetBits(bits, target.Data.Span, targetStart + i, PackedElements.GetBits(bits, source.Data.Span, sourceStart + i));
            }
        }
    }
}
