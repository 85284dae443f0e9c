using System.Numerics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The running state of one reduction.</summary>
internal interface IReducer<TSelf, T> where TSelf : struct, IReducer<TSelf, T>
{
    /// <summary>The state before the first element; <paramref name="type"/> is the stored element type.</summary>
    static abstract TSelf Start(DataType type);

    void Add(T value);

    T Result();
}

/// <summary>The reference kernel of all reductions: for each output element a walk over the reduced axes.</summary>
internal static class ReductionKernel
{
    public static void Run<TReducer, T>(EvaluationScope c, Reduction operation) where TReducer : struct, IReducer<TReducer, T> where T : unmanaged
    {
        Tensor input = c.Input(0);
        ReadOnlySpan<long> dims = input.Dims;
        Span<bool> reduced = c.Scratch<bool>(dims.Length);
        ReadOnlySpan<long> axes = c.Has(1) ? c.Read<long>(1) : [];
        if (axes.IsEmpty)
        {
            reduced.Fill(!operation.NoopWithEmptyAxes);
        }

        foreach (long axis in axes)
        {
            reduced[c.Axis(axis, dims.Length)] = true;
        }

        AxisWalk kept = new(dims, reduced, chosen: false, c.Scratch<long>(3 * dims.Length));
        AxisWalk inner = new(dims, reduced, chosen: true, c.Scratch<long>(3 * dims.Length));
        ReadOnlySpan<T> x = c.Read<T>(0);
        Span<T> y = c.Write<T>(0);
        int output = 0;
        for (long outer = 0; outer < kept.Rows; outer++, kept.MoveNext())
        {
            for (long position = 0; position < kept.RowLength; position++)
            {
                TReducer reducer = TReducer.Start(input.Type);
                long start = kept.Offset + (position * kept.RowStride);
                inner.Reset();
                for (long row = 0; row < inner.Rows; row++, inner.MoveNext())
                {
                    long index = start + inner.Offset;
                    for (long k = 0; k < inner.RowLength; k++, index += inner.RowStride)
                    {
                        reducer.Add(x[(int)index]);
                    }
                }

                y[output++] = reducer.Result();
            }
        }
    }
}

/// <summary>Σx.</summary>
internal struct SumReducer<T> : IReducer<SumReducer<T>, T> where T : unmanaged, INumber<T>
{
    private T _sum;

    public static SumReducer<T> Start(DataType type) => default;

    public void Add(T value) => _sum += value;

    public readonly T Result() => _sum;
}

/// <summary>Σx / n; integers truncate towards 0.</summary>
internal struct MeanReducer<T> : IReducer<MeanReducer<T>, T> where T : unmanaged, INumber<T>
{
    private T _sum;
    private long _count;

    public static MeanReducer<T> Start(DataType type) => default;

    public void Add(T value)
    {
        _sum += value;
        _count++;
    }

    public readonly T Result() => _count == 0 && typeof(T) != typeof(double) ? T.Zero : _sum / T.CreateTruncating(_count);
}

/// <summary>Πx.</summary>
internal struct ProductReducer<T> : IReducer<ProductReducer<T>, T> where T : unmanaged, INumber<T>
{
    private T _product;

    public static ProductReducer<T> Start(DataType type) => new() { _product = T.One };

    public void Add(T value) => _product *= value;

    public readonly T Result() => _product;
}

/// <summary>The largest element; NaN if there is one.</summary>
internal struct MaxReducer<T> : IReducer<MaxReducer<T>, T> where T : unmanaged, INumber<T>
{
    private T _max;

    public static MaxReducer<T> Start(DataType type) => new() { _max = NumberLimits.Lowest<T>(type) };

    public void Add(T value) => _max = T.Max(_max, value);

    public readonly T Result() => _max;
}

/// <summary>The smallest element; NaN if there is one.</summary>
internal struct MinReducer<T> : IReducer<MinReducer<T>, T> where T : unmanaged, INumber<T>
{
    private T _min;

    public static MinReducer<T> Start(DataType type) => new() { _min = NumberLimits.Highest<T>(type) };

    public void Add(T value) => _min = T.Min(_min, value);

    public readonly T Result() => _min;
}

/// <summary>Σ|x|.</summary>
internal struct AbsoluteSumReducer<T> : IReducer<AbsoluteSumReducer<T>, T> where T : unmanaged, INumber<T>
{
    private T _sum;

    public static AbsoluteSumReducer<T> Start(DataType type) => default;

    // T.Abs throws for the smallest integer, where the kernel wraps around as all integer arithmetic does.
    public void Add(T value) => _sum += T.IsNegative(value) ? T.Zero - value : value;

    public readonly T Result() => _sum;
}

/// <summary>Σx².</summary>
internal struct SquareSumReducer<T> : IReducer<SquareSumReducer<T>, T> where T : unmanaged, INumber<T>
{
    private T _sum;

    public static SquareSumReducer<T> Start(DataType type) => default;

    public void Add(T value) => _sum += value * value;

    public readonly T Result() => _sum;
}

/// <summary>√Σx²; integers truncate.</summary>
internal struct EuclideanReducer<T> : IReducer<EuclideanReducer<T>, T> where T : unmanaged, INumber<T>
{
    private double _sum;

    public static EuclideanReducer<T> Start(DataType type) => default;

    public void Add(T value)
    {
        double x = double.CreateTruncating(value);
        _sum += x * x;
    }

    public readonly T Result() => T.CreateTruncating(Math.Sqrt(_sum));
}

/// <summary>ln Σx; integers truncate.</summary>
internal struct LogSumReducer<T> : IReducer<LogSumReducer<T>, T> where T : unmanaged, INumber<T>
{
    private double _sum;

    public static LogSumReducer<T> Start(DataType type) => default;

    public void Add(T value) => _sum += double.CreateTruncating(value);

    public readonly T Result() => T.CreateTruncating(Math.Log(_sum));
}

/// <summary>ln Σeˣ, scaled by the largest element so far so that nothing overflows; integers truncate.</summary>
internal struct LogSumExpReducer<T> : IReducer<LogSumExpReducer<T>, T> where T : unmanaged, INumber<T>
{
    private double _max;
    private double _sum;

    public static LogSumExpReducer<T> Start(DataType type) => new() { _max = double.NegativeInfinity };

    public void Add(T value)
    {
        double x = double.CreateTruncating(value);
        if (x > _max)
        {
            _sum = double.IsNegativeInfinity(_max) ? 1 : (_sum * Math.Exp(_max - x)) + 1;
            _max = x;
        }
        else if (!double.IsNegativeInfinity(x))
        {
            // inf - inf would be NaN; an infinite sum stays infinite. NaN comes through here, as no comparison holds for it.
            _sum += x == _max ? 1 : Math.Exp(x - _max);
        }
    }

    public readonly T Result() => T.CreateTruncating(_sum == 0 ? double.NegativeInfinity : _max + Math.Log(_sum));
}
