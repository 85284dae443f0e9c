using Peregrine.Backends.Cpu.MatrixProducts;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Tests.Products;

public sealed class RunTimeMatrixTests
{
    private static ITactic[] Tactics => [new RunTimeMatrixTactic(ProductCase.Avx512), new RunTimeMatrixTactic(ProductCase.Avx2), new RunTimeMatrixTactic(null, isPortable: true)];

    public static TheoryData<int> Seeds { get; } = [.. Enumerable.Range(0, 50)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Random_products_agree_with_the_reference(int seed)
    {
        Random random = new(seed);
        bool isGemm = random.Next(3) == 0, transA = isGemm && random.Next(2) == 0, transB = isGemm && random.Next(2) == 0;
        long[] leading = isGemm ? [] : [.. Enumerable.Range(0, random.Next(4)).Select(_ => (long)random.Next(1, 4))];
        long m = random.Next(1, random.Next(2) == 0 ? 9 : 60), k = random.Next(1, random.Next(3) == 0 ? 300 : 40), n = random.Next(1, random.Next(3) == 0 ? 300 : 70);
        long[] Some(bool shorten) => [.. leading.Skip(shorten ? random.Next(leading.Length + 1) : 0).Select(d => random.Next(4) == 0 ? 1 : d)];
        Tensor a = ProductCase.Random(random, [.. Some(false), .. transA ? new[] { k, m } : [m, k]]), b = ProductCase.Random(random, [.. Some(true), .. transB ? new[] { n, k } : [k, n]]);
        Operator op = isGemm ? new Gemm(random.Next(2) == 0 ? 1 : 0.125f, random.Next(2) == 0 ? 1 : -0.5f, transA, transB) : new MatMul();
        Tensor? c = isGemm && random.Next(3) != 0 ? ProductCase.Random(random, random.Next(5) switch { 0 => [], 1 => [n], 2 => [1, n], 3 => [m, 1], _ => [m, n] }) : null;
        ProductCase sample = new(op, c is null ? [a, b] : [a, b, c]) { Constants = random.Next(4) == 0 ? [0] : [], IsStatic = random.Next(2) == 0, GuardPages = random.Next(2) == 0 };
        long[] dims = sample.Evaluate().Dims.ToArray();
        for (int step = random.Next(4); step > 0; step--)
        {
            long[] outer = [.. dims[..^2].Select(d => random.Next(2) == 0 ? 1 : d)];
            switch (random.Next(8))
            {
                case 0: sample.Then(new Add(), ProductCase.Random(random, n)); break;
                case 1: sample.Then(new Add(), ProductCase.Random(random, [.. outer, m, n])); break;
                case 2: sample.Then(new Mul(), ProductCase.Random(random, [.. outer, m, 1])); break;
                case 3: sample.Then(new Add(), ProductCase.Random(random, [.. outer, 1, n])); break;
                case 4: sample.Then(new Relu()); break;
                case 5: sample.Then(new Div(), Tensor.Scalar(8f)); break;
                case 6: sample.Then(new Gelu()); break;
                default: sample.Then(new Swish()); break;
            }
        }

        sample.Check(Tactics);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Nothing_to_do_is_done(bool isStatic)
    {
        Random random = new(1);
        foreach ((long[] a, long[] b) in ((long[], long[])[])[([0, 5], [5, 7]), ([2, 3, 5], [2, 5, 0]), ([0, 3, 5], [5, 7]), ([2, 0, 3, 5], [1, 5, 7])])
        {
            new ProductCase(new MatMul(), ProductCase.Random(random, a), ProductCase.Random(random, b)) { Constants = [], IsStatic = isStatic }.Check(Tactics);
        }
    }

    [Fact]
    public void Sums_of_no_products_are_zero()
    {
        new ProductCase(new MatMul(), ProductCase.Random(new(1), 3, 0), ProductCase.Random(new(1), 0, 20)) { Constants = [], IsStatic = false }.Then(new Add(), Tensor.Scalar(2f)).Check(Tactics);
    }
}
