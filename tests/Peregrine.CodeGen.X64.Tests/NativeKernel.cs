using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Peregrine.CodeGen.X64.Tests;

/// <summary>A kernel in executable memory, callable with up to 6 integer or pointer arguments.</summary>
internal sealed unsafe class NativeKernel : IDisposable
{
    private readonly CodeArena _arena;

    private NativeKernel(CodeArena arena, CompiledCode code) => (_arena, Code) = (arena, code);

    internal CompiledCode Code { get; }

    internal static NativeKernel Compile(KernelProgram program, InstructionSet set, SpillPolicy spills = SpillPolicy.Forbid, int vectorLimit = 0) =>
        Load(KernelCompiler.Compile(program, new CompileOptions { InstructionSet = set, Spills = spills, VectorRegisterLimit = vectorLimit, Convention = CallingConvention.SystemV }).GetCode());

    internal static NativeKernel Load(CompiledCode code) => CodeArena.Create(code.Options.Convention == CallingConvention.Windows ? [code, Thunk(code)] : [code]) switch
    {
        CodeArenaResult.Placed placed => new NativeKernel(placed.Arena, code),
        CodeArenaResult.Refused refused => throw new InvalidOperationException(refused.Message),
        _ => throw new InvalidOperationException(),
    };

    internal static void Require(InstructionSet set, CpuFeatures more = CpuFeatures.None)
    {
        Assert.SkipUnless(set.IsSupportedBy(HostCpu.Features) && (HostCpu.Features & more) == more, $"this CPU has not {set} with {more}");
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the tests call by the System V convention");
    }

    internal void Call(long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) =>
        ((delegate* unmanaged<long, long, long, long, long, long, void>)_arena.EntryOf(_arena.Count - 1))(a, b, c, d, e, f);

    internal void Call(void* a, void* b, long c = 0, long d = 0, long e = 0, long f = 0) => Call((long)a, (long)b, c, d, e, f);

    // Called by the System V convention, calls the kernel in front of it by that of Windows.
    private static CompiledCode Thunk(CompiledCode code)
    {
        var a = new Assembler(64);
        a.sub(rsp, 56);
        a.mov(__qword_ptr[rsp + 40], r9);
        a.mov(__qword_ptr[rsp + 32], r8);
        a.mov(r9, rcx);
        a.mov(r8, rdx);
        a.mov(rdx, rsi);
        a.mov(rcx, rdi);
        a.call(0x10000);
        a.add(rsp, 56);
        a.ret();
        using var stream = new MemoryStream();
        a.Assemble(new StreamCodeWriter(stream), 0x10000 + (ulong)((code.Bytes.Length + 63) & ~63));
        return new CompiledCode(code.Program, code.Options, stream.ToArray(), (int)stream.Length, (int)stream.Length);
    }

    public void Dispose() => _arena.Dispose();
}
