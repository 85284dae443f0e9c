namespace Peregrine.Backends.Cpu.Fourier;

/// <summary>
/// The passes of a discrete Fourier transform of a length 2^a·3^b, with their roots of unity. Passes are those of Stockham's self-sorting algorithm (W. T. Cochran et al., "What is the Fast Fourier
/// Transform?", 1967): pass by pass sequences become shorter and more, and the result is in order without a permutation.
/// </summary>
internal sealed class FourierLength
{
    private readonly Pass[] _passes;

    public FourierLength(int length)
    {
        Length = length;
        List<Pass> passes = [];
        for (int rest = length, stride = 1; rest > 1;)
        {
            int radix = rest % 4 == 0 ? 4 : rest % 3 == 0 ? 3 : rest % 2 == 0 ? 2 : throw new ArgumentException($"{length} has other factors than 2 and 3.", nameof(length));
            passes.Add(new(radix, rest / radix, stride, Roots(rest, radix)));
            (rest, stride) = (rest / radix, stride * radix);
        }

        _passes = [.. passes];
    }

    public int Length { get; }

    public ReadOnlySpan<Pass> Passes => _passes;

    /// <summary>Estimated cycles of one transform of complex vectors.</summary>
    public double Cycles
    {
        get
        {
            // Measured on vectors of 16 floats in the first-level cache: 9 cycles per element at 64, 11 at 96 and 128.
            double cycles = 20;
            foreach (Pass pass in _passes)
            {
                cycles += 10 + (Length * (pass.Radix switch { 4 => 3.3, 3 => 4.5, _ => 2.5 }));
            }

            return cycles;
        }
    }

    /// <summary>Whether a length has the factors 2 and 3 only, at most one 3.</summary>
    public static bool IsSupported(int length) => int.IsPow2(length) || (length % 3 == 0 && int.IsPow2(length / 3));

    // Pinned, because passes hold pointers while they run.
    private static float[] Roots(int length, int radix)
    {
        int count = length / radix;
        float[] roots = GC.AllocateArray<float>(count * (radix - 1) * 2, pinned: true);
        for (int p = 0; p < count; p++)
        {
            for (int k = 1; k < radix; k++)
            {
                (double sin, double cos) = Math.SinCos(-2 * Math.PI * ((long)p * k % length) / length);
                int at = ((p * (radix - 1)) + k - 1) * 2;
                (roots[at], roots[at + 1]) = ((float)cos, (float)sin);
            }
        }

        return roots;
    }

    /// <summary>One pass.</summary>
    /// <param name="Count">Butterflies per interleaved sequence.</param>
    /// <param name="Stride">Sequences that are interleaved.</param>
    /// <param name="Roots">Per butterfly its radix − 1 factors, real and imaginary parts; pinned.</param>
    internal readonly record struct Pass(int Radix, int Count, int Stride, float[] Roots);
}
