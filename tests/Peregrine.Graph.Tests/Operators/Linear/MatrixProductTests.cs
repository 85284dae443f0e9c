using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Tests.Operators.Linear;

public sealed class MatrixProductTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 17, 5)]
    [InlineData(4, 300, 9)]
    [InlineData(130, 33, 259)]
    [InlineData(7, 513, 600)]
    [InlineData(5, 3, 0)]
    public void A_product_is_the_sum_of_its_terms(int m, int n, int k)
    {
        Random random = new(m + n + k);
        Tensor a = Evaluated.Random(random, m, k), b = Evaluated.Random(random, k, n);
        double[] expected = new double[m * n];
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < n; j++)
            {
                for (int p = 0; p < k; p++)
                {
                    expected[(i * n) + j] += (double)a.Span<float>()[(i * k) + p] * b.Span<float>()[(p * n) + j];
                }
            }
        }

        Tensor y = Evaluated.One(new MatMul(), a, b);
        Assert.Equal([m, n], y.Dims.ToArray());
        // Each element is rounded once, from a sum in the order of k.
        Assert.Equal(expected.Select(e => (float)e), y.Span<float>().ToArray());
    }

    [Fact]
    public void Batches_broadcast_and_vectors_are_rows_or_columns()
    {
        Random random = new(3);
        Tensor a = Evaluated.Random(random, 2, 1, 3, 4), b = Evaluated.Random(random, 5, 4, 6);
        Tensor y = Evaluated.One(new MatMul(), a, b);
        Assert.Equal([2, 5, 3, 6], y.Dims.ToArray());
        Tensor a1 = Tensor.Of<float>([3, 4], a.Span<float>()[12..24]), b3 = Tensor.Of<float>([4, 6], b.Span<float>()[72..96]);
        Assert.Equal(Evaluated.One(new MatMul(), a1, b3).Span<float>().ToArray(), y.Span<float>().Slice((5 + 3) * 18, 18).ToArray());

        Assert.Equal([11f], Evaluated.One(new MatMul(), Evaluated.Floats([2], 1, 2), Evaluated.Floats([2], 3, 4)).Span<float>().ToArray());
        Assert.Equal([5, 3], Evaluated.One(new MatMul(), Evaluated.Random(random, 2), Evaluated.Random(random, 5, 2, 3)).Dims.ToArray());
    }

    [Fact]
    public void Integers_are_exact_and_wrap()
    {
        Tensor y = Evaluated.One(new MatMul(), Tensor.Of<long>([1, 2], [long.MaxValue, 3]), Tensor.Of<long>([2, 1], [2, 4]));
        Assert.Equal(unchecked((long.MaxValue * 2) + 12), y.Span<long>()[0]);
        Tensor u = Evaluated.One(new MatMul(), Tensor.Of<ulong>([1, 1], [ulong.MaxValue]), Tensor.Of<ulong>([1, 1], [1]));
        Assert.Equal(ulong.MaxValue, u.Span<ulong>()[0]);
    }

    [Fact]
    public void Shapes_stay_symbolic_and_misfits_are_named()
    {
        Assert.Equal("[B,N,8]", Evaluated.Shape(new MatMul(), Evaluated.Type("B", "N", 4), Evaluated.Type(4, 8)).ToString());
        Evaluated.Fails("PG2201", new MatMul(), Evaluated.Floats([1, 2], 1, 2), Evaluated.Floats([3, 1], 1, 2, 3));
        Evaluated.Fails("PG2200", new MatMul(), Evaluated.Floats([1, 1], 1), Tensor.Of<long>([1, 1], [1]));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void Gemm_transposes_scales_and_adds_a_broadcast_c(bool transA, bool transB)
    {
        Random random = new(9);
        Tensor a = Evaluated.Random(random, transA ? [6, 5] : [5, 6]), b = Evaluated.Random(random, transB ? [7, 6] : [6, 7]);
        foreach (long[] dims in new long[][] { [], [1], [7], [5, 1], [1, 7], [5, 7] })
        {
            Tensor c = Evaluated.Random(random, dims);
            double[] expected = new double[35];
            for (int i = 0; i < 35; i++)
            {
                (int row, int column) = Math.DivRem(i, 7);
                for (int p = 0; p < 6; p++)
                {
                    expected[i] += 0.5 * a.Span<float>()[transA ? (p * 5) + row : (row * 6) + p] * b.Span<float>()[transB ? (column * 6) + p : (p * 7) + column];
                }

                int at = (dims.Length == 2 && dims[0] > 1 ? row * (int)dims[1] : 0) + (dims.Length > 0 && dims[^1] > 1 ? column : 0);
                expected[i] += 2.0 * c.Span<float>()[at];
            }

            Evaluated.Near(expected, Evaluated.One(new Gemm(0.5f, 2, transA, transB), a, b, c));
        }

        Evaluated.Fails("PG2203", new Gemm(1, 1, transA, transB), a, b, Evaluated.Random(random, 3));
    }

    [Fact]
    public void Einsum_knows_products_diagonals_ellipsis_and_the_implicit_form()
    {
        Tensor a = Evaluated.Floats([2, 2], 1, 2, 3, 4), b = Evaluated.Floats([2, 2], 5, 6, 7, 8), v = Evaluated.Floats([2], 1, 10);
        Evaluated.Near([19, 22, 43, 50], Evaluated.One(new Einsum("ij,jk->ik"), a, b));
        Evaluated.Near([19, 22, 43, 50], Evaluated.One(new Einsum("ij,jk"), a, b));
        Evaluated.Near([1, 3, 2, 4], Evaluated.One(new Einsum("ij->ji"), a));
        Evaluated.Near([5], Evaluated.One(new Einsum("ii"), a));
        Evaluated.Near([1, 4], Evaluated.One(new Einsum("ii->i"), a));
        Evaluated.Near([10], Evaluated.One(new Einsum("ij->"), a));
        Evaluated.Near([21, 43], Evaluated.One(new Einsum("...j,j->..."), a, v));
        Evaluated.Near([(19 * 1) + (22 * 10), (43 * 1) + (50 * 10)], Evaluated.One(new Einsum("ij,jk,k->i"), a, b, v));
        Evaluated.Fails("PG2204", new Einsum("ij,jk->iz"), a, b);
        Evaluated.Fails("PG2204", new Einsum("ijk->i"), a);
        Evaluated.Fails("PG2205", new Einsum("ij,j->i"), a, Evaluated.Floats([3], 1, 2, 3));
    }
}
