namespace Peregrine.Operators;

/// <summary>
/// A row-major walk over some axes of a dense tensor, in rows: the innermost axis is left to the caller's loop (<see cref="RowLength"/> elements,
/// <see cref="RowStride"/> apart), the others are stepped by <see cref="MoveNext"/>. Neighbouring axes that lie densely in memory are merged, so that rows become long.
/// </summary>
internal ref struct AxisWalk
{
    private readonly Span<long> _extents;
    private readonly Span<long> _strides;
    private readonly Span<long> _index;
    private readonly int _outer;

    /// <param name="dims">All dimensions of the tensor.</param>
    /// <param name="mask">One entry per axis.</param>
    /// <param name="chosen">Axes whose mask equals this are walked.</param>
    /// <param name="storage">At least 3 · rank elements, owned by the walk from now on.</param>
    public AxisWalk(ReadOnlySpan<long> dims, ReadOnlySpan<bool> mask, bool chosen, Span<long> storage)
    {
        int rank = dims.Length, count = 0;
        _extents = storage[..rank];
        _strides = storage.Slice(rank, rank);
        _index = storage.Slice(2 * rank, rank);
        Count = 1;
        long stride = 1;
        for (int axis = rank - 1; axis >= 0; axis--)
        {
            long extent = dims[axis];
            if (mask[axis] == chosen)
            {
                Count *= extent;
                if (count > 0 && _strides[count - 1] * _extents[count - 1] == stride)
                {
                    _extents[count - 1] *= extent;
                }
                else if (extent != 1)
                {
                    _extents[count] = extent;
                    _strides[count++] = stride;
                }
            }

            stride *= extent;
        }

        RowLength = count == 0 ? 1 : _extents[0];
        RowStride = count == 0 ? 1 : _strides[0];
        _outer = count;
        Reset();
    }

    /// <summary>Elements of the whole walk.</summary>
    public long Count { get; }

    public long RowLength { get; }

    public long RowStride { get; }

    /// <summary>Number of rows; 0 if there is no element.</summary>
    public readonly long Rows => Count == 0 ? 0 : Count / RowLength;

    /// <summary>Where the current row starts.</summary>
    public long Offset { get; private set; }

    public void Reset()
    {
        Offset = 0;
        _index.Clear();
    }

    /// <summary>Goes to the next row; past the last one it starts over.</summary>
    public void MoveNext()
    {
        // Axes are stored innermost first; entry 0 is the row itself.
        for (int i = 1; i < _outer; i++)
        {
            Offset += _strides[i];
            if (++_index[i] < _extents[i])
            {
                return;
            }

            Offset -= _extents[i] * _strides[i];
            _index[i] = 0;
        }
    }
}
