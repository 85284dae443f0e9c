using Peregrine.Bench.CodeGen;
using Peregrine.CodeGen.X64;
using Peregrine.CodeGen.X64.Tests;

// Micro-kernels against a peak loop of the same run: best of many runs of about 0.2 ms each (the clock may tick in 100 ns).
Console.WriteLine($"{"kernel",-28} {"G dword-op/s",14} {"peak",10} {"share",8} {"code",8}");
(InstructionSet Set, int Rows, int Vectors, DotKind Kind)[] cases =
[
    (InstructionSet.Avx512, 14, 2, DotKind.F32), (InstructionSet.Avx512, 6, 4, DotKind.F32), (InstructionSet.Avx512, 14, 2, DotKind.Bf16),
    (InstructionSet.Avx512, 14, 2, DotKind.U8S8), (InstructionSet.Avx2, 6, 2, DotKind.F32), (InstructionSet.Avx2, 4, 3, DotKind.F32),
];
foreach ((InstructionSet set, int rows, int vectors, DotKind kind) in cases)
{
    if (set.IsSupportedBy(HostCpu.Features))
    {
        Measurement.MicroKernel(set, rows, vectors, kind);
    }
    else
    {
        Console.WriteLine($"{kind} {set}: this CPU has it not");
    }
}

Measurement.Compilation();
return 0;
