using Peregrine.CodeGen.X64;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Tests.Generation;

/// <summary>Generated functions against the same text computed by <see cref="ScalarLanes"/>, bit by bit; its distance from double precision is tested with the library.</summary>
public sealed class FunctionTests
{
    private static readonly Expr X = new OperandExpr(0);

    private static readonly Dictionary<string, (Expr Expr, Func<ScalarLanes, float, float> Scalar)> Functions = new()
    {
        ["exp"] = (Expr.Exp(X), (m, x) => MathLibrary.Exp<ScalarLanes, float, bool>(m, x)),
        ["sigmoid"] = (Expr.Sigmoid(X), (m, x) => MathLibrary.Sigmoid<ScalarLanes, float, bool>(m, x)),
        ["product with its sigmoid"] = (X * Expr.Sigmoid(X), (m, x) => MathLibrary.SigmoidProduct<ScalarLanes, float, bool>(m, x, x)),
        ["expm1"] = (Expr.Expm1(X), (m, x) => MathLibrary.Expm1<ScalarLanes, float, bool>(m, x)),
        ["tanh"] = (Expr.Tanh(X), (m, x) => MathLibrary.Tanh<ScalarLanes, float, bool>(m, x)),
        ["tanh of softplus"] = (Expr.Tanh(new Softplus().Body(new Operands([DataType.Float32]))), (m, x) => MathLibrary.TanhSoftplus<ScalarLanes, float, bool>(m, x)),
        ["erf"] = (Expr.Erf(X), (m, x) => MathLibrary.Erf<ScalarLanes, float, bool>(m, x, x)),
        ["log"] = (Expr.Log(X), (m, x) => MathLibrary.Log<ScalarLanes, float, bool>(m, x)),
        ["log1p"] = (Expr.Log1p(X), (m, x) => MathLibrary.Log1p<ScalarLanes, float, bool>(m, x)),
    };

    public static TheoryData<string, string> Cases => [.. from f in Functions.Keys from s in (string[])["avx512", "avx2"] select (f, s)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Instructions_compute_what_the_scalar_text_does(string name, string set)
    {
        using GeneratedKernel kernel = GeneratedKernel.Compile(GeneratedKernel.Require(set), Functions[name].Expr, DataType.Float32);
        ScalarLanes lanes = new() { SplitsPowers = set == "avx512" };
        float[] x = [.. Inputs()], y = kernel.Run(x);
        for (int i = 0; i < x.Length; i++)
        {
            float expected = Functions[name].Scalar(lanes, x[i]);
            Assert.True(y[i].Equals(expected), $"{name}({x[i]:R}) is {expected:R}, came as {y[i]:R}");
        }
    }

    [Theory]
    [InlineData("avx512")]
    [InlineData("avx2")]
    public void Activations_agree_with_the_reference(string set)
    {
        InstructionSet target = GeneratedKernel.Require(set);
        float[] x = [.. Enumerable.Range(-4000, 8001).Select(i => i / 200f), 88, -88, 90, -90, 104, -104, 1e5f, -1e5f, 1e30f, float.PositiveInfinity, float.NegativeInfinity, float.NaN, 1e-40f, -1e-40f];
        foreach (PointwiseOperator op in (PointwiseOperator[])
            [new Swish(), new HardSwish(), new Gelu(), new Gelu(GeluForm.Tanh), new Mish(), new Softplus(), new Elu(), new Selu(), new Celu(), new HardSigmoid(), new LeakyRelu(), new Softsign(), new Relu()])
        {
            Expr e = op.Body(new Operands([DataType.Float32]));
            using GeneratedKernel kernel = GeneratedKernel.Compile(target, e, DataType.Float32);

            // 1 + erf, 1 + tanh and x / 6 + 1/2 cancel below 0: float32 leaves an error that is small beside x, not beside the result.
            EpilogueLoweringTests.Compare(e, [x], kernel.Run(x), 1e-6, 2e-7);
        }
    }

    // Floats of all sizes.
    private static IEnumerable<float> Inputs()
    {
        for (long bits = 0; bits <= 0x7F800000; bits += 4999)
        {
            yield return BitConverter.Int32BitsToSingle((int)bits);
            yield return -BitConverter.Int32BitsToSingle((int)bits);
        }

        foreach (float place in (float[])[1, 88.72284f, 87.33655f, 103.97208f, 9.125f, 4, 18, 20, float.PositiveInfinity, 1.17549435e-38f])
        {
            int middle = BitConverter.SingleToInt32Bits(place);
            for (int bits = middle - 50; bits <= Math.Min((long)middle + 50, 0x7F800000); bits++)
            {
                yield return BitConverter.Int32BitsToSingle(bits);
                yield return -BitConverter.Int32BitsToSingle(bits);
            }
        }

        yield return float.NaN;
    }
}
