using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// The different slices along an axis (or, without one, the different elements), ascending or in order of first occurrence; with the position of each first occurrence,
/// where each input slice went, and how often it occurs. NaNs are equal to each other and sort last.
/// </summary>
public sealed record Unique(long? Axis = null, bool Sorted = true) : Operator
{
    public static readonly Schema<Unique> Schema = new Schema<Unique>("Unique", since: 11, a => new(a.OptionalInt("axis"), a.Flag("sorted")))
        .Inputs("X").Outputs("Y", "indices?", "inverse_indices?", "counts?")
        .OptionalInt("axis", o => o.Axis)
        .Flag("sorted", o => o.Sorted, true);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (c.ElementType(0).IsComplex())
        {
            c.Error("PG2144", $"it does not take {c.TypeOf(0)}.");
            return;
        }

        Dim? extent = !c.IsRanked(0) ? null : Axis is null ? c.Shape(0).ElementCount : c.Shape(0).Rank == 0 ? Dim.One : c.Shape(0)[c.Axis(Axis.Value, c.Shape(0).Rank)];
        Dim found = c.FreshSymbol(extent);
        c.Set(0, c.ElementType(0), Axis is null ? [found] : c.IsRanked(0) ? c.Shape(0).With(c.Axis(Axis.Value, c.Shape(0).Rank), found) : Shape.Unranked);
        c.Set(1, DataType.Int64, [found]);
        c.Set(2, DataType.Int64, [extent ?? c.FreshSymbol(null)]);
        c.Set(3, DataType.Int64, [found]);
    }

    public override void Evaluate(EvaluationScope c)
    {
        Tensor source = c.Input(0);
        int axis = Axis is { } stated ? c.Axis(stated, source.Rank) : 0;
        long extent = Axis is null ? source.Length : source.Dims[axis];
        long inner = Axis is null ? 1 : Tensor.CountElements(source.Dims[(axis + 1)..]), outer = Axis is null ? 1 : Tensor.CountElements(source.Dims[..axis]);
        Comparison<int> compare = Comparer(source, inner, outer, extent);
        int[] order = [.. Enumerable.Range(0, (int)extent)];
        Array.Sort(order, (a, b) => compare(a, b) is var result and not 0 ? result : a.CompareTo(b));

        List<(int First, int Count)> groups = [];
        long[] inverse = new long[extent];
        for (int i = 0; i < order.Length; i++)
        {
            if (i == 0 || compare(order[i - 1], order[i]) != 0)
            {
                groups.Add((order[i], 1));
            }
            else
            {
                groups[^1] = (groups[^1].First, groups[^1].Count + 1);
            }

            inverse[order[i]] = groups.Count - 1;
        }

        if (!Sorted)
        {
            int[] byOccurrence = [.. Enumerable.Range(0, groups.Count).OrderBy(g => groups[g].First)];
            long[] position = new long[groups.Count];
            for (int i = 0; i < byOccurrence.Length; i++)
            {
                position[byOccurrence[i]] = i;
            }

            groups = [.. byOccurrence.Select(g => groups[g])];
            inverse = Array.ConvertAll(inverse, g => position[g]);
        }

        Emit(c, source, axis, inner, outer, extent, groups);
        if (c.Wants(2))
        {
            inverse.CopyTo(c.Output(2, DataType.Int64, extent).Span<long>());
        }
    }

    private void Emit(EvaluationScope c, Tensor source, int axis, long inner, long outer, long extent, List<(int First, int Count)> groups)
    {
        long[] dims = Axis is null ? [groups.Count] : source.Dims.ToArray();
        dims[axis] = groups.Count;
        ElementMover mover = new(source, c.Output(0, source.Type, dims));
        for (long o = 0; o < outer && inner > 0; o++)
        {
            for (int i = 0; i < groups.Count; i++)
            {
                mover.Copy(((o * extent) + groups[i].First) * inner, ((o * groups.Count) + i) * inner, inner);
            }
        }

        Span<long> first = c.Wants(1) ? c.Output(1, DataType.Int64, groups.Count).Span<long>() : default;
        Span<long> counts = c.Wants(3) ? c.Output(3, DataType.Int64, groups.Count).Span<long>() : default;
        for (int i = 0; i < groups.Count; i++)
        {
            if (c.Wants(1))
            {
                first[i] = groups[i].First;
            }

            if (c.Wants(3))
            {
                counts[i] = groups[i].Count;
            }
        }
    }

    /// <summary>Compares two slices element by element.</summary>
    private static Comparison<int> Comparer(Tensor source, long inner, long outer, long extent)
    {
        if (source.Type == DataType.String)
        {
            return Slices(source.Strings, string.CompareOrdinal);
        }

        if (source.Type.IsFloat())
        {
            double[] floats = new double[source.Length];
            ElementConversion.Load<double>(source, floats);
            return Slices(floats, (a, b) => double.IsNaN(a) || double.IsNaN(b) ? double.IsNaN(a).CompareTo(double.IsNaN(b)) : a.CompareTo(b));
        }

        if (source.Type == DataType.UInt64)
        {
            return Slices(source.Span<ulong>().ToArray(), (a, b) => a.CompareTo(b));
        }

        long[] integers = new long[source.Length];
        ElementConversion.Load<long>(source, integers);
        return Slices(integers, (a, b) => a.CompareTo(b));

        Comparison<int> Slices<T>(T[] values, Comparison<T> compare) => (a, b) =>
        {
            for (long o = 0; o < outer; o++)
            {
                for (long i = 0; i < inner; i++)
                {
                    if (compare(values[(((o * extent) + a) * inner) + i], values[(((o * extent) + b) * inner) + i]) is var result and not 0)
                    {
                        return result;
                    }
                }
            }

            return 0;
        };
    }
}
