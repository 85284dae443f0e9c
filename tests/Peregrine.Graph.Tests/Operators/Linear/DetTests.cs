using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Tests.Operators.Linear;

public sealed class DetTests
{
    [Fact]
    public void Pivots_singular_and_empty_matrices()
    {
        Assert.Equal(-2f, Evaluated.One(new Det(), Evaluated.Floats([2, 2], 0, 1, 2, 3)).Span<float>()[0]);
        Assert.Equal(0f, Evaluated.One(new Det(), Evaluated.Floats([2, 2], 1, 2, 2, 4)).Span<float>()[0]);
        Assert.Equal(-306f, Evaluated.One(new Det(), Evaluated.Floats([3, 3], 6, 1, 1, 4, -2, 5, 2, 8, 7)).Span<float>()[0], 1e-3f);
        Assert.Equal([1f, 1], Evaluated.One(new Det(), Evaluated.Floats([2, 0, 0])).Span<float>().ToArray());
        Assert.True(float.IsNaN(Evaluated.One(new Det(), Evaluated.Floats([1, 1], float.NaN)).Span<float>()[0]));
    }

    [Fact]
    public void Shapes_are_inferred_and_checked()
    {
        Assert.Equal("[N]", Evaluated.Shape(new Det(), Evaluated.Type("N", 3, 3)).ToString());
        Evaluated.Fails("PG2225", new Det(), Evaluated.Floats([1, 2], 1, 2));
        Evaluated.Fails("PG2225", new Det(), Evaluated.Floats([1], 1));
    }
}
