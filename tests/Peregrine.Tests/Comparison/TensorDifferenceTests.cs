using Peregrine.Comparison;
using Peregrine.Tensors;

namespace Peregrine.Tests.Comparison;

public sealed class TensorDifferenceTests
{
    [Fact]
    public void Figures_are_those_of_the_definition()
    {
        TensorDifference difference = TensorDifference.Between(Tensor.Vector(1f, -2f, 0f, 4f), Tensor.Vector(1f, -2.5f, 0.25f, 4f));
        Assert.Equal(4, difference.Elements);
        Assert.Equal(2, difference.Differing);
        Assert.Equal(0.5, difference.MaxAbsolute);
        Assert.Equal(0.25, difference.MaxRelative);
        Assert.Equal(10 * Math.Log10(21 / 0.3125), difference.SignalToNoise, 12);
        Assert.Equal(22 / Math.Sqrt(21 * 23.3125), difference.Cosine, 12);
    }

    [Fact]
    public void Equal_tensors_have_no_noise()
    {
        TensorDifference difference = TensorDifference.Between(Tensor.Vector(1f, float.NaN, float.NegativeInfinity), Tensor.Vector(1f, float.NaN, float.NegativeInfinity));
        Assert.Equal((0, 0.0, double.PositiveInfinity, 1.0), (difference.Differing, difference.MaxAbsolute, difference.SignalToNoise, difference.Cosine));
    }

    [Fact]
    public void One_sided_infinities_break_it()
    {
        TensorDifference difference = TensorDifference.Between(Tensor.Vector(1f, 2f), Tensor.Vector(1f, float.PositiveInfinity));
        Assert.Equal((1, double.PositiveInfinity, double.NegativeInfinity), (difference.Differing, difference.MaxAbsolute, difference.SignalToNoise));
    }

    [Fact]
    public void Strings_differ_or_not() => Assert.Equal(1, TensorDifference.Between(new([2], ["a", "b"]), new([2], ["a", "c"])).Differing);

    [Fact]
    public void Another_shape_or_type_cannot_be_measured()
    {
        Assert.Throws<ArgumentException>(() => TensorDifference.Between(Tensor.Vector(1f, 2f), Tensor.Vector(1f)));
        Assert.Throws<ArgumentException>(() => TensorDifference.Between(Tensor.Vector(1f), Tensor.Vector(1)));
    }
}
