using Peregrine.Operators;

namespace Peregrine.Graph.Tests.Operators.Mathematics;

/// <summary>Every function over the whole range of floats against double precision.</summary>
public sealed class MathLibraryTests
{
    private static readonly Dictionary<string, (Func<float, float> Function, Func<double, double> Exact, double Limit)> Functions = new()
    {
        ["exp"] = (x => MathLibrary.Exp<ScalarLanes, float, bool>(default, x), Math.Exp, 1),
        ["sigmoid"] = (x => MathLibrary.Sigmoid<ScalarLanes, float, bool>(default, x), SpecialFunctions.Sigmoid, 3),
        ["product with its sigmoid"] = (x => SigmoidProduct(default, x, -16, float.PositiveInfinity), x => x * SpecialFunctions.Sigmoid(x), 3),
        ["product with its sigmoid far below 0"] = (x => SigmoidProduct(default, x, -80, -16), x => x * SpecialFunctions.Sigmoid(x), 6),
        ["product with its sigmoid by split powers"] = (x => SigmoidProduct(Splitting, x, -1, float.PositiveInfinity), x => x * SpecialFunctions.Sigmoid(x), 3),
        ["product with its sigmoid by split powers below 0"] = (x => SigmoidProduct(Splitting, x, -16, -1), x => x * SpecialFunctions.Sigmoid(x), 16),
        ["product with its sigmoid by split powers far below 0"] = (x => SigmoidProduct(Splitting, x, -80, -16), x => x * SpecialFunctions.Sigmoid(x), 70),
        ["expm1"] = (x => MathLibrary.Expm1<ScalarLanes, float, bool>(default, x), SpecialFunctions.Expm1, 2),
        ["tanh"] = (x => MathLibrary.Tanh<ScalarLanes, float, bool>(default, x), Math.Tanh, 3),
        ["tanh of softplus"] = (x => MathLibrary.TanhSoftplus<ScalarLanes, float, bool>(default, x), x => Math.Tanh(Math.Max(x, 0) + SpecialFunctions.Log1p(Math.Exp(-Math.Abs(x)))), 4),
        ["erf"] = (x => MathLibrary.Erf<ScalarLanes, float, bool>(default, x, x), SpecialFunctions.Erf, 3),
        ["log"] = (x => MathLibrary.Log<ScalarLanes, float, bool>(default, x), Math.Log, 1),
        ["log1p"] = (x => MathLibrary.Log1p<ScalarLanes, float, bool>(default, x), SpecialFunctions.Log1p, 2),
    };

    // The exact one outside of a range.
    private static float SigmoidProduct(ScalarLanes m, float x, float from, float to) =>
        x < from || x > to ? (float)(x * SpecialFunctions.Sigmoid(x)) : MathLibrary.SigmoidProduct<ScalarLanes, float, bool>(m, x, x);

    private static ScalarLanes Splitting => new() { SplitsPowers = true };

    public static TheoryData<string> Names => [.. Functions.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_error_is_as_stated(string name)
    {
        (Func<float, float> function, Func<double, double> exact, double limit) = Functions[name];
        double worst = 0;
        float at = 0;
        foreach (float x in Inputs())
        {
            double expected = exact(x);
            float actual = function(x), rounded = (float)expected;
            if (!float.IsFinite(rounded) || !float.IsFinite(actual))
            {
                Assert.True(rounded.Equals(actual) || IsAtOverflow(expected, actual), $"{name}({x:R}) is {expected:R}, came as {actual:R}");
                continue;
            }

            double unit = Math.Max((double)MathF.BitIncrement(MathF.Abs(rounded)) - MathF.Abs(rounded), float.Epsilon);
            double error = Math.Abs(actual - expected) / unit;
            if (error > worst) { (worst, at) = (error, x); }
        }

        TestContext.Current.SendDiagnosticMessage($"{name}: {worst:f2} ulp at {at:R}");
        Assert.True(worst <= limit, $"{name}: {worst:f3} ulp at {at:R}, {limit} are stated");
        Assert.True(worst > limit / 4, $"{name}: {worst:f3} ulp at most, {limit} are stated");
    }

    [Fact]
    public void A_product_with_a_tiny_sigmoid_is_tiny()
    {
        foreach (float x in Inputs().Where(x => x < -80 && float.IsFinite(x)))
        {
            double exact = x * SpecialFunctions.Sigmoid(x);
            Assert.InRange(MathLibrary.SigmoidProduct<ScalarLanes, float, bool>(default, x, x), 1.5 * exact - float.Epsilon, 0);
            Assert.InRange(MathLibrary.SigmoidProduct<ScalarLanes, float, bool>(Splitting, x, x), 1.5 * exact - float.Epsilon, 0);
        }
    }

    private static bool IsAtOverflow(double expected, float actual) => Math.Abs(Math.Abs(expected) / float.MaxValue - 1) < 1e-6 && (float.IsInfinity(actual) || MathF.Abs(actual) > 3.4028e38f);

    // Every 997th float of either sign, and all those near the places where something happens.
    private static IEnumerable<float> Inputs()
    {
        for (long bits = 0; bits <= 0x7F800000; bits += 997)
        {
            yield return BitConverter.Int32BitsToSingle((int)bits);
            yield return -BitConverter.Int32BitsToSingle((int)bits);
        }

        float[] places =
        [
            0, float.Epsilon, 1.17549435e-38f, 1e-4f, 0.34657359f, 0.5f, MathF.Sqrt(0.5f), 1, MathF.Sqrt(2), 4, 9.125f, 16.6355f, 17.32868f, 18, 20, 87.33655f, 88.02969f, 88.3762627f, 88.72284f, 89, 103.27893f,
            103.97208f, 104, 3.925f, 16777216, float.MaxValue, float.PositiveInfinity,
        ];
        foreach (float place in places)
        {
            int middle = BitConverter.SingleToInt32Bits(place);
            for (int bits = Math.Max(middle - 3000, 0); bits <= Math.Min((long)middle + 3000, 0x7F800000); bits++)
            {
                yield return BitConverter.Int32BitsToSingle(bits);
                yield return -BitConverter.Int32BitsToSingle(bits);
            }
        }

        yield return float.NaN;
        yield return -float.NaN;
        yield return BitConverter.Int32BitsToSingle(0x7F800001);
    }
}
