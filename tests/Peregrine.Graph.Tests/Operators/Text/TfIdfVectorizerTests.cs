using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Tests.Operators.TextOperators;

public sealed class TfIdfVectorizerTests
{
    private static readonly TfIdfVectorizer Counter = new(1, 2, 5, TermWeighting.Frequency, Starts: [0, 2], Places: [0, 1, 2, 3], Integers: [5, 7, 5, 7, 7, 5]);

    [Fact]
    public void Grams_are_counted_at_every_distance_up_to_the_last()
    {
        // 5 7 5 7: "5 7" at distance 1 twice and at 3 once, "7 5" at distance 1 once.
        Assert.Equal([2f, 2, 3, 1], Evaluated.One(Counter, Tensor.Vector(5L, 7, 5, 7)).Span<float>().ToArray());
        Assert.Equal([0f, 0, 3, 1], Evaluated.One(Counter with { MinLength = 2 }, Tensor.Vector(5, 7, 5, 7)).Span<float>().ToArray());
        Assert.Equal([0f, 0, 0, 0], Evaluated.One(Counter, Tensor.Of<long>([1, 0], [])).Span<float>().ToArray());
    }

    [Fact]
    public void Pools_that_do_not_fit_are_refused()
    {
        Evaluated.Fails("PG2172", Counter with { Starts = [0, 1] }, Tensor.Vector(5L));
        Evaluated.Fails("PG2172", Counter with { Places = [0, 1, 2] }, Tensor.Vector(5L));
        Evaluated.Fails("PG2172", Counter with { Places = [0, 1, 2, -1] }, Tensor.Vector(5L));
        Evaluated.Fails("PG2172", Counter with { MaxLength = 3 }, Tensor.Vector(5L));
        Evaluated.Fails("PG2172", Counter with { Weights = [1] }, Tensor.Vector(5L));
        Evaluated.Fails("PG2172", Counter with { Integers = null }, Tensor.Vector(5L));
        Evaluated.Fails("PG2170", Counter, Tensor.Scalar(5L));
    }
}
