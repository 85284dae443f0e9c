using Peregrine.Backends.Cpu.Generation;
using Peregrine.CodeGen.X64;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Tests.Generation;

public sealed class EpilogueLoweringTests
{
    private static readonly Expr X = new OperandExpr(0), Y = new OperandExpr(1), Z = new OperandExpr(2);

    private static readonly float[] Special =
    [
        0, -0f, 1, -1, 0.5f, -0.5f, 2, -2, 3, -3, 2.5f, -2.5f, 6, 7, -7, 1e-3f, -1e-3f, 20, -20, 88, -88, 100, -100, 1e10f, -1e10f, 3e38f, -3e38f, 1e-38f, -1e-38f, 1e-45f, -1e-45f,
        float.PositiveInfinity, float.NegativeInfinity, float.NaN, -float.NaN,
    ];

    // Products of these neither overflow nor underflow in float32, which the reference, in double precision, would not do.
    private static readonly float[] Mild = [.. Special.Where(v => !float.IsFinite(v) || v == 0 || Math.Abs(v) is > 0.1f and < 200)];

    [Theory]
    [InlineData("avx512")]
    [InlineData("avx2")]
    public void Random_expressions_agree_with_the_reference(string set)
    {
        InstructionSet target = GeneratedKernel.Require(set);
        for (int seed = 0; seed < 150; seed++)
        {
            var random = new Random(seed);
            Expr e = Expr.Max(RandomExpr.Number(random, random.Next(1, 7)), X);
            DataType[] types = [DataType.Float32, DataType.Float32, DataType.Float32, DataType.Bool];
            float[][] operands = [.. Enumerable.Range(0, 4).Select(i => Values(random, 1003, i == 3))];
            using GeneratedKernel kernel = GeneratedKernel.Compile(target, e, types);
            Compare(e, operands, kernel.Run(operands));
        }
    }

    [Theory]
    [InlineData("avx512")]
    [InlineData("avx2")]
    public void Minimum_and_maximum_propagate_NaN(string set)
    {
        InstructionSet target = GeneratedKernel.Require(set);
        float[] x = [.. Special.SelectMany(_ => Special)], y = [.. Special.SelectMany(s => Enumerable.Repeat(s, Special.Length))];
        foreach (Expr e in (Expr[])[Expr.Max(X, Y), Expr.Min(X, Y), Expr.Max(X, 0) + Y, Expr.Min(0, X) + Y, Expr.Clamp(X, -1, 2) * Y, Expr.Clamp(X, Y, 3), Expr.Max(X, float.NaN) + Y])
        {
            using GeneratedKernel kernel = GeneratedKernel.Compile(target, e, DataType.Float32, DataType.Float32);
            Compare(e, [x, y], kernel.Run(x, y));
        }
    }

    [Fact]
    public void A_clamp_by_constants_is_two_instructions()
    {
        var p = new KernelBuilder("clamp", 16);
        VReg source = p.Argument("x", ArgumentKind.WritePointer);
        p.Store(source, EpilogueLowering.Apply(p, Expr.Clamp(X, 0, 6), _ => p.Load(source)));
        Assert.Equal([Opcode.Argument, Opcode.Load, Opcode.Constant, Opcode.Max, Opcode.Constant, Opcode.Min, Opcode.Store], p.Build().Instructions.Select(i => i.Op));
    }

    [Fact]
    public void Equal_parts_are_computed_once_and_products_join_sums()
    {
        var p = new KernelBuilder("silu", 16);
        VReg x = p.Argument("x", ArgumentKind.WritePointer);
        Expr shared() => Expr.Sqrt(X);
        int calls = 0;
        p.Store(x, EpilogueLowering.Apply(p, (shared() * shared()) + (X * 2) + shared(), _ => { calls++; return p.Load(x); }));
        Assert.Equal(1, calls);
        IEnumerable<Opcode> written = [.. p.Build().Instructions.Select(i => i.Op)];
        Assert.Single(written, Opcode.SquareRoot);
        Assert.Single(written, Opcode.Add);
    }

    [Theory]
    [InlineData(UnaryFunction.Tan, "Tan")]
    [InlineData(UnaryFunction.BitNot, "BitNot")]
    public void What_is_missing_is_told(UnaryFunction function, string word) =>
        Assert.Contains(word, EpilogueLowering.WhyNot(Expr.Apply(function, X), [DataType.Float32]), StringComparison.Ordinal);

    [Fact]
    public void Types_without_lowering_are_told()
    {
        Assert.Contains("f64", EpilogueLowering.WhyNot(X + 1, [DataType.Float64]), StringComparison.Ordinal);
        Assert.Contains("s64", EpilogueLowering.WhyNot(X.To(DataType.Int64), [DataType.Float32]), StringComparison.Ordinal);
        Assert.Contains("Power", EpilogueLowering.WhyNot(Expr.Apply(BinaryFunction.Power, X, Y), [DataType.Float32, DataType.Float32]), StringComparison.Ordinal);
        Assert.Contains("deep", EpilogueLowering.WhyNot(Enumerable.Range(0, 5000).Aggregate(X, (e, i) => e + Y), [DataType.Float32, DataType.Float32]), StringComparison.Ordinal);
        Assert.Null(EpilogueLowering.WhyNot(Expr.Select(Expr.Less(X, Y), Z, 1), [DataType.Float32, DataType.Float32, DataType.Float32]));
    }

    internal static void Compare(Expr e, float[][] operands, float[] actual, double tolerance = 2e-5, double ofOperand = 0)
    {
        Tensor[] tensors = [.. operands.Select((o, i) => i == 3 ? Tensor.Vector<bool>([.. o.Select(v => v != 0)]) : Tensor.Vector<float>(o))];
        var result = (Tensor)ReferenceEvaluator.Evaluate(new ExprOperator(e), "node", tensors, [], [true])[0]!;
        ReadOnlySpan<float> expected = result.Type == DataType.Bool ? result.Span<bool>().ToArray().Select(b => b ? 1f : 0f).ToArray() : result.Span<float>();
        for (int i = 0; i < actual.Length; i++)
        {
            bool close = float.IsNaN(expected[i]) ? float.IsNaN(actual[i]) : actual[i] == expected[i] || Math.Abs((double)actual[i] - expected[i]) <= (tolerance * Math.Abs(expected[i])) + (ofOperand == 0 || !float.IsFinite(operands[0][i]) ? 0 : ofOperand * Math.Abs(operands[0][i])) + 1e-42;
            Assert.True(close, $"{e} of ({string.Join(", ", operands.Select(o => o[i]))}) is {expected[i]}, came as {actual[i]}");
        }
    }

    private static float[] Values(Random random, int count, bool isBool) => [.. Enumerable.Range(0, count).Select(_ => isBool ? random.Next(2) : random.Next(4) == 0 ? Mild[random.Next(Mild.Length)] : (float)((random.NextDouble() * 8) - 4))];
}
