using System.Numerics;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// The K largest (or smallest) elements along an axis, best first, and their indices. Of equal elements the one of lower index comes first; NaN is larger than any
/// number, as in NumPy. Results are in order even where <see cref="Sorted"/> does not ask for it.
/// </summary>
public sealed record TopK(long Axis = -1, bool Largest = true, bool Sorted = true) : Operator
{
    public static readonly Schema<TopK> Schema = new Schema<TopK>("TopK", since: 10, a => new(a.Int("axis"), a.Flag("largest"), a.Flag("sorted")))
        .Inputs("X", "K").Outputs("Values", "Indices")
        .Int("axis", o => o.Axis, -1)
        .Flag("largest", o => o.Largest, true)
        .Flag("sorted", o => o.Sorted, true)
        .Import(1, 9, s => s.Attributes.Has("k")
            ? s.WithInputs([s[0], s.Constant("k", Tensor.Vector(s.Attributes.Int("k", 0)))], ("k", null))
            : s.Error("PG2013", "the required attribute \"k\" is missing."));

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (c.ElementType(0) is var type && !type.IsFloat() && !type.IsInteger())
        {
            c.Error("PG2103", $"input 0 (X) is {c.TypeOf(0)}, but must be numeric.");
            return;
        }

        if (!c.Require(1, DataType.Int64, DataType.Int32))
        {
            return;
        }

        Shape shape = c.Shape(0);
        if (shape.IsRanked)
        {
            int axis = c.Axis(Axis, shape.Rank);
            if (shape.Rank == 0)
            {
                return;
            }

            Dim k;
            if (c.ValueOf(1) is { } value)
            {
                if (value.Count != 1)
                {
                    c.Error("PG2523", $"input 1 (K) must hold one number, not {value.Count}.");
                    return;
                }

                k = value[0];
                if (k.IsConstant && (k.Constant < 0 || (shape[axis].IsConstant && k.Constant > shape[axis].Constant)))
                {
                    c.Error("PG2524", $"K is {k}, but must lie in [0, {shape[axis]}], the extent of axis {axis} of {shape}.");
                    return;
                }
            }
            else
            {
                k = c.FreshSymbol(shape[axis]);
            }

            shape = shape.With(axis, k);
        }

        c.Set(0, type, shape);
        c.Set(1, DataType.Int64, shape);
    }

    public override void Evaluate(EvaluationScope c)
    {
        switch (c.Input(0).Type)
        {
            case DataType.UInt64: Select<ulong>(c); break;
            case var type when type.IsFloat(): Select<double>(c); break;
            default: Select<long>(c); break;
        }
    }

    private void Select<T>(EvaluationScope c) where T : unmanaged, INumber<T>
    {
        ReadOnlySpan<long> wanted = c.Read<long>(1);
        AxisSplit split = AxisSplit.At(c.Dims(0), c.Axis(Axis, c.Dims(0).Length));
        if (wanted.Length != 1 || wanted[0] < 0 || wanted[0] > split.Extent)
        {
            throw c.Fail("PG2524", $"K must be one number in [0, {split.Extent}].");
        }

        int k = (int)wanted[0];
        ReadOnlySpan<T> x = c.Read<T>(0);
        Span<T> values = c.Wants(0) ? c.Write<T>(0) : c.Scratch<T>(split.Outer * k * split.Inner);
        Span<long> indices = c.Wants(1) ? c.Write<long>(1) : c.Scratch<long>(split.Outer * k * split.Inner);
        Span<Candidate<T>> heap = c.Scratch<Candidate<T>>(k);
        for (long outer = 0; k > 0 && outer < split.Outer; outer++)
        {
            for (long inner = 0; inner < split.Inner; inner++)
            {
                int index = split.Start(outer, inner);
                int filled = 0;
                for (long i = 0; i < split.Extent; i++, index += (int)split.Inner)
                {
                    Candidate<T> candidate = new(x[index], i);
                    if (filled < k)
                    {
                        SiftUp(heap, filled++, candidate);
                    }
                    else if (Precedes(candidate, heap[0]))
                    {
                        SiftDown(heap, candidate);
                    }
                }

                long output = (outer * k * split.Inner) + inner;
                for (int i = k - 1; i >= 0; i--)
                {
                    int target = (int)(output + (i * split.Inner));
                    (values[target], indices[target]) = (heap[0].Value, heap[0].Index);
                    SiftDown(heap[..i], heap[i]);
                }
            }
        }
    }

    // The heap holds the best elements so far with the worst of them on top.
    private void SiftUp<T>(Span<Candidate<T>> heap, int hole, Candidate<T> item) where T : unmanaged, INumber<T>
    {
        while (hole > 0 && Precedes(heap[(hole - 1) / 2], item))
        {
            heap[hole] = heap[(hole - 1) / 2];
            hole = (hole - 1) / 2;
        }

        heap[hole] = item;
    }

    private void SiftDown<T>(Span<Candidate<T>> heap, Candidate<T> item) where T : unmanaged, INumber<T>
    {
        int hole = 0;
        while ((2 * hole) + 1 < heap.Length)
        {
            int child = (2 * hole) + 1;
            if (child + 1 < heap.Length && Precedes(heap[child], heap[child + 1]))
            {
                child++;
            }

            if (!Precedes(item, heap[child]))
            {
                break;
            }

            heap[hole] = heap[child];
            hole = child;
        }

        if (!heap.IsEmpty)
        {
            heap[hole] = item;
        }
    }

    private bool Precedes<T>(Candidate<T> left, Candidate<T> right) where T : unmanaged, INumber<T>
    {
        bool leftIsNaN = T.IsNaN(left.Value), rightIsNaN = T.IsNaN(right.Value);
        if (leftIsNaN != rightIsNaN)
        {
            return leftIsNaN == Largest;
        }

        return leftIsNaN || left.Value == right.Value ? left.Index < right.Index : Largest ? left.Value > right.Value : left.Value < right.Value;
    }

    private readonly record struct Candidate<T>(T Value, long Index);
}
