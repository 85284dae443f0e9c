using Peregrine.Backends.Cpu.Generation;
using Peregrine.CodeGen.X64;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Tests.Generation;

/// <summary>An expression as a kernel over float arrays of one length: y[i] = e(x0[i], x1[i], …). A bool operand is true where its float is not 0; a bool result is 1 or 0.</summary>
internal sealed unsafe class GeneratedKernel : IDisposable
{
    private readonly CodeArena _arena;
    private readonly int _operands;

    private GeneratedKernel(CodeArena arena, int operands) => (_arena, _operands) = (arena, operands);

    public static TheoryData<string> Sets { get; } = ["avx512", "avx2"];

    public static InstructionSet Require(string name)
    {
        InstructionSet set = name == "avx2" ? InstructionSet.Avx2 : InstructionSet.Avx512;
        Assert.SkipUnless(set.IsSupportedBy(HostCpu.Features), $"this CPU has not {set}");
        return set;
    }

    public static GeneratedKernel Compile(InstructionSet set, Expr e, params DataType[] types)
    {
        Assert.Null(EpilogueLowering.WhyNot(e, types));
        var p = new KernelBuilder("expression", set.Lanes, ArgumentPassing.Block);
        VReg[] x = [.. types.Select((_, i) => p.Argument($"x{i}", ArgumentKind.ReadPointer))];
        VReg y = p.Argument("y", ArgumentKind.WritePointer), count = p.Argument("count", ArgumentKind.Integer);
        p.Loop(count, p.Lanes, TailMode.Masked, () =>
        {
            VReg result = EpilogueLowering.Apply(p, e, i => p.Load(x[i]), types);
            p.Store(y, result.Class == RegisterClass.Mask ? p.Select(result, p.Constant(1), p.Constant(0)) : result);
            p.Advance(p.VectorBytes, [.. x, y]);
        });
        CompiledCode code = KernelCompiler.Compile(p.Build(), new CompileOptions { InstructionSet = set, Spills = SpillPolicy.Allow }).GetCode();
        return new(Assert.IsType<CodeArenaResult.Placed>(CodeArena.Create([code])).Arena, types.Length);
    }

    public float[] Run(params float[][] operands)
    {
        Assert.Equal(_operands, operands.Length);
        float[] result = new float[operands[0].Length];
        var pins = operands.Append(result).Select(o => System.Runtime.InteropServices.GCHandle.Alloc(o, System.Runtime.InteropServices.GCHandleType.Pinned)).ToArray();
        long* block = stackalloc long[_operands + 2];
        for (int i = 0; i <= _operands; i++) { block[i] = pins[i].AddrOfPinnedObject(); }
        block[_operands + 1] = result.Length;
        ((delegate* unmanaged<long*, void>)_arena.EntryOf(0))(block);
        foreach (var pin in pins) { pin.Free(); }
        return result;
    }

    public void Dispose() => _arena.Dispose();
}
