using System.Numerics;
using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// Reduces the elements along some axes to one. No axes mean all axes, or with <see cref="NoopWithEmptyAxes"/> none: then every element is reduced for itself.
/// A reduction over no elements yields the neutral element (0, 1, ±infinity or the type's limit); a mean of none is NaN, or 0 for integers.
/// </summary>
public abstract record Reduction(bool KeepDims, bool NoopWithEmptyAxes) : Operator
{
    /// <summary>Whether the input may have this element type.</summary>
    protected virtual bool Accepts(DataType type) => type.IsFloat() || type.IsInteger();

    /// <summary>Runs the kernel with elements read as <typeparamref name="T"/>: double for floats, ulong for uint64, long for other integers and bool.</summary>
    protected abstract void Reduce<T>(EvaluationScope c) where T : unmanaged, INumber<T>;

    /// <summary>The reduction of the contents of a small integer tensor; null where it cannot be expressed.</summary>
    protected virtual Dim? Fold(IReadOnlyList<Dim> elements) => null;

    public sealed override void Infer(InferenceScope c)
    {
        DataType type = c.ElementType(0);
        if (!Accepts(type))
        {
            c.Error("PG2103", $"input 0 (data) is {c.TypeOf(0)}; its element type is not one that {Definition.Name} takes.");
            return;
        }

        if (c.Has(1) && !c.Require(1, DataType.Int64))
        {
            return;
        }

        Shape shape = c.Shape(0);
        if (!shape.IsRanked)
        {
            c.Set(0, type, Shape.Unranked);
            return;
        }

        if (Axes(c) is not { } axes)
        {
            c.Set(0, type, UnknownAxes(c, shape));
            return;
        }

        bool[] reduced = new bool[shape.Rank];
        if (axes.Length == 0 && !NoopWithEmptyAxes)
        {
            Array.Fill(reduced, true);
        }

        foreach (long axis in axes)
        {
            int normalised = c.Axis(axis, shape.Rank, "axes");
            if (shape.Rank == 0)
            {
                return;
            }

            if (reduced[normalised])
            {
                c.Error("PG2120", $"axes [{string.Join(',', axes)}] name a dimension twice.");
                return;
            }

            reduced[normalised] = true;
        }

        c.Set(0, type, Shape.From(shape.Select((d, i) => (Dim: reduced[i] ? Dim.One : d, Keep: KeepDims || !reduced[i])).Where(d => d.Keep).Select(d => d.Dim)));
        if (Contents(c, shape, reduced) is { } contents)
        {
            c.SetValue(0, contents);
        }
    }

    public sealed override void Evaluate(EvaluationScope c)
    {
        switch (c.Input(0).Type)
        {
            case DataType.UInt64: Reduce<ulong>(c); break;
            case var type when type.IsFloat(): Reduce<double>(c); break;
            default: Reduce<long>(c); break;
        }
    }

    /// <summary>The schema that all reductions share; before opset <paramref name="axesInputSince"/> the axes were an attribute.</summary>
    private protected static Schema<TReduction> Declare<TReduction>(string name, int axesInputSince, Func<bool, bool, TReduction> create) where TReduction : Reduction =>
        new Schema<TReduction>(name, since: axesInputSince, a => create(a.Flag("keepdims"), a.Flag("noop_with_empty_axes")))
            .Inputs("data", "axes?").Outputs("reduced")
            .Flag("keepdims", o => o.KeepDims, true)
            .Flag("noop_with_empty_axes", o => o.NoopWithEmptyAxes, false)
            .Import(1, axesInputSince - 1, s => s.WithInputs([s[0], s.ConstantInts("axes")], ("axes", null)));

    private static long[]? Axes(InferenceScope c) => !c.Has(1) || c.Shape(1) is { IsRanked: true, IsStatic: true } shape && shape.ElementCount == Dim.Zero ? [] : c.ConstantInts(1);

    private Shape UnknownAxes(InferenceScope c, Shape shape)
    {
        if (KeepDims)
        {
            return Shape.From(shape.Select(d => d == Dim.One ? d : c.FreshSymbol(Dim.Max(d, Dim.One))));
        }

        if (c.Shape(1) is not { IsRanked: true, IsStatic: true } axes || axes.ElementCount.Constant > shape.Rank)
        {
            return Shape.Unranked;
        }

        Dim largest = shape.Aggregate(Dim.One, Dim.Max);
        return Shape.From(Enumerable.Range(0, shape.Rank - (int)axes.ElementCount.Constant).Select(_ => c.FreshSymbol(largest)));
    }

    private Dim[]? Contents(InferenceScope c, Shape shape, bool[] reduced)
    {
        if (c.ElementType(0) is not (DataType.Int32 or DataType.Int64) || !shape.IsStatic || c.ValueOf(0) is not { } elements)
        {
            return null;
        }

        long[] dims = shape.ToStatic();
        AxisWalk kept = new(dims, reduced, chosen: false, new long[3 * dims.Length]);
        AxisWalk inner = new(dims, reduced, chosen: true, new long[3 * dims.Length]);
        if (kept.Count > ValueContents.MaxElements)
        {
            return null;
        }

        Dim[] contents = new Dim[kept.Count];
        try
        {
            for (int i = 0; i < contents.Length; i++)
            {
                if (i > 0 && i % kept.RowLength == 0)
                {
                    kept.MoveNext();
                }

                long start = kept.Offset + (i % kept.RowLength * kept.RowStride);
                List<Dim> group = [];
                inner.Reset();
                for (long row = 0; row < inner.Rows; row++, inner.MoveNext())
                {
                    for (long k = 0; k < inner.RowLength; k++)
                    {
                        group.Add(elements[(int)(start + inner.Offset + (k * inner.RowStride))]);
                    }
                }

                if (Fold(group) is not { } folded || (c.ElementType(0) == DataType.Int32 && folded.IsConstant && folded.Constant != (int)folded.Constant))
                {
                    return null;
                }

                contents[i] = folded;
            }
        }
        catch (OverflowException)
        {
            // The kernel wraps around, which dims cannot express; the contents stay unknown.
            return null;
        }

        return contents;
    }
}
