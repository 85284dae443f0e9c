using Iced.Intel;
using Peregrine.CodeGen.X64.Lint;
using static Iced.Intel.AssemblerRegisters;

namespace Peregrine.CodeGen.X64.Tests;

public sealed class LintTests
{
    // Arguments: rdi reads, rsi writes, rdx is an integer.
    public static TheoryData<string, string> Faults => new()
    {
        { "aligned", "demands alignment" }, { "no-vzeroupper", "does not follow vzeroupper" }, { "rbx", "returns with RBX changed" }, { "rbx-on-one-path", "returns with RBX changed" },
        { "push", "unbalanced stack" }, { "write-source", "writes through a pointer for reading" }, { "integer-address", "comes from no argument" }, { "red-zone", "outside of the stack frame" },
        { "return-address", "outside of the stack frame" }, { "outside", "leaves the code" }, { "call", "transfer of control" }, { "trap", "transfer of control" }, { "undeclared", "AVX512F, which is not declared" },
        { "sse", "SSE encoding" }, { "pool", "outside of the constants" }, { "pointer-on-one-path", "comes from no argument" }, { "pointer-sum", "comes from no argument" }, { "off-the-end", "runs off the end" },
        { "uninitialised", "comes from no argument" }, { "overwritten-save", "returns with RBX changed" }, { "scaled-pointer", "comes from no argument" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void Every_fault_is_found(string name, string finding)
    {
        IReadOnlyList<string> findings = Check(a => Fault(name, a), CallingConvention.SystemV);
        Assert.Contains(findings, f => f.Contains(finding, StringComparison.Ordinal));
    }

    [Fact]
    public void Sound_code_has_no_findings()
    {
        Assert.Empty(Check(a =>
        {
            a.push(rbx);
            a.mov(rbx, rdi);
            a.add(rbx, rdx);
            a.vmovups(ymm0, __ymmword_ptr[rbx + rdx * 4 + 8]);
            a.vmovups(__ymmword_ptr[rsi], ymm0);
            a.pop(rbx);
            End(a);
        }, CallingConvention.SystemV));
    }

    [Fact]
    public void Windows_code_must_keep_xmm6_to_xmm15()
    {
        Assert.Contains(Check(a => { a.vxorps(xmm6, xmm6, xmm6); End(a); }, CallingConvention.Windows), f => f.Contains("XMM6 changed", StringComparison.Ordinal));
        Assert.Contains(Check(a => { a.mov(rsi, rcx); End(a); }, CallingConvention.Windows), f => f.Contains("RSI changed", StringComparison.Ordinal));
        Assert.Empty(Check(a =>
        {
            a.sub(rsp, 24);
            a.vmovups(__xmmword_ptr[rsp], xmm6);
            a.vmovups(ymm6, __ymmword_ptr[rcx]);
            a.vmovups(__ymmword_ptr[rdx], ymm6);
            a.vmovups(xmm6, __xmmword_ptr[rsp]);
            a.add(rsp, 24);
            End(a);
        }, CallingConvention.Windows));
    }

    private static void Fault(string name, Assembler a)
    {
        Label label = a.CreateLabel();
        switch (name)
        {
            case "aligned": a.vmovaps(ymm0, __ymmword_ptr[rdi]); break;
            case "no-vzeroupper": a.nop(); a.ret(); return;
            case "rbx": a.mov(rbx, rdi); break;
            case "rbx-on-one-path": a.push(rbx); a.mov(rbx, rdi); a.cmp(rdx, 1); a.je(label); a.mov(rbx, __[rsp]); a.Label(ref label); a.add(rsp, 8); break;
            case "push": a.push(rax); break;
            case "write-source": a.vmovups(__ymmword_ptr[rdi], ymm0); break;
            case "integer-address": a.vmovups(ymm0, __ymmword_ptr[rdx]); break;
            case "red-zone": a.vmovups(__xmmword_ptr[rsp - 16], xmm0); break;
            case "return-address": a.mov(__qword_ptr[rsp], rax); break;
            case "outside": a.je(0x4000); break;
            case "call": a.call(rdi); break;
            case "trap": a.int3(); break;
            case "undeclared": a.vxorps(zmm0, zmm0, zmm0); a.vmovups(zmm17, zmm0); break;
            case "sse": a.addps(xmm0, xmm1); break;
            case "pool": a.Label(ref label); a.vmovups(ymm0, __ymmword_ptr[label]); break;
            case "pointer-on-one-path": a.cmp(rdx, 1); a.je(label); a.mov(rdi, rdx); a.Label(ref label); a.vmovups(ymm0, __ymmword_ptr[rdi]); break;
            case "pointer-sum": a.add(rdi, rsi); a.vmovups(ymm0, __ymmword_ptr[rdi]); break;
            case "off-the-end": a.nop(); return;
            case "uninitialised": a.vmovups(ymm0, __ymmword_ptr[r11]); break;
            case "overwritten-save": a.push(rbx); a.vmovups(__xmmword_ptr[rsp - 8], xmm0); a.sub(rsp, 8); a.mov(__qword_ptr[rsp + 8], rax); a.add(rsp, 8); a.pop(rbx); break;
            case "scaled-pointer": a.vmovups(ymm0, __ymmword_ptr[rsi + rdi * 2]); break;
        }

        End(a);
    }

    private static void End(Assembler a)
    {
        a.vzeroupper();
        a.ret();
    }

    private static IReadOnlyList<string> Check(Action<Assembler> write, CallingConvention convention)
    {
        var p = new KernelBuilder("lint", 8);
        p.Argument("source", ArgumentKind.ReadPointer);
        p.Argument("target", ArgumentKind.WritePointer);
        p.Argument("count", ArgumentKind.Integer);
        var assembler = new Assembler(64);
        write(assembler);
        using var stream = new MemoryStream();
        assembler.Assemble(new StreamCodeWriter(stream), 0);
        byte[] bytes = stream.ToArray();
        var options = new CompileOptions { InstructionSet = InstructionSet.Avx2, Features = InstructionSet.Avx2.RequiredFeatures, Convention = convention };
        return CodeLint.Check(new CompiledCode(p.Build(), options, bytes, bytes.Length, bytes.Length));
    }
}
