using System.Numerics;

namespace Peregrine.Operators;

/// <summary>
/// The discrete Fourier transform of complex vectors of one length: radix 2 for powers of two, else Bluestein's chirp (L. Bluestein, "A linear filtering approach to the
/// computation of discrete Fourier transform", 1970), which turns it into a convolution of a power of two.
/// </summary>
internal sealed class FourierTransform
{
    private readonly int _length;
    private readonly bool _inverse;
    private readonly int _padded;
    private readonly Complex[] _roots;
    private readonly Complex[] _chirp = [];
    private readonly Complex[] _filter = [];
    private readonly Complex[] _work = [];

    /// <param name="length">At least 1.</param>
    /// <param name="inverse">Whether e^(+2πi…) is meant, with the result divided by the length.</param>
    public FourierTransform(int length, bool inverse)
    {
        _length = length;
        _inverse = inverse;
        bool isPowerOfTwo = BitOperations.IsPow2(length);
        _padded = isPowerOfTwo ? length : checked((int)BitOperations.RoundUpToPowerOf2((uint)((2L * length) - 1)));
        _roots = new Complex[_padded / 2];
        for (int i = 0; i < _roots.Length; i++)
        {
            _roots[i] = Root(i, _padded, false);
        }

        if (isPowerOfTwo)
        {
            return;
        }

        _chirp = new Complex[length];
        _filter = new Complex[_padded];
        _work = new Complex[_padded];
        for (int i = 0; i < length; i++)
        {
            // i² is reduced exactly before it becomes an angle; large angles would lose their digits.
            _chirp[i] = Root((long)i * i % (2L * length), 2L * length, inverse);
            _filter[i] = Complex.Conjugate(_chirp[i]);
            _filter[(_padded - i) % _padded] = _filter[i];
        }

        Radix2(_filter, false);
    }

    public bool Serves(int length, bool inverse) => length == _length && inverse == _inverse;

    /// <summary>Transforms in place; <paramref name="data"/> has the length of this transform.</summary>
    public void Run(Span<Complex> data)
    {
        if (_chirp.Length == 0)
        {
            Radix2(data, _inverse);
        }
        else
        {
            Bluestein(data);
        }

        for (int i = 0; _inverse && i < data.Length; i++)
        {
            data[i] /= _length;
        }
    }

    private static Complex Root(long index, long length, bool inverse)
    {
        (double sine, double cosine) = Math.SinCos(2 * Math.PI * index / length);
        return new(cosine, inverse ? sine : -sine);
    }

    private void Bluestein(Span<Complex> data)
    {
        Array.Clear(_work);
        for (int i = 0; i < _length; i++)
        {
            _work[i] = data[i] * _chirp[i];
        }

        Radix2(_work, false);
        for (int i = 0; i < _padded; i++)
        {
            _work[i] *= _filter[i];
        }

        Radix2(_work, true);
        for (int i = 0; i < _length; i++)
        {
            data[i] = _work[i] / _padded * _chirp[i];
        }
    }

    private void Radix2(Span<Complex> data, bool inverse)
    {
        for (int i = 1, j = 0; i < data.Length; i++)
        {
            int bit = data.Length >> 1;
            for (; (j & bit) != 0; bit >>= 1)
            {
                j ^= bit;
            }

            j ^= bit;
            if (i < j)
            {
                (data[i], data[j]) = (data[j], data[i]);
            }
        }

        for (int half = 1; half < data.Length; half *= 2)
        {
            int step = data.Length / (2 * half);
            for (int start = 0; start < data.Length; start += 2 * half)
            {
                for (int k = 0; k < half; k++)
                {
                    Complex root = inverse ? Complex.Conjugate(_roots[k * step]) : _roots[k * step];
                    Complex odd = data[start + k + half] * root;
                    data[start + k + half] = data[start + k] - odd;
                    data[start + k] += odd;
                }
            }
        }
    }
}
