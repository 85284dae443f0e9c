using System.Diagnostics;

namespace Peregrine.CodeGen.X64.Tests;

/// <summary>Measurements, run by name only: best of many runs of about 0.2 ms (the clock may tick in 100 ns) against a peak loop of the same run.</summary>
public sealed unsafe class ThroughputTests
{
    [Theory(Explicit = true)]
    [InlineData(true, 14, 2, 4, "F32")]
    [InlineData(true, 14, 2, 2, "F32")]
    [InlineData(true, 6, 4, 4, "F32")]
    [InlineData(true, 14, 2, 4, "Bf16")]
    [InlineData(true, 14, 2, 4, "U8S8")]
    [InlineData(false, 6, 2, 4, "F32")]
    [InlineData(false, 4, 3, 4, "F32")]
    public void Micro_kernels_reach_the_peak(bool wide, int rows, int vectors, int unroll, string kindName)
    {
        DotKind kind = Enum.Parse<DotKind>(kindName);
        InstructionSet set = wide ? InstructionSet.Avx512 : InstructionSet.Avx2;
        NativeKernel.Require(set);
        const int k = 512, calls = 100, trips = 60_000, chains = 14;
        int columns = vectors * set.Lanes;
        using NativeKernel gemm = NativeKernel.Compile(GemmKernels.Build(kind, set.Lanes, rows, vectors, 4 * k + 64, 4 * columns, false, unroll), set);
        using NativeKernel peak = NativeKernel.Compile(Peak(set, kind, chains), set);
        using var pages = new GuardedPages();
        float[] b = new float[k * columns + 16], c = new float[rows * columns];
        double best = double.MaxValue, bestPeak = double.MaxValue;
        fixed (float* bp = b, cp = c)
        {
            float* aligned = (float*)(((nint)bp + 63) & ~63);
            for (int round = 0; round < 600; round++)
            {
                long start = Stopwatch.GetTimestamp();
                for (int i = 0; i < calls; i++) { gemm.Call((void*)pages.Start, aligned, (long)cp, 0, k); }
                best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds / calls);
                start = Stopwatch.GetTimestamp();
                peak.Call(trips);
                bestPeak = Math.Min(bestPeak, Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
        }

        double work = 2.0 * rows * columns * k / best / 1e9, peakWork = 2.0 * trips * chains * set.Lanes / bestPeak / 1e9;
        TestContext.Current.SendDiagnosticMessage($"{kind} {set} {rows}x{columns}x{k} unroll {unroll}: {work:f1} Gdwordop/s, peak {peakWork:f1}, ratio {work / peakWork:p1}, code {gemm.Code.Bytes.Length} bytes, {best * 1e9:f1} ns, peak loop {bestPeak * 1e9:f1} ns");
        Assert.True(work > 0.85 * peakWork);
    }

    [Fact(Explicit = true)]
    public void Compiling_takes_little_time()
    {
        var options = new CompileOptions { InstructionSet = InstructionSet.Avx512 };
        KernelProgram program = GemmKernels.Build(DotKind.F32, 16, 14, 2, 4096, 4096, true);
        double best = double.MaxValue, first = 0;
        for (int round = 0; round < 300; round++)
        {
            long start = Stopwatch.GetTimestamp();
            KernelCompiler.Compile(program, options).GetCode();
            double elapsed = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            if (round == 0) { first = elapsed; }
            best = Math.Min(best, elapsed);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        KernelCompiler.Compile(program, options).GetCode();
        TestContext.Current.SendDiagnosticMessage($"compile 14x32: first {first:f1} ms, best {best:f3} ms, {(GC.GetAllocatedBytesForCurrentThread() - before) / 1024} KiB");
        Assert.InRange(best, 0, 20);
    }

    // 14 independent chains cover latency 6 at two per cycle.
    private static KernelProgram Peak(InstructionSet set, DotKind kind, int chains)
    {
        var p = new KernelBuilder("peak", set.Lanes);
        VReg count = p.Argument("count", ArgumentKind.Integer);
        VReg[] sums = [.. Enumerable.Range(0, chains).Select(_ => p.Zero())];
        VReg x = p.Zero();
        p.Loop(count, 1, () =>
        {
            foreach (VReg sum in sums)
            {
                if (kind == DotKind.F32) { p.Fma(sum, x, x); }
                else if (kind == DotKind.Bf16) { p.DotBf16(sum, x, x); }
                else { p.DotU8S8(sum, x, x); }
            }
        });
        return p.Build();
    }
}
