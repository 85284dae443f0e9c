using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Peregrine.Backends.Cpu.Fourier;

/// <summary>Transforms sequences of complex vectors: each lane is a sequence of its own. An element is a vector of real parts, followed by one of imaginary parts.</summary>
internal static unsafe class FourierTransform<TOps, T> where TOps : struct, IFloatVector<T> where T : unmanaged
{
    /// <summary>Transforms a sequence, out of place or in place.</summary>
    /// <param name="sourceStep">Floats from element to element.</param>
    /// <param name="first">Memory for a dense sequence, none of source or target.</param>
    /// <param name="second">Another.</param>
    /// <param name="inverse">Whether to transform back, without dividing by the length: transforming forth with real and imaginary parts exchanged.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(FourierLength length, float* source, nint sourceStep, float* target, nint targetStep, float* first, float* second, bool inverse)
    {
        ReadOnlySpan<FourierLength.Pass> passes = length.Passes;
        nint dense = 2 * TOps.Count;
        if (passes.Length == 0)
        {
            TOps.Store(target, TOps.Load(source));
            TOps.Store(target + TOps.Count, TOps.Load(source + TOps.Count));
            return;
        }

        for (int i = 0; i < passes.Length; i++)
        {
            bool isLast = i == passes.Length - 1;
            float* to = isLast ? target : i % 2 == 0 ? first : second;
            nint toStep = isLast ? targetStep : dense;
            switch (passes[i].Radix)
            {
                case 4: Four(passes[i], source, sourceStep, to, toStep, inverse); break;
                case 3: Three(passes[i], source, sourceStep, to, toStep, inverse); break;
                default: Two(passes[i], source, sourceStep, to, toStep, inverse); break;
            }

            source = to;
            sourceStep = toStep;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(FourierLength.Pass pass, float* x, nint xStep, float* y, nint yStep, bool inverse)
    {
        nint re = inverse ? TOps.Count : 0, im = inverse ? 0 : TOps.Count, quarter = (nint)pass.Count * pass.Stride * xStep, out1 = pass.Stride * yStep;
        float* roots = Pointer(pass.Roots);
        for (int p = 0; p < pass.Count; p++, roots += 6, y += 3 * out1)
        {
            T u1 = TOps.Broadcast(roots[0]), v1 = TOps.Broadcast(roots[1]), u2 = TOps.Broadcast(roots[2]), v2 = TOps.Broadcast(roots[3]), u3 = TOps.Broadcast(roots[4]), v3 = TOps.Broadcast(roots[5]);
            for (int q = 0; q < pass.Stride; q++, x += xStep, y += yStep)
            {
                T ar = TOps.Load(x + re), ai = TOps.Load(x + im), cr = TOps.Load(x + (2 * quarter) + re), ci = TOps.Load(x + (2 * quarter) + im);
                T sr = TOps.Add(ar, cr), si = TOps.Add(ai, ci), dr = TOps.Subtract(ar, cr), di = TOps.Subtract(ai, ci);
                T br = TOps.Load(x + quarter + re), bi = TOps.Load(x + quarter + im), er = TOps.Load(x + (3 * quarter) + re), ei = TOps.Load(x + (3 * quarter) + im);
                T tr = TOps.Add(br, er), ti = TOps.Add(bi, ei), fr = TOps.Subtract(br, er), fi = TOps.Subtract(bi, ei);
                TOps.Store(y + re, TOps.Add(sr, tr));
                TOps.Store(y + im, TOps.Add(si, ti));

                // d − i·f, s − t and d + i·f.
                T r1 = TOps.Add(dr, fi), i1 = TOps.Subtract(di, fr), r2 = TOps.Subtract(sr, tr), i2 = TOps.Subtract(si, ti), r3 = TOps.Subtract(dr, fi), i3 = TOps.Add(di, fr);
                if (p == 0)
                {
                    TOps.Store(y + out1 + re, r1);
                    TOps.Store(y + out1 + im, i1);
                    TOps.Store(y + (2 * out1) + re, r2);
                    TOps.Store(y + (2 * out1) + im, i2);
                    TOps.Store(y + (3 * out1) + re, r3);
                    TOps.Store(y + (3 * out1) + im, i3);
                    continue;
                }

                StoreProduct(y + out1, re, im, r1, i1, u1, v1);
                StoreProduct(y + (2 * out1), re, im, r2, i2, u2, v2);
                StoreProduct(y + (3 * out1), re, im, r3, i3, u3, v3);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Three(FourierLength.Pass pass, float* x, nint xStep, float* y, nint yStep, bool inverse)
    {
        nint re = inverse ? TOps.Count : 0, im = inverse ? 0 : TOps.Count, third = (nint)pass.Count * pass.Stride * xStep, out1 = pass.Stride * yStep;
        T minusHalf = TOps.Broadcast(-0.5f), root = TOps.Broadcast(-0.86602540378443864676f), minusRoot = TOps.Broadcast(0.86602540378443864676f);
        float* roots = Pointer(pass.Roots);
        for (int p = 0; p < pass.Count; p++, roots += 4, y += 2 * out1)
        {
            T u1 = TOps.Broadcast(roots[0]), v1 = TOps.Broadcast(roots[1]), u2 = TOps.Broadcast(roots[2]), v2 = TOps.Broadcast(roots[3]);
            for (int q = 0; q < pass.Stride; q++, x += xStep, y += yStep)
            {
                T ar = TOps.Load(x + re), ai = TOps.Load(x + im), br = TOps.Load(x + third + re), bi = TOps.Load(x + third + im), cr = TOps.Load(x + (2 * third) + re), ci = TOps.Load(x + (2 * third) + im);
                T sr = TOps.Add(br, cr), si = TOps.Add(bi, ci), dr = TOps.Subtract(br, cr), di = TOps.Subtract(bi, ci);
                TOps.Store(y + re, TOps.Add(ar, sr));
                TOps.Store(y + im, TOps.Add(ai, si));
                T hr = TOps.MultiplyAdd(sr, minusHalf, ar), hi = TOps.MultiplyAdd(si, minusHalf, ai);

                // With r = −√3/2: h + i·r·d and h − i·r·d.
                T r1 = TOps.MultiplyAdd(di, minusRoot, hr), i1 = TOps.MultiplyAdd(dr, root, hi), r2 = TOps.MultiplyAdd(di, root, hr), i2 = TOps.MultiplyAdd(dr, minusRoot, hi);
                StoreProduct(y + out1, re, im, r1, i1, u1, v1);
                StoreProduct(y + (2 * out1), re, im, r2, i2, u2, v2);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Two(FourierLength.Pass pass, float* x, nint xStep, float* y, nint yStep, bool inverse)
    {
        nint re = inverse ? TOps.Count : 0, im = inverse ? 0 : TOps.Count, half = (nint)pass.Count * pass.Stride * xStep, out1 = pass.Stride * yStep;
        float* roots = Pointer(pass.Roots);
        for (int p = 0; p < pass.Count; p++, roots += 2, y += out1)
        {
            T u = TOps.Broadcast(roots[0]), v = TOps.Broadcast(roots[1]);
            for (int q = 0; q < pass.Stride; q++, x += xStep, y += yStep)
            {
                T ar = TOps.Load(x + re), ai = TOps.Load(x + im), br = TOps.Load(x + half + re), bi = TOps.Load(x + half + im);
                TOps.Store(y + re, TOps.Add(ar, br));
                TOps.Store(y + im, TOps.Add(ai, bi));
                StoreProduct(y + out1, re, im, TOps.Subtract(ar, br), TOps.Subtract(ai, bi), u, v);
            }
        }
    }

    /// <summary>Stores (r + i·j)(u + i·v).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreProduct(float* y, nint re, nint im, T r, T j, T u, T v)
    {
        TOps.Store(y + re, TOps.Subtract(TOps.Multiply(r, u), TOps.Multiply(j, v)));
        TOps.Store(y + im, TOps.MultiplyAdd(r, v, TOps.Multiply(j, u)));
    }

    // Safe: the array is pinned, and its owner is alive as long as the transform runs.
    private static float* Pointer(float[] pinned) => (float*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(pinned));
}
