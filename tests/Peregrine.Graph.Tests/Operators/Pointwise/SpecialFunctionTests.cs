using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Graph.Tests.Operators;

/// <summary>Against values computed with 60 decimal digits.</summary>
public class SpecialFunctionTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1e-300, 1.1283791670955126e-300)]
    [InlineData(1e-10, 1.1283791670955126e-10)]
    [InlineData(0.001, 0.0011283787909692365)]
    [InlineData(0.03124, 0.03523910108607853)]
    [InlineData(0.03126, 0.03526164664152164)]
    [InlineData(0.1, 0.1124629160182849)]
    [InlineData(0.25, 0.27632639016823696)]
    [InlineData(0.47, 0.4937450508860821)]
    [InlineData(0.5, 0.5204998778130465)]
    [InlineData(0.84375, 0.7672256612323416)]
    [InlineData(1.0, 0.8427007929497149)]
    [InlineData(1.25, 0.9229001282564583)]
    [InlineData(1.9, 0.9927904292352575)]
    [InlineData(2.5, 0.999593047982555)]
    [InlineData(3.3, 0.9999969422902035)]
    [InlineData(4.0, 0.9999999845827421)]
    [InlineData(5.2, 0.9999999999998075)]
    [InlineData(5.9, 0.9999999999999999)]
    [InlineData(7, 1)]
    [InlineData(double.PositiveInfinity, 1)]
    public void Erf_is_exact_to_two_units_in_the_last_place(double x, double expected)
    {
        AssertClose(new Erf(), x, expected, 2);
        AssertClose(new Erf(), -x, -expected, 2);
    }

    [Theory]
    [InlineData(1e-20, 1e-20)]
    [InlineData(-1e-9, -9.999999995e-10)]
    [InlineData(1e-3, 0.0010005001667083417)]
    [InlineData(-0.5, -0.3934693402873666)]
    public void The_exponential_branch_of_elu_does_not_cancel_near_zero(double x, double expected)
    {
        Assert.Equal(x < 0 ? expected : x, Value(new Elu(), x), Math.Abs(expected) * 1e-15);
        Assert.Equal(Math.Max(x, 0) + Math.Min(expected, 0), Value(new Celu(), x), Math.Abs(expected) * 1e-15);
    }

    [Fact]
    public void Softplus_neither_overflows_nor_cancels()
    {
        Assert.Equal(1000, Value(new Softplus(), 1000));
        Assert.Equal(Math.Exp(-40), Value(new Softplus(), -40), Math.Exp(-40) * 1e-14);
        Assert.Equal(Math.Log(2), Value(new Softplus(), 0), 1e-15);
    }

    [Fact]
    public void Sigmoid_keeps_tiny_results()
    {
        Assert.Equal(Math.Exp(-700), Value(new Sigmoid(), -700), Math.Exp(-700) * 1e-14);
        Assert.Equal(1, Value(new Sigmoid(), 1000));
    }

    private static double Value(PointwiseOperator op, double x) => OperatorRunner.Run(op, Tensor.Scalar(x)).Span<double>()[0];

    private static void AssertClose(PointwiseOperator op, double x, double expected, int units)
    {
        double actual = Value(op, x);
        long distance = Math.Abs(BitConverter.DoubleToInt64Bits(actual) - BitConverter.DoubleToInt64Bits(expected));
        Assert.True(distance <= units, $"{op}({x:R}) = {actual:R}, not {expected:R}: {distance} units apart");
    }
}
