using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Tests.Operators.Fusion;

public sealed class ScaledConvTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 1)]
    [InlineData(3, 3)]
    public void It_is_the_convolution_of_the_product(int batch, int scales)
    {
        Random random = new(batch + scales);
        Tensor x = Evaluated.Random(random, batch, 4, 5, 6), s = Evaluated.Random(random, scales, 4, 1, 1), w = Evaluated.Random(random, 3, 4, 3, 3), b = Evaluated.Random(random, 3);
        Conv conv = new(Pads: Ints.Create([1, 1, 1, 1]), Strides: Ints.Create([2, 1]));
        foreach (Tensor? bias in (Tensor?[])[b, null])
        {
            Tensor expected = Evaluated.One(conv, Evaluated.One(new Mul(), x, s), w, bias), actual = Evaluated.One(ScaledConv.Of(conv), x, s, w, bias);
            Assert.Equal(expected.Dims.ToArray(), actual.Dims.ToArray());
            Assert.Equal(expected.Span<float>().ToArray(), actual.Span<float>().ToArray());
        }
    }

    [Fact]
    public void A_scale_that_does_not_fit_is_named()
    {
        Random random = new(1);
        Tensor x = Evaluated.Random(random, 2, 4, 5, 5), w = Evaluated.Random(random, 3, 4, 1, 1);
        foreach (long[] dims in (long[][])[[2, 3, 1, 1], [3, 4, 1, 1], [2, 4, 5, 1], [4, 1, 1], [2, 1, 1, 1]])
        {
            Evaluated.Fails("PG2227", new ScaledConv(), x, Evaluated.Random(random, dims), w);
        }
    }
}
