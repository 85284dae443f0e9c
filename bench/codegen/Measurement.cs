using System.Diagnostics;
using Peregrine.CodeGen.X64;
using Peregrine.CodeGen.X64.Tests;

namespace Peregrine.Bench.CodeGen;

/// <summary>Times what the code generator makes.</summary>
internal static unsafe class Measurement
{
    private const int Depth = 512, Calls = 100, Trips = 60_000, Chains = 14;

    public static void MicroKernel(InstructionSet set, int rows, int vectors, DotKind kind)
    {
        int columns = vectors * set.Lanes;
        CompiledCode code = Compile(GemmKernels.Build(kind, set.Lanes, rows, vectors, (4 * Depth) + 64, 4 * columns, false, 4), set);
        using CodeArena arena = Place(code), peakArena = Place(Compile(Peak(set, kind), set));
        float[] a = new float[(rows * (Depth + 16)) + 16], b = new float[(Depth * columns) + 16], c = new float[rows * columns];
        double best = double.MaxValue, bestPeak = double.MaxValue;
        fixed (float* ap = a, bp = b, cp = c)
        {
            float* aligned = (float*)(((nint)bp + 63) & ~63);
            for (int round = 0; round < 600; round++)
            {
                long start = Stopwatch.GetTimestamp();
                for (int i = 0; i < Calls; i++)
                {
                    Call(arena, (long)ap, (long)aligned, (long)cp, 0, Depth);
                }

                best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds / Calls);
                start = Stopwatch.GetTimestamp();
                Call(peakArena, Trips, 0, 0, 0, 0);
                bestPeak = Math.Min(bestPeak, Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
        }

        double work = 2.0 * rows * columns * Depth / best / 1e9, peak = 2.0 * Trips * Chains * set.Lanes / bestPeak / 1e9;
        Console.WriteLine($"{$"{kind} {set} {rows}x{columns}x{Depth}",-28} {work,14:f1} {peak,10:f1} {work / peak,8:p1} {code.Bytes.Length,6} B");
    }

    public static void Compilation()
    {
        KernelProgram program = GemmKernels.Build(DotKind.F32, 16, 14, 2, 4096, 4096, true);
        double best = double.MaxValue, first = 0;
        for (int round = 0; round < 300; round++)
        {
            long start = Stopwatch.GetTimestamp();
            Compile(program, InstructionSet.Avx512);
            double elapsed = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            first = round == 0 ? elapsed : first;
            best = Math.Min(best, elapsed);
        }

        Console.WriteLine($"compiling and checking a 14x32 kernel: first {first:f1} ms, best {best:f2} ms");
    }

    // 14 independent chains cover a latency of 6 at two per cycle.
    private static KernelProgram Peak(InstructionSet set, DotKind kind)
    {
        KernelBuilder p = new("peak", set.Lanes);
        VReg count = p.Argument("count", ArgumentKind.Integer);
        VReg[] sums = [.. Enumerable.Range(0, Chains).Select(_ => p.Zero())];
        VReg x = p.Zero();
        p.Loop(count, 1, () =>
        {
            foreach (VReg sum in sums)
            {
                switch (kind)
                {
                    case DotKind.F32:
                        p.Fma(sum, x, x);
                        break;
                    case DotKind.Bf16:
                        p.DotBf16(sum, x, x);
                        break;
                    default:
                        p.DotU8S8(sum, x, x);
                        break;
                }
            }
        });
        return p.Build();
    }

    private static CompiledCode Compile(KernelProgram program, InstructionSet set) =>
        KernelCompiler.Compile(program, new CompileOptions { InstructionSet = set, Convention = CallingConvention.SystemV }).GetCode();

    private static CodeArena Place(CompiledCode code) => CodeArena.Create([code]) switch
    {
        CodeArenaResult.Placed placed => placed.Arena,
        CodeArenaResult.Refused refused => throw new InvalidOperationException(refused.Message),
        _ => throw new InvalidOperationException(),
    };

    private static void Call(CodeArena arena, long a, long b, long c, long d, long e) =>
        ((delegate* unmanaged<long, long, long, long, long, long, void>)arena.EntryOf(0))(a, b, c, d, e, 0);
}
