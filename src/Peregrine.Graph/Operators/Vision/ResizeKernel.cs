using System.Runtime.InteropServices;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The two ways to run a <see cref="Resize"/>: picking elements, and weighing neighbours axis by axis.</summary>
internal static class ResizeKernel
{
    public static void Nearest(EvaluationScope c, Resize resize, ResizeAxis[] axes, Tensor x, Tensor y)
    {
        if (x.Type == DataType.String)
        {
            Pick<string>(c, resize, axes, x, y, x.Strings, y.Strings, "");
            return;
        }

        Tensor outside = Tensor.Allocate(x.Type, [1]);
        if (!x.Type.IsComplex())
        {
            ElementConversion.Store<float>([resize.ExtrapolationValue], outside);
        }

        switch (x.Type.Bits())
        {
            case 8: PickBits<byte>(c, resize, axes, x, y, outside); break;
            case 16: PickBits<ushort>(c, resize, axes, x, y, outside); break;
            case 32: PickBits<uint>(c, resize, axes, x, y, outside); break;
            case 64: PickBits<ulong>(c, resize, axes, x, y, outside); break;
            default: PickBits<UInt128>(c, resize, axes, x, y, outside); break;
        }
    }

    private static void PickBits<T>(EvaluationScope c, Resize resize, ResizeAxis[] axes, Tensor x, Tensor y, Tensor outside) where T : unmanaged =>
        Pick(c, resize, axes, x, y, MemoryMarshal.Cast<byte, T>(x.Data.Span), MemoryMarshal.Cast<byte, T>(y.Data.Span), MemoryMarshal.Read<T>(outside.Data.Span));

    private static void Pick<T>(EvaluationScope c, Resize resize, ResizeAxis[] axes, Tensor x, Tensor y, ReadOnlySpan<T> source, Span<T> target, T outside)
    {
        // Per axis the flat offset of the element to take; a negative one marks extrapolation.
        int rank = x.Rank;
        Span<int> starts = c.Scratch<int>(rank + 1);
        for (int axis = 0; axis < rank; axis++)
        {
            starts[axis + 1] = starts[axis] + (int)y.Dims[axis];
        }

        Span<int> offsets = c.Scratch<int>(starts[rank]);
        int stride = 1;
        for (int axis = rank - 1; axis >= 0; axis--)
        {
            Span<int> own = offsets[starts[axis]..starts[axis + 1]];
            int at = Array.FindIndex(axes, a => a.Axis == axis);
            if (at >= 0 && !axes[at].IsIdentity)
            {
                axes[at].FillNearest(resize, own);
            }
            else
            {
                for (int i = 0; i < own.Length; i++)
                {
                    own[i] = i;
                }
            }

            foreach (ref int offset in own)
            {
                offset *= offset < 0 ? 1 : stride;
            }

            stride *= (int)x.Dims[axis];
        }

        int width = rank == 0 ? 1 : (int)y.Dims[rank - 1];
        Span<int> counters = c.Scratch<int>(rank);
        for (int line = 0; line < target.Length; line += width)
        {
            int start = 0;
            bool inside = true;
            for (int axis = 0; axis < rank - 1; axis++)
            {
                int offset = offsets[starts[axis] + counters[axis]];
                inside &= offset >= 0;
                start += offset;
            }

            Span<T> row = target.Slice(line, width);
            ReadOnlySpan<int> last = rank == 0 ? [0] : offsets[starts[rank - 1]..starts[rank]];
            for (int i = 0; i < row.Length; i++)
            {
                row[i] = inside && last[i] >= 0 ? source[start + last[i]] : outside;
            }

            for (int axis = rank - 2; axis >= 0 && ++counters[axis] == y.Dims[axis]; axis--)
            {
                counters[axis] = 0;
            }
        }
    }

    public static void Interpolate(EvaluationScope c, Resize resize, ResizeAxis[] axes, Tensor x, Tensor y)
    {
        ReadOnlySpan<double> current = c.Read<double>(0);
        Span<long> dims = c.Scratch<long>(x.Rank);
        x.Dims.CopyTo(dims);
        foreach (ResizeAxis axis in axes)
        {
            if (axis.IsIdentity)
            {
                continue;
            }

            c.Cancellation.ThrowIfCancellationRequested();
            int outer = (int)Tensor.CountElements(dims[..axis.Axis]), inner = (int)Tensor.CountElements(dims[(axis.Axis + 1)..]);
            Span<double> next = c.Scratch<double>((long)outer * axis.Output * inner);
            Weigh(c, resize, axis, current, next, outer, inner);
            dims[axis.Axis] = axis.Output;
            current = next;
        }

        if (x.Type.IsFloat())
        {
            current.CopyTo(c.Write<double>(0));
            return;
        }

        Span<long> target = c.Write<long>(0);
        (double low, double high) = RangeOf(x.Type);
        for (int i = 0; i < target.Length; i++)
        {
            double value = Math.Clamp(Math.Round(current[i], MidpointRounding.ToEven), low, high);
            target[i] = x.Type == DataType.UInt64 ? (long)(ulong)value : (long)value;
        }
    }

    private static void Weigh(EvaluationScope c, Resize resize, ResizeAxis axis, ReadOnlySpan<double> source, Span<double> target, int outer, int inner)
    {
        int taps = axis.Taps(resize);
        Span<int> indices = c.Scratch<int>((long)taps * axis.Output);
        Span<double> weights = c.Scratch<double>((long)taps * axis.Output);
        axis.FillWeights(resize, indices, weights);
        for (int o = 0; o < outer; o++)
        {
            ReadOnlySpan<double> plane = source.Slice(o * axis.Input * inner, axis.Input * inner);
            for (int i = 0; i < axis.Output; i++)
            {
                Span<double> line = target.Slice(((o * axis.Output) + i) * inner, inner);
                if (indices[i * taps] < 0)
                {
                    line.Fill(resize.ExtrapolationValue);
                    continue;
                }

                for (int tap = 0; tap < taps; tap++)
                {
                    double weight = weights[(i * taps) + tap];
                    if (weight == 0)
                    {
                        continue;
                    }

                    ReadOnlySpan<double> neighbour = plane.Slice(indices[(i * taps) + tap] * inner, inner);
                    for (int j = 0; j < line.Length; j++)
                    {
                        line[j] += weight * neighbour[j];
                    }
                }
            }
        }
    }

    private static (double Low, double High) RangeOf(DataType type) => type switch
    {
        // The largest doubles that still convert back.
        DataType.UInt64 => (0, 18446744073709549568.0),
        DataType.Int64 => (long.MinValue, 9223372036854774784.0),
        _ when type.IsUnsignedInteger() => (0, Math.ScaleB(1, type.Bits()) - 1),
        _ => (-Math.ScaleB(1, type.Bits() - 1), Math.ScaleB(1, type.Bits() - 1) - 1),
    };
}
