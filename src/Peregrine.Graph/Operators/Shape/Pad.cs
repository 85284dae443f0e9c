using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Where a pad takes its elements from.</summary>
public enum PadMode
{
    /// <summary>One value.</summary>
    Constant,
    /// <summary>The tensor mirrored at its first and last element.</summary>
    Reflect,
    /// <summary>The first or last element.</summary>
    Edge,
    /// <summary>The tensor repeated.</summary>
    Wrap,
}

/// <summary>Adds elements before and after each of <c>axes</c> (all by default); <c>pads</c> holds all starts, then all ends. A negative pad removes elements, before others are added.</summary>
public sealed record Pad(PadMode Mode = PadMode.Constant) : Operator
{
    public static readonly Schema<Pad> Schema = new Schema<Pad>("Pad", since: 11, a => new(a.Choice<PadMode>("mode"))).Inputs("data", "pads", "constant_value?", "axes?").Outputs("output")
        .Choice("mode", o => o.Mode, PadMode.Constant, ("constant", PadMode.Constant), ("reflect", PadMode.Reflect), ("edge", PadMode.Edge), ("wrap", PadMode.Wrap))
        .Added(18, "axes").Added(19, "mode=wrap")
        .Import(1, 1, s => ImportAttributes(s, "paddings"))
        .Import(2, 10, s => ImportAttributes(s, "pads"));

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (c.Has(2) && c.ElementType(2) != c.ElementType(0))
        {
            c.Error("PG2138", $"constant_value is {c.TypeOf(2)}, but data is {c.TypeOf(0)}; the element types must be equal.");
            return;
        }

        if (!c.IsRanked(0) || (c.Has(3) && c.ConstantInts(3) is null))
        {
            c.Set(0, c.ElementType(0), c.IsRanked(0) ? c.FreshShape(c.Shape(0).Rank) : Shape.Unranked);
            return;
        }

        Shape data = c.Shape(0);
        int[] axes = c.ConstantInts(3) is { } named ? c.Axes(named, data.Rank) : [.. Enumerable.Range(0, data.Rank)];
        if (c.ValueOf(1) is not { } pads)
        {
            c.Set(0, c.ElementType(0), Shape.From(data.Select((dim, axis) => axes.Contains(axis) ? c.FreshSymbol(null) : dim)));
            return;
        }

        if (pads.Count != 2 * axes.Length || axes.Length > data.Rank)
        {
            c.Error("PG2138", $"pads holds {pads.Count} numbers, but {axes.Length} axes are padded, which takes {2 * axes.Length}.");
            return;
        }

        Dim[] dims = [.. data];
        for (int i = 0; i < axes.Length; i++)
        {
            Dim extent = data[axes[i]], before = pads[i], after = pads[i + axes.Length];
            dims[axes[i]] = extent + before + after;
            if (c.IsNegative(dims[axes[i]]) || c.IsNegative(extent + Dim.Min(before, 0) + Dim.Min(after, 0)))
            {
                c.Error("PG2138", $"pads [{string.Join(',', pads)}] remove more than the {extent} elements of axis {axes[i]}.");
                return;
            }
        }

        c.Set(0, c.ElementType(0), Shape.Create(dims));
        if (!c.Has(2) || c.ConstantInts(2) is [0])
        {
            MovedContents.Propagate(this, c);
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        Tensor source = c.Input(0), target = c.Output(0);
        int rank = source.Rank;
        Span<long> buffer = rank <= 16 ? stackalloc long[5 * rank] : new long[5 * rank];
        Span<long> before = buffer[..rank], core = buffer[rank..(2 * rank)], skip = buffer[(2 * rank)..(3 * rank)], from = buffer[(3 * rank)..(4 * rank)], to = buffer[(4 * rank)..];
        Layout(c, before, core, skip);
        StridedCopy.RowMajor(source.Dims, from);
        StridedCopy.RowMajor(target.Dims, to);
        long sourceOffset = 0, targetOffset = 0;
        for (int i = 0; i < rank; i++)
        {
            sourceOffset += skip[i] * from[i];
            targetOffset += before[i] * to[i];
        }

        if (Mode == PadMode.Constant)
        {
            if (c.Has(2) && c.Input(2).Length == 1)
            {
                StridedCopy.Fill(c.Input(2), target);
            }
            else
            {
                StridedCopy.Clear(target);
            }
        }
        else if (core.Contains(0) && target.Length > 0)
        {
            throw c.Fail("PG2138", $"mode {Mode} has no elements to pad {source} from.");
        }

        StridedCopy.Copy(source, sourceOffset, from, target, targetOffset, to, core);
        if (Mode != PadMode.Constant && target.Length > 0)
        {
            Mirror(target, before, core, to, targetOffset);
        }
    }

    /// <summary>Fills the borders axis by axis: each border slab is a copy of a slab that is complete already.</summary>
    private void Mirror(Tensor target, ReadOnlySpan<long> before, Span<long> extents, ReadOnlySpan<long> strides, long start)
    {
        for (int axis = 0; axis < extents.Length; axis++)
        {
            long core = extents[axis], whole = target.Dims[axis];
            extents[axis] = 1;
            for (long position = 0; position < whole; position++)
            {
                long offset = position - before[axis];
                if (offset < 0 || offset >= core)
                {
                    StridedCopy.Copy(target, start + (SourceOf(offset, core) * strides[axis]), strides, target, start + (offset * strides[axis]), strides, extents);
                }
            }

            extents[axis] = whole;
            start -= before[axis] * strides[axis];
        }
    }

    /// <summary>The position in [0, extent) that the position outside of it copies.</summary>
    private long SourceOf(long position, long extent)
    {
        switch (Mode)
        {
            case PadMode.Edge:
                return Math.Clamp(position, 0, extent - 1);
            case PadMode.Wrap:
                return ((position % extent) + extent) % extent;
            default:
                long period = Math.Max(1, 2 * (extent - 1));
                long phase = ((position % period) + period) % period;
                return Math.Min(phase, period - phase) % extent;
        }
    }

    /// <summary>Per axis: elements added in front, elements that stay, elements removed in front.</summary>
    private static void Layout(EvaluationScope c, Span<long> before, Span<long> core, Span<long> skip)
    {
        before.Clear();
        skip.Clear();
        c.Dims(0).CopyTo(core);
        ReadOnlySpan<long> pads = c.Read<long>(1), axes = c.Has(3) ? c.Read<long>(3) : default;
        int count = pads.Length / 2;
        for (int i = 0; i < count; i++)
        {
            int axis = c.Has(3) ? c.Axis(axes[i], core.Length) : i;
            before[axis] = Math.Max(pads[i], 0);
            skip[axis] = Math.Max(-pads[i], 0);
            core[axis] += Math.Min(pads[i], 0) + Math.Min(pads[i + count], 0);
        }
    }

    private static IReadOnlyList<Value?>? ImportAttributes(ImportScope s, string pads)
    {
        Tensor value = Tensor.Allocate(s[0]?.Tensor?.ElementType ?? DataType.Float32, []);
        if (!value.Type.IsFloat())
        {
            return s.Error("PG2020", $"before opset 11 Pad takes floats only, but its input is {s[0]?.Type}.");
        }

        ElementConversion.Store([s.Attributes.Float("value", 0)], value);
        return s.WithInputs([s[0], s.ConstantInts(pads), s.Constant("value", value)], (pads, null), ("value", null));
    }
}
