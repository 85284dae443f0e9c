using System.Numerics;

namespace Peregrine.Operators;

/// <summary>A tensor on its way through an Einsum: each label once (a diagonal has merged its strides), with extent and stride in elements.</summary>
internal sealed class EinsumOperand<T>(T[] data, int[] labels, int[] extents, int[] strides)
    where T : unmanaged, INumber<T>
{
    public T[] Data { get; } = data;

    public int[] Labels { get; } = labels;

    public int[] Extents { get; } = extents;

    public int[] Strides { get; } = strides;

    public static EinsumOperand<T> One { get; } = new([T.One], [], [], []);

    /// <summary>A dense operand; repeated labels select the diagonal.</summary>
    public static EinsumOperand<T> Create(T[] data, int[] labels, ReadOnlySpan<long> dims)
    {
        List<int> unique = [], extents = [], strides = [];
        int stride = 1;
        for (int i = labels.Length - 1; i >= 0; i--)
        {
            int at = unique.IndexOf(labels[i]);
            if (at < 0)
            {
                unique.Add(labels[i]);
                extents.Add((int)dims[i]);
                strides.Add(stride);
            }
            else
            {
                extents[at] = Math.Max(extents[at], (int)dims[i]);
                strides[at] += dims[i] == 1 ? 0 : stride;
            }

            stride *= (int)dims[i];
        }

        return new(data, [.. unique], [.. extents], [.. strides]);
    }

    /// <summary>The elements in the order of <paramref name="order"/> (outermost first) with these extents; a label that the operand lacks, or has with extent 1, repeats.</summary>
    public T[] Gather(ReadOnlySpan<int> order, ReadOnlySpan<int> extents)
    {
        long count = 1;
        int[] strides = new int[order.Length], counters = new int[order.Length];
        for (int i = 0; i < order.Length; i++)
        {
            count = checked(count * extents[i]);
            int at = Array.IndexOf(Labels, order[i]);
            strides[i] = at < 0 || Extents[at] == 1 ? 0 : Strides[at];
        }

        T[] result = new T[count];
        int source = 0;
        for (int target = 0; target < result.Length; target++)
        {
            result[target] = Data[source];
            for (int axis = order.Length - 1; axis >= 0; axis--)
            {
                source += strides[axis];
                if (++counters[axis] < extents[axis])
                {
                    break;
                }

                source -= strides[axis] * extents[axis];
                counters[axis] = 0;
            }
        }

        return result;
    }

    /// <summary>The sum over all labels that <paramref name="keep"/> refuses.</summary>
    public EinsumOperand<T> SumExcept(Func<int, bool> keep)
    {
        int[] kept = [.. Labels.Where(keep)], summed = [.. Labels.Where(l => !keep(l))];
        if (summed.Length == 0)
        {
            return this;
        }

        int[] order = [.. kept, .. summed], extents = [.. order.Select(ExtentOf)];
        T[] all = Gather(order, extents);
        int inner = extents[kept.Length..].Aggregate(1, (x, y) => x * y), outer = extents[..kept.Length].Aggregate(1, (x, y) => x * y);
        T[] sums = new T[outer];
        for (int i = 0; i < outer; i++)
        {
            for (int j = 0; j < inner; j++)
            {
                sums[i] += all[(i * inner) + j];
            }
        }

        return Create(sums, kept, [.. extents[..kept.Length].Select(e => (long)e)]);
    }

    private int ExtentOf(int label) => Extents[Array.IndexOf(Labels, label)];
}
