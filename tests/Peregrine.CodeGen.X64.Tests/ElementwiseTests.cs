namespace Peregrine.CodeGen.X64.Tests;

public sealed unsafe class ElementwiseTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_masked_tail_is_right_for_every_length_and_touches_nothing_else(bool wide)
    {
        InstructionSet set = wide ? InstructionSet.Avx512 : InstructionSet.Avx2;
        NativeKernel.Require(set);
        var p = new KernelBuilder("scale-shift-relu", set.Lanes);
        VReg src = p.Argument("src", ArgumentKind.ReadPointer), dst = p.Argument("dst", ArgumentKind.WritePointer), count = p.Argument("count", ArgumentKind.Integer);
        p.Loop(count, p.Lanes, TailMode.Masked, () =>
        {
            p.Store(dst, p.Max(p.MultiplyAdd(p.Load(src), p.Constant(2.5f), p.Constant(-0.75f)), p.Constant(0)));
            p.Advance(p.VectorBytes, src, dst);
        });
        using NativeKernel kernel = NativeKernel.Compile(p.Build(), set);
        var random = new Random(5);
        using var pages = new GuardedPages();
        for (int n = 0; n <= 70; n++)
        {
            // The source ends at the end of a readable page: reading one element more would end the process.
            float* input = (float*)pages.End - n;
            float[] output = new float[n + 64];
            Array.Fill(output, 777f);
            for (int i = 0; i < n; i++) { input[i] = (float)(random.NextDouble() * 4 - 2); }
            fixed (float* o = output) { kernel.Call(input, o + 32, n); }
            for (int i = 0; i < output.Length; i++)
            {
                float expected = i < 32 || i >= 32 + n ? 777f : Math.Max(MathF.FusedMultiplyAdd(input[i - 32], 2.5f, -0.75f), 0);
                Assert.Equal(expected, output[i]);
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_sum_over_rows_uses_reduction_and_blocks(bool wide)
    {
        InstructionSet set = wide ? InstructionSet.Avx512 : InstructionSet.Avx2;
        NativeKernel.Require(set);
        var p = new KernelBuilder("row-sums", set.Lanes, ArgumentPassing.Block);
        VReg src = p.Argument("src", ArgumentKind.ReadPointer), dst = p.Argument("dst", ArgumentKind.WritePointer);
        VReg rows = p.Argument("rows", ArgumentKind.Integer), columns = p.Argument("columns", ArgumentKind.Integer);
        p.Loop(rows, 1, () =>
        {
            VReg sum = p.Zero();
            p.Loop(columns, p.Lanes, TailMode.Masked, () =>
            {
                VReg updated = p.Add(sum, p.Load(src));
                p.Assign(sum, updated);
                p.Advance(p.VectorBytes, src);
            });
            VReg excess = p.Copy(columns);
            p.AddTo(excess, p.Lanes - 1);
            p.AndWith(excess, -p.Lanes);
            p.SubtractFrom(excess, columns);
            p.ShiftLeftBy(excess, 2);
            p.SubtractFrom(src, excess);
            p.StoreLane0(dst, p.Reduce(sum, p.Add));
            p.AddTo(dst, 4);
        });
        using NativeKernel kernel = NativeKernel.Compile(p.Build(), set);
        long* block = stackalloc long[4];
        foreach (int width in (int[])[1, 8, 13, 16, 31, 48])
        {
            float[] input = [.. Enumerable.Range(0, 5 * width).Select(i => (float)(i % 17))], output = new float[6];
            fixed (float* i = input, o = output)
            {
                (block[0], block[1], block[2], block[3]) = ((long)i, (long)o, 5, width);
                kernel.Call((long)block);
            }

            for (int row = 0; row < 5; row++) { Assert.Equal(input.AsSpan(row * width, width).ToArray().Sum(), output[row]); }
            Assert.Equal(0, output[5]);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Exp_is_within_two_units_in_the_last_place(bool wide)
    {
        InstructionSet set = wide ? InstructionSet.Avx512 : InstructionSet.Avx2;
        NativeKernel.Require(set);
        var p = new KernelBuilder("exp", set.Lanes);
        VReg src = p.Argument("src", ArgumentKind.ReadPointer), dst = p.Argument("dst", ArgumentKind.WritePointer), count = p.Argument("count", ArgumentKind.Integer);
        p.Loop(count, p.Lanes, TailMode.Masked, () =>
        {
            p.Store(dst, Exp(p, p.Load(src)));
            p.Advance(p.VectorBytes, src, dst);
        });
        using NativeKernel kernel = NativeKernel.Compile(p.Build(), set);
        const int n = 1 << 20;
        float[] input = [.. Enumerable.Range(0, n).Select(i => -104f + 193f * i / n)], output = new float[n];
        fixed (float* i = input, o = output) { kernel.Call(i, o, n); }
        double worst = 0;
        for (int i = 0; i < n; i++)
        {
            double exact = Math.Exp(input[i]);
            float rounded = (float)exact;
            if (float.IsInfinity(rounded))
            {
                Assert.Equal(rounded, output[i]);
                continue;
            }

            worst = Math.Max(worst, Math.Abs(output[i] - exact) / Math.Max(MathF.BitIncrement(rounded) - rounded, float.Epsilon));
        }

        TestContext.Current.SendDiagnosticMessage($"exp {set}: worst error {worst:f3} ulp");
        Assert.InRange(worst, 0.4, 1.5);
    }

    // exp(x) = 2^n · exp(r), n = round(x / ln 2), |r| ≤ ln 2 / 2; the polynomial is a minimax one of degree 6 for (exp(r) − 1 − r) / r².
    private static VReg Exp(KernelBuilder p, VReg x)
    {
        x = p.Max(p.Min(x, p.Constant(89f)), p.Constant(-104f));
        VReg n = p.Round(p.Multiply(x, p.Constant(1.44269504f)), RoundingMode.NearestEven);
        VReg r = p.Copy(x);
        p.FmaNegated(r, n, p.Constant(0.693145751953125f));
        p.FmaNegated(r, n, p.Constant(1.42860682030941723212e-6f));
        VReg y = p.Constant(1.9875691500e-4f);
        foreach (float c in (float[])[1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f]) { y = p.MultiplyAdd(y, r, p.Constant(c)); }
        VReg result = p.Add(p.MultiplyAdd(y, p.Multiply(r, r), r), p.Constant(1f));
        return p.ScaleByPowerOfTwo(result, n);
    }
}
