namespace Peregrine.Operators;

/// <summary>
/// How one operand's elements lie under the elements of the broadcast result: neighbouring axes that the operand runs through alike are one, so that the innermost run is as
/// long as possible. It keeps its memory between calls.
/// </summary>
internal sealed class BroadcastReader
{
    private long[] _extents = [];
    private long[] _strides = [];
    private int _rank;

    /// <summary>Prepares for an operand of dimensions <paramref name="source"/> in a result of dimensions <paramref name="target"/>.</summary>
    public void Bind(ReadOnlySpan<long> source, ReadOnlySpan<long> target)
    {
        if (_extents.Length < target.Length)
        {
            _extents = new long[target.Length];
            _strides = new long[target.Length];
        }

        _rank = 0;
        long stride = 1;
        // From the innermost axis outward; runs are kept innermost first.
        for (int axis = 1; axis <= target.Length; axis++)
        {
            long extent = target[^axis], own = axis <= source.Length ? source[^axis] : 1;
            long step = own == 1 ? 0 : stride;
            stride *= own;
            if (extent == 1)
            {
                continue;
            }

            if (_rank > 0 && (_strides[_rank - 1] == 0 ? step == 0 : step == _strides[_rank - 1] * _extents[_rank - 1]))
            {
                _extents[_rank - 1] *= extent;
            }
            else
            {
                (_extents[_rank], _strides[_rank]) = (extent, step);
                _rank++;
            }
        }
    }

    /// <summary>
    /// The first run of result elements from <paramref name="start"/> on: the operand's elements are <paramref name="source"/> + k·<paramref name="stride"/> (stride 0 or 1)
    /// for k below the returned length, which is at most <paramref name="limit"/>.
    /// </summary>
    public int Run(long start, int limit, out long source, out int stride)
    {
        source = 0;
        stride = 0;
        if (_rank == 0)
        {
            return limit;
        }

        long rest = start;
        int length = limit;
        for (int i = 0; i < _rank; i++)
        {
            (rest, long coordinate) = Math.DivRem(rest, _extents[i]);
            source += coordinate * _strides[i];
            if (i == 0)
            {
                // The innermost stride is the product of inner extents of 1, so it is 0 or 1.
                stride = (int)_strides[0];
                length = (int)Math.Min(limit, _extents[0] - coordinate);
            }
        }

        return length;
    }

    /// <summary>The operand's element under result element <paramref name="index"/>.</summary>
    public long IndexOf(long index)
    {
        Run(index, 1, out long source, out _);
        return source;
    }
}
