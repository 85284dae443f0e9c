using System.Numerics;
using System.Runtime.CompilerServices;

namespace Peregrine.Backends.Cpu.Normalization;

/// <summary>Passes over a contiguous row of floats. Sums are taken in vectors over short stretches, and over those in double.</summary>
internal static unsafe class FloatRows
{
    // Vectors per stretch: few enough that single precision suffices.
    private const int Stretch = 64;

    /// <summary>Σ(x − center), or Σ(x − center)².</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Sum(float* x, long count, float center, bool squared)
    {
        int width = Vector<float>.Count;
        Vector<float> middle = new(center);
        double total = 0;
        long i = 0;
        while (i + (2 * width) <= count)
        {
            Vector<float> a = Vector<float>.Zero, b = Vector<float>.Zero;
            long end = Math.Min(count, i + (Stretch * width));
            if (squared)
            {
                for (; i + (2 * width) <= end; i += 2 * width)
                {
                    Vector<float> u = *(Vector<float>*)(x + i) - middle, v = *(Vector<float>*)(x + i + width) - middle;
                    a += u * u;
                    b += v * v;
                }
            }
            else
            {
                for (; i + (2 * width) <= end; i += 2 * width)
                {
                    a += *(Vector<float>*)(x + i) - middle;
                    b += *(Vector<float>*)(x + i + width) - middle;
                }
            }

            total += Vector.Sum(a + b);
        }

        for (; i < count; i++)
        {
            double value = x[i] - (double)center;
            total += squared ? value * value : value;
        }

        return total;
    }

    /// <summary>The largest element, NaN if there is one; −∞ of none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Largest(float* x, long count)
    {
        int width = Vector<float>.Count;
        float largest = float.NegativeInfinity;
        long i = 0;
        if (count >= width)
        {
            Vector<float> a = *(Vector<float>*)x, b = a;
            for (i = width; i + (2 * width) <= count; i += 2 * width)
            {
                a = Vector.Max(a, *(Vector<float>*)(x + i));
                b = Vector.Max(b, *(Vector<float>*)(x + i + width));
            }

            a = Vector.Max(a, b);
            for (int lane = 0; lane < width; lane++)
            {
                largest = MathF.Max(largest, a[lane]);
            }
        }

        for (; i < count; i++)
        {
            largest = MathF.Max(largest, x[i]);
        }

        return largest;
    }

    /// <summary>y = e^(x − shift), or y = x − shift alone; the sum of e^(x − shift) is returned.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Exponentials(float* x, float* y, long count, float shift, bool keepsDifference)
    {
        int width = Vector<float>.Count;
        Vector<float> middle = new(shift);
        double total = 0;
        long i = 0;
        while (i + width <= count)
        {
            Vector<float> sum = Vector<float>.Zero;
            for (long end = Math.Min(count, i + (Stretch * width)); i + width <= end; i += width)
            {
                Vector<float> difference = *(Vector<float>*)(x + i) - middle, power = VectorExp.Of(difference);
                *(Vector<float>*)(y + i) = keepsDifference ? difference : power;
                sum += power;
            }

            total += Vector.Sum(sum);
        }

        if (i < count)
        {
            // The rest in a vector of its own, filled up with what has the exponential 0.
            float* rest = stackalloc float[width];
            int length = (int)(count - i);
            new Span<float>(rest, width).Fill(float.NegativeInfinity);
            new Span<float>(x + i, length).CopyTo(new(rest, length));
            Vector<float> difference = *(Vector<float>*)rest - middle, power = VectorExp.Of(difference);
            *(Vector<float>*)rest = keepsDifference ? difference : power;
            new Span<float>(rest, length).CopyTo(new(y + i, length));
            total += Vector.Sum(power);
        }

        return total;
    }

    /// <summary>y = y · factor + summand.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale(float* y, long count, float factor, float summand)
    {
        int width = Vector<float>.Count;
        Vector<float> f = new(factor), s = new(summand);
        long i = 0;
        for (; i + width <= count; i += width)
        {
            *(Vector<float>*)(y + i) = (*(Vector<float>*)(y + i) * f) + s;
        }

        for (; i < count; i++)
        {
            y[i] = (y[i] * factor) + summand;
        }
    }

    /// <summary>y = (x − mean) · inverse · scale + bias, with one scale and bias for all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Affine(float* x, float* y, long count, float mean, float factor, float bias)
    {
        int width = Vector<float>.Count;
        Vector<float> m = new(mean), f = new(factor), b = new(bias);
        long i = 0;
        for (; i + width <= count; i += width)
        {
            *(Vector<float>*)(y + i) = ((*(Vector<float>*)(x + i) - m) * f) + b;
        }

        for (; i < count; i++)
        {
            y[i] = ((x[i] - mean) * factor) + bias;
        }
    }

    /// <summary>y = (x − mean) · inverse · scale + bias, element by element; no bias may be given.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Affine(float* x, float* y, long count, float mean, float inverse, float* scale, float* bias)
    {
        int width = Vector<float>.Count;
        Vector<float> m = new(mean), f = new(inverse);
        long i = 0;
        if (bias == null)
        {
            for (; i + width <= count; i += width)
            {
                *(Vector<float>*)(y + i) = (*(Vector<float>*)(x + i) - m) * f * *(Vector<float>*)(scale + i);
            }
        }
        else
        {
            for (; i + width <= count; i += width)
            {
                *(Vector<float>*)(y + i) = ((*(Vector<float>*)(x + i) - m) * f * *(Vector<float>*)(scale + i)) + *(Vector<float>*)(bias + i);
            }
        }

        for (; i < count; i++)
        {
            y[i] = ((x[i] - mean) * inverse * scale[i]) + (bias == null ? 0 : bias[i]);
        }
    }
}
