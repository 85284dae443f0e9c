namespace Peregrine.Operators;

/// <summary>Mean and population variance in two passes, in double.</summary>
internal readonly record struct Moments(double Mean, double Variance)
{
    /// <summary>Of the elements of a contiguous span; NaN if it is empty.</summary>
    public static Moments Of(ReadOnlySpan<double> x)
    {
        double sum = 0;
        foreach (double value in x)
        {
            sum += value;
        }

        double mean = sum / x.Length, squares = 0;
        foreach (double value in x)
        {
            squares += (value - mean) * (value - mean);
        }

        return new(mean, squares / x.Length);
    }

    /// <summary>Of the elements that a walk visits from <paramref name="start"/> on.</summary>
    public static Moments Of(ReadOnlySpan<double> x, long start, ref AxisWalk walk)
    {
        double mean = Sum(x, start, ref walk, 0, squared: false) / walk.Count;
        return new(mean, Sum(x, start, ref walk, mean, squared: true) / walk.Count);
    }

    private static double Sum(ReadOnlySpan<double> x, long start, ref AxisWalk walk, double center, bool squared)
    {
        double sum = 0;
        walk.Reset();
        for (long row = 0; row < walk.Rows; row++, walk.MoveNext())
        {
            for (long k = 0; k < walk.RowLength; k++)
            {
                double value = x[(int)(start + walk.Offset + (k * walk.RowStride))] - center;
                sum += squared ? value * value : value;
            }
        }

        return sum;
    }
}
