using System.Runtime.InteropServices;

namespace Peregrine.CodeGen.X64.Tests;

public sealed unsafe class GemmTests
{
    public static TheoryData<bool, int, int> Tiles => new() { { true, 14, 2 }, { true, 6, 4 }, { true, 1, 1 }, { false, 6, 2 }, { false, 4, 3 }, { false, 1, 4 } };

    [Theory]
    [MemberData(nameof(Tiles))]
    public void F32_equals_a_scalar_loop_of_fused_multiply_adds_bit_by_bit(bool wide, int rows, int vectors)
    {
        InstructionSet set = wide ? InstructionSet.Avx512 : InstructionSet.Avx2;
        NativeKernel.Require(set);
        foreach (int k in (int[])[0, 1, 3, 4, 7, 64, 129])
        {
            Case test = Case.Random(DotKind.F32, set.Lanes, rows, vectors, k, seed: k + 1);
            test.Check(set, (sum, a, b) => BitConverter.SingleToUInt32Bits(MathF.FusedMultiplyAdd(F(a), F(b), F(sum))), sum => BitConverter.SingleToUInt32Bits(F(sum) > 0 ? F(sum) : 0f));
        }
    }

    [Fact]
    public void Bf16_equals_the_rules_of_vdpbf16ps()
    {
        NativeKernel.Require(InstructionSet.Avx512, CpuFeatures.Avx512Bf16);
        foreach (int k in (int[])[1, 2, 3, 4, 5, 64, 200])
        {
            Case.Random(DotKind.Bf16, 16, 14, 2, k, seed: k).Check(InstructionSet.Avx512, Bf16Step, null);
        }
    }

    [Theory]
    [InlineData(true, 14, 2)]
    [InlineData(false, 6, 2)]
    public void U8_times_s8_equals_integer_arithmetic(bool wide, int rows, int vectors)
    {
        InstructionSet set = wide ? InstructionSet.Avx512 : InstructionSet.Avx2;
        NativeKernel.Require(set, wide ? CpuFeatures.Avx512Vnni : CpuFeatures.AvxVnni);
        foreach (int k in (int[])[1, 6, 64, 200])
        {
            Case.Random(DotKind.U8S8, set.Lanes, rows, vectors, k, seed: k).Check(set, U8S8Step, null);
        }
    }

    private static float F(uint bits) => BitConverter.UInt32BitsToSingle(bits);

    // Odd elements first, then even ones, each a fused multiply-add with denormals taken and given as zeros.
    private static uint Bf16Step(uint sum, uint a, uint b)
    {
        float odd = Flush(MathF.FusedMultiplyAdd(Flush(F(a & 0xFFFF0000)), Flush(F(b & 0xFFFF0000)), Flush(F(sum))));
        return BitConverter.SingleToUInt32Bits(Flush(MathF.FusedMultiplyAdd(Flush(F(a << 16)), Flush(F(b << 16)), odd)));
    }

    private static float Flush(float x) => MathF.Abs(x) < 1.17549435e-38f ? MathF.CopySign(0, x) : x;

    private static uint U8S8Step(uint sum, uint a, uint b)
    {
        int total = (int)sum;
        for (int shift = 0; shift < 32; shift += 8) { total += (byte)(a >> shift) * (sbyte)(b >> shift); }
        return (uint)total;
    }

    private sealed record Case(DotKind Kind, int Lanes, int Rows, int Vectors, int K)
    {
        private uint[] _a = [], _b = [], _bias = [];

        internal static Case Random(DotKind kind, int lanes, int rows, int vectors, int k, int seed)
        {
            var random = new Random(seed);
            uint Any() => kind switch
            {
                DotKind.F32 => BitConverter.SingleToUInt32Bits((float)(random.NextDouble() * 2 - 1)),
                DotKind.Bf16 => (uint)(Bf16(random, k <= 5) << 16 | Bf16(random, k <= 5)),
                _ => (uint)random.NextInt64(1L << 32),
            };
            return new Case(kind, lanes, rows, vectors, k)
            {
                _a = [.. Enumerable.Range(0, rows * k).Select(_ => Any())],
                _b = [.. Enumerable.Range(0, k * vectors * lanes).Select(_ => Any())],
                _bias = [.. Enumerable.Range(0, vectors * lanes).Select(_ => BitConverter.SingleToUInt32Bits((float)(random.NextDouble() * 2 - 1)))],
            };
        }

        // Wide exponents, so that the order of additions and the rounding between them show; all of them, so that denormals and overflows do.
        private static int Bf16(Random random, bool all) => random.Next(2) << 15 | (all ? random.Next(0, 255) : random.Next(100, 150)) << 7 | random.Next(128);

        internal void Check(InstructionSet set, Func<uint, uint, uint, uint> step, Func<uint, uint>? activation)
        {
            int columns = Vectors * Lanes;
            KernelProgram program = GemmKernels.Build(Kind, Lanes, Rows, Vectors, 4 * K, 4 * columns, activation is not null);
            using NativeKernel kernel = NativeKernel.Compile(program, set);
            Assert.Equal(0, kernel.Code.SpillSlots);
            uint[] actual = new uint[Rows * columns], expected = new uint[Rows * columns];
            fixed (uint* a = _a, b = _b, c = actual, bias = _bias) { kernel.Call(a, b, (long)c, (long)bias, K); }
            for (int row = 0; row < Rows; row++)
            {
                for (int column = 0; column < columns; column++)
                {
                    uint sum = 0;
                    for (int k = 0; k < K; k++) { sum = step(sum, _a[row * K + k], _b[k * columns + column]); }
                    if (activation is not null) { sum = activation(BitConverter.SingleToUInt32Bits(F(sum) + F(_bias[column]))); }
                    expected[row * columns + column] = sum;
                }
            }

            Assert.Equal(expected, actual);
        }
    }
}
