using Peregrine.Backends.Cpu.Generation;
using Peregrine.Backends.Cpu.Pointwise;
using Peregrine.CodeGen.X64;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;
using Peregrine.TestKit;

namespace Peregrine.Backends.Cpu.Tests.Pointwise;

public sealed class PointwiseTacticTests
{
    private static readonly Expr X = new OperandExpr(0), Y = new OperandExpr(1), Z = new OperandExpr(2);

    public static TheoryData<string, bool> Cases => [.. from s in (string[])["avx512", "avx2"] from k in (bool[])[true, false] select (s, k)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Operands_broadcast(string set, bool isStatic)
    {
        PointwiseTactic tactic = Tactic(set);
        long[][][] shapes =
        [
            [[2, 3, 4, 5], [2, 3, 4, 5]], [[2, 3, 4, 5], [5]], [[2, 3, 4, 5], [3, 1, 1]], [[2, 3, 4, 5], []], [[2, 3, 4, 5], [1, 3, 1, 5]], [[2, 3, 1, 5], [2, 1, 4, 1]], [[7], [7]], [[1], [1]], [[], []],
            [[20_001], [20_001]], [[20_001], [1]], [[3, 9000], [3, 1]], [[3, 9000], [9000]], [[1000, 3], [1000, 1]], [[0, 5], [5]], [[4, 0], [4, 1]], [[64, 1, 1], [64, 17, 33]], [[5, 1], [1, 6]], [[1, 1, 1], [2, 3, 4]],
            [[300, 17], [300, 17]],
        ];
        foreach (long[][] shape in shapes)
        {
            Harness((X * 2) - Y, isStatic, TestTensors.WildFloats(shape[0]), TestTensors.WildFloats(shape[1])).Check(tactic);
            Harness(Expr.Max(Y, X), isStatic, TestTensors.WildFloats(shape[1]), TestTensors.WildFloats(shape[0])).Check(tactic);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_dim_that_is_1_at_run_time_broadcasts(string set, bool isStatic)
    {
        // Not static: the request does not tell which dims are 1.
        PointwiseTactic tactic = Tactic(set);
        KernelRequest Hide(KernelRequest r)
        {
            KernelOperand Any(KernelOperand o) => o with { Dims = ValueList.From(o.Dims.Select(d => isStatic ? d : new KernelDim(0, long.MaxValue, 1))) };
            return r with { Anchor = null, Epilogue = X - Y, Inputs = ValueList.From(r.Inputs.Select(Any)), Outputs = ValueList.From(r.Outputs.Select(Any)) };
        }

        foreach ((long[] a, long[] b) in ((long[], long[])[])[([4, 33], [4, 1]), ([4, 33], [1, 33]), ([1, 1], [5, 20]), ([6, 1, 3], [6, 9, 1]), ([2, 1], [2, 1])])
        {
            new TacticHarness(new ExprOperator(X - Y), [TestTensors.Floats(a), TestTensors.Floats(b)]) { IsStatic = isStatic, Rephrase = Hide }.Check(tactic);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Channels_last_operands_keep_their_layout(string set, bool isStatic)
    {
        PointwiseTactic tactic = Tactic(set);
        foreach (long pixelStride in isStatic ? (long[])[0, 19, 40] : [0])
        {
            Harness(Expr.Max(X + Y, 0), isStatic, TestTensors.Floats(2, 19, 5, 6), TestTensors.Floats(2, 19, 5, 6)).ChannelsLast(pixelStride).Check(tactic);
            TacticHarness scaled = Harness(X * Y, isStatic, TestTensors.Floats(2, 19, 5, 6), TestTensors.Floats(19, 1, 1));
            scaled.ChannelsLast(pixelStride);
            scaled.InputLayouts[1] = Layout.RowMajor;
            scaled.Check(tactic);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Functions_are_as_exact_as_float32_allows(string set, bool isStatic)
    {
        PointwiseTactic tactic = Tactic(set);
        foreach (PointwiseOperator op in (PointwiseOperator[])[new Swish(), new Gelu(), new Mish(), new Tanh(), new Exp(), new Softplus()])
        {
            Expr body = op.Body(new Operands([DataType.Float32]));
            new TacticHarness(new ExprOperator(body), [TestTensors.WildFloats(5, 1001)])
            {
                IsStatic = isStatic, Tolerance = new Tolerance(2e-6, 1e-6), Rephrase = r => r with { Anchor = null, Epilogue = body },
            }.Check(tactic);
        }
    }

    [Fact]
    public void Truth_values_are_bytes()
    {
        PointwiseTactic tactic = Tactic("avx512");
        Tensor a = TestTensors.WildFloats(3, 41), b = TestTensors.WildFloats(41), c = TestTensors.Bits(DataType.Bool, 3, 41);
        Harness(Expr.Less(X, Y), true, a, b).Check(tactic);
        Harness(Expr.Select(Z, X, Y), true, a, b, c).Check(tactic);
        Harness(Expr.Apply(BinaryFunction.And, Expr.LessOrEqual(X, Y), Z), false, a, b, c).Check(tactic);
        Assert.Contains("bool", Harness(Expr.Select(Z, X, Y), true, a, b, TestTensors.Bits(DataType.Bool, 3, 1)).Decline(tactic), StringComparison.Ordinal);
        Assert.Contains("AVX-512", Harness(Expr.Select(Z, X, Y), true, a, b, c).Decline(Tactic("avx2")), StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_done_is_declined_with_a_reason()
    {
        PointwiseTactic tactic = Tactic("avx2");
        Tensor x = TestTensors.Floats(2, 3, 4, 5);
        Assert.Contains("Tan", Harness(Expr.Apply(UnaryFunction.Tan, X), true, x).Decline(tactic), StringComparison.Ordinal);
        Assert.Contains("s64", Harness(X + 1, true, TestTensors.Longs(1, 2)).Decline(tactic), StringComparison.Ordinal);
        TacticHarness mixed = Harness(X + Y, true, x, x);
        mixed.InputLayouts[1] = Layout.ChannelsLast(4);
        Assert.Contains("order", mixed.Decline(tactic), StringComparison.Ordinal);
        Assert.Contains("AVX2", Harness(X + 1, true, x).Decline(new PointwiseTactic(null)), StringComparison.Ordinal);
        Assert.NotNull(new TacticHarness(new Relu(), [x]).Decline(tactic));
    }

    private static PointwiseTactic Tactic(string set) => new(new GeneratorTarget(GeneratedKernel(set), HostCpu.Features));

    private static InstructionSet GeneratedKernel(string set) => Generation.GeneratedKernel.Require(set);

    private static TacticHarness Harness(Expr e, bool isStatic, params Tensor[] inputs) =>
        new(new ExprOperator(e), inputs) { IsStatic = isStatic, Rephrase = r => r with { Anchor = null, Epilogue = e } };
}
