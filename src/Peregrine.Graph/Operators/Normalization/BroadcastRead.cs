using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>An input that broadcasts to the shape of another tensor, ready to be read along with that tensor's elements in row-major order.</summary>
internal readonly ref struct BroadcastRead
{
    private readonly ReadOnlySpan<double> _values;

    /// <param name="target">Dimensions that the input broadcasts to (checked by inference).</param>
    public BroadcastRead(EvaluationScope c, int input, ReadOnlySpan<long> target)
    {
        ReadOnlySpan<long> dims = c.Dims(input);
        _values = c.Read<double>(input);
        while (!dims.IsEmpty && dims[0] == 1)
        {
            dims = dims[1..];
        }

        if (!target.EndsWith(dims))
        {
            _values = Expand(c, _values, dims, target);
        }
    }

    /// <summary>The input's element for element <paramref name="index"/> of the target.</summary>
    public double this[long index] => _values[(int)(index % _values.Length)];

    private static Span<double> Expand(EvaluationScope c, ReadOnlySpan<double> values, ReadOnlySpan<long> dims, ReadOnlySpan<long> target)
    {
        Span<double> expanded = c.Scratch<double>(AxisSplit.Product(target));
        Span<long> index = c.Scratch<long>(dims.Length);
        ReadOnlySpan<long> trailing = target[^dims.Length..];
        long source = 0;
        for (int i = 0; i < expanded.Length; i++)
        {
            expanded[i] = values[(int)source];
            long stride = 1;
            for (int axis = dims.Length - 1; axis >= 0; axis--)
            {
                long step = dims[axis] == 1 ? 0 : stride;
                stride *= dims[axis];
                source += step;
                if (++index[axis] < trailing[axis])
                {
                    break;
                }

                source -= step * trailing[axis];
                index[axis] = 0;
            }
        }

        return expanded;
    }
}
