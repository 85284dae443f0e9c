using System.Runtime.InteropServices;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Tuning;

/// <summary>With what kind of values kernels are tried.</summary>
internal enum TrialKind
{
    /// <summary>Ordinary numbers around 0.</summary>
    Random,
    /// <summary>±0, denormal numbers, constants, alternating signs, magnitudes from 2^-20 to 2^10; extremes among the integers.</summary>
    Adversarial,
    /// <summary>Magnitudes at which sigmoid, tanh and integer sums saturate; runs of the smallest and largest integers.</summary>
    Saturating,
    /// <summary>Ordinary numbers above 0, for operators that make nothing but NaN of others.</summary>
    Positive,
}

/// <summary>Makes the values of operands. The same question gives the same values, in every process.</summary>
internal static class TrialValues
{
    // A prime: repetitions of the pattern never line up with rows, channels or vectors.
    private const int Period = 65521;

    /// <summary>Values for input number <paramref name="input"/>, row-major.</summary>
    public static Tensor Make(TrialKind kind, KernelRequest request, OperandExtents extents, int input)
    {
        KernelOperand operand = request.Inputs[input];
        if (operand.Contents is { } contents)
        {
            return contents;
        }

        ReadOnlySpan<long> dims = extents.Inputs[input].AsSpan();
        Tensor tensor = Tensor.Allocate(operand.Type, dims);
        Generator random = new((uint)((input * 7919) + ((int)kind * 104729) + 1));
        if (operand.Type.Bits() < 8)
        {
            foreach (ref byte pair in tensor.Data.Span)
            {
                pair = (byte)random.Next();
            }

            return tensor;
        }

        Tensor pattern = Tensor.Allocate(operand.Type, [Math.Min(tensor.Length, Period)]);
        FillPattern(kind, request, extents, operand, pattern, random);
        for (int at = 0; at < tensor.Data.Length; at += pattern.Data.Length)
        {
            int length = Math.Min(pattern.Data.Length, tensor.Data.Length - at);
            pattern.Data.Span[..length].CopyTo(tensor.Data.Span[at..]);
        }

        return tensor;
    }

    private static void FillPattern(TrialKind kind, KernelRequest request, OperandExtents extents, KernelOperand operand, Tensor pattern, Generator random)
    {
        DataType type = operand.Type;
        if (type is DataType.Complex64 or DataType.Complex128)
        {
            // Parts are kept small and exact in both types.
            Span<byte> data = pattern.Data.Span;
            for (int i = 0; i < data.Length / (type.Bits() / 16); i++)
            {
                if (type == DataType.Complex64)
                {
                    MemoryMarshal.Cast<byte, float>(data)[i] = (float)random.Normal();
                }
                else
                {
                    MemoryMarshal.Cast<byte, double>(data)[i] = random.Normal();
                }
            }
        }
        else if (type.IsFloat())
        {
            // A float beside 8-bit numbers that is no tensor of data is their scale.
            bool isScale = operand.Dims.Count <= 1 && request.Inputs.Concat(request.Outputs).Any(o => o.Type is DataType.Int8 or DataType.UInt8);
            float[] values = new float[pattern.Length];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = isScale ? 0.01f + (0.09f * random.Unit()) : Float(kind, i, random);
            }

            ElementConversion.Store<float>(values, pattern);
        }
        else
        {
            long[] values = new long[pattern.Length];
            (long min, long max) = Range(request, extents, type);
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = kind switch
                {
                    TrialKind.Adversarial => (random.Next() & 7) switch { 0 => min, 1 => max, 2 or 3 => Math.Clamp(i & 1, min, max), _ => random.Between(min, max) },
                    // Runs of 64 are longer than any vector, so that whole sums are extreme.
                    TrialKind.Saturating => (i & 64) == 0 ? max : min,
                    _ => random.Between(min, max),
                };
            }

            ElementConversion.Store<long>(values, pattern);
        }
    }

    private static float Float(TrialKind kind, int i, Generator random)
    {
        switch (kind)
        {
            case TrialKind.Adversarial:
                return (random.Next() & 15) switch
                {
                    0 => 0f,
                    1 => -0f,
                    2 => 1e-40f,
                    3 => -3e-42f,
                    4 or 5 => 1f,
                    6 or 7 => (i & 1) == 0 ? 1f : -1f,
                    8 => random.Normal() * 1024,
                    9 or 10 => random.Normal() / (1 << 20),
                    _ => random.Normal(),
                };
            case TrialKind.Saturating:
                return random.Normal() * 30;
            case TrialKind.Positive:
                return 0.5f + Math.Abs(random.Normal());
            default:
                return random.Normal();
        }
    }

    /// <summary>The values that an integer operand may have. 32 and 64 bits beside other types are taken for indices, which must lie within what they index.</summary>
    private static (long Min, long Max) Range(KernelRequest request, OperandExtents extents, DataType type)
    {
        switch (type)
        {
            case DataType.Bool: return (0, 1);
            case DataType.UInt8: return (0, 255);
            case DataType.Int8: return (-128, 127);
            case DataType.UInt16: return (0, 65535);
            case DataType.Int16: return (-32768, 32767);
        }

        if (request.Inputs.Any(o => o.Role != OperandRole.Absent && o.Type != type))
        {
            long smallest = extents.Inputs[0].Count == 0 ? 1 : extents.Inputs[0].Min();
            return (0, Math.Max(0, smallest - 1));
        }

        return type.IsUnsignedInteger() ? (0, 1000) : (-1000, 1000);
    }

    /// <summary>xorshift32 (G. Marsaglia, "Xorshift RNGs", 2003): plain, quick and the same everywhere.</summary>
    private sealed class Generator(uint seed)
    {
        private uint _state = (seed * 2654435761) | 1;

        public uint Next()
        {
            _state ^= _state << 13;
            _state ^= _state >> 17;
            _state ^= _state << 5;
            return _state;
        }

        /// <summary>In [0, 1).</summary>
        public float Unit() => (Next() >> 8) * (1f / (1 << 24));

        /// <summary>Mean 0, variance 1: the sum of three uniform numbers, which is bell-shaped enough.</summary>
        public float Normal() => (Unit() + Unit() + Unit() - 1.5f) * 2;

        public long Between(long min, long max) => min + (long)((ulong)Next() % (ulong)(max - min + 1));
    }
}
