using Peregrine.Backends.Cpu.MatrixProducts;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Tests.Products;

public sealed class ConstantMatrixTests
{
    private static ITactic[] Tactics => [new ConstantMatrixTactic(ProductCase.Avx512), new ConstantMatrixTactic(ProductCase.Avx2), new ConstantMatrixTactic(null, isPortable: true)];

    public static TheoryData<int> Seeds { get; } = [.. Enumerable.Range(0, 40)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Random_products_agree_with_the_reference(int seed)
    {
        Random random = new(seed);
        bool isGemm = random.Next(2) == 0;
        long[] leading = isGemm ? [] : [.. Enumerable.Range(0, random.Next(3)).Select(_ => (long)random.Next(1, 4))];
        long m = random.Next(1, random.Next(2) == 0 ? 9 : 71), k = random.Next(1, 90), n = random.Next(1, random.Next(3) == 0 ? 300 : 60);
        bool transposed = isGemm && random.Next(2) == 0;
        Tensor a = ProductCase.Random(random, [.. leading, m, k]), b = ProductCase.Random(random, transposed ? [n, k] : [k, n]);
        Operator op = isGemm ? new Gemm(random.Next(2) == 0 ? 1 : -1.75f, random.Next(2) == 0 ? 1 : 0.5f, false, transposed) : new MatMul();
        Tensor? c = isGemm && random.Next(4) != 0 ? ProductCase.Random(random, random.Next(6) switch { 0 => [], 1 => [1], 2 => [n], 3 => [1, n], 4 => [m, 1], _ => [m, n] }) : null;
        ProductCase sample = new(op, c is null ? [a, b] : [a, b, c]) { IsStatic = random.Next(3) != 0, GuardPages = random.Next(2) == 0 };
        for (int step = random.Next(4); step > 0; step--)
        {
            switch (random.Next(7))
            {
                case 0: sample.Then(new Add(), ProductCase.Random(random, n)); break;
                case 1: sample.Then(new Add(), ProductCase.Random(random, [.. leading, m, n])); break;
                case 2: sample.Then(new Mul(), ProductCase.Random(random, [.. leading, m, 1])); break;
                case 3: sample.Then(new Relu()); break;
                case 4: sample.Then(new Sigmoid()); break;
                case 5: sample.Then(new Mul(), Tensor.Scalar(0.5f)); break;
                default: sample.Then(new Swish()); break;
            }
        }

        sample.Check([.. Tactics.Select(t => new StaticColumns(t, k, n))]);
    }

    [Fact]
    public void No_rows_are_nothing_to_do()
    {
        Random random = new(1);
        new ProductCase(new MatMul(), ProductCase.Random(random, 0, 5), ProductCase.Random(random, 5, 7)).Check(Tactics);
        new ProductCase(new MatMul(), ProductCase.Random(random, 2, 0, 5), ProductCase.Random(random, 5, 7)).Check(Tactics);
    }

    [Fact]
    public void One_row_keeps_many_sums_in_flight()
    {
        KernelOperand a = Operand(OperandRole.Activation, 1, 4096), b = Operand(OperandRole.Weight, 4096, 4096), y = Operand(OperandRole.Activation, 1, 4096);
        Verdict.Accept accept = Assert.IsType<Verdict.Accept>(new ConstantMatrixTactic(ProductCase.Avx2).Consider(new(new MatMul(), [a, b], [y]), CpuDevice.Detect(1)));
        string[] extents = accept.Options[0].Text.Split(' ')[0].Split('x');
        Assert.Equal("1", extents[0]);
        Assert.True(int.Parse(extents[1], System.Globalization.CultureInfo.InvariantCulture) >= 6, accept.Options[0].Text);
    }

    [Theory]
    [InlineData(144, 2, 2)]
    [InlineData(144, 3, 3)]
    [InlineData(49, 2, 1)]
    public void Workers_have_equally_many_tiles_where_a_few_pixels_less_allow_it(long rows, int workers, int divisor)
    {
        KernelOperand a = Operand(OperandRole.Activation, rows, 272), b = Operand(OperandRole.Weight, 272, 1632), y = Operand(OperandRole.Activation, rows, 1632);
        int TilesFor(int threads)
        {
            Verdict.Accept accept = Assert.IsType<Verdict.Accept>(new ConstantMatrixTactic(ProductCase.Avx512).Consider(new(new MatMul(), [a, b], [y]), CpuDevice.Detect(threads)));
            int pixels = int.Parse(accept.Options[0].Text.Split('x')[0], System.Globalization.CultureInfo.InvariantCulture);
            return (int)((rows + pixels - 1) / pixels);
        }

        Assert.Equal(0, TilesFor(workers) % divisor);
        Assert.True(TilesFor(workers) <= TilesFor(1) * 4 / 3 + 1);
    }

    private static KernelOperand Operand(OperandRole role, params long[] dims) => new(role, DataType.Float32, Layout.RowMajor, ValueList.From(dims.Select(KernelDim.Static)));

    /// <summary>States the columns of a request whose other dims are left open.</summary>
    private sealed class StaticColumns(ITactic inner, long k, long n) : ITactic
    {
        public TacticId Id => inner.Id;

        public Verdict Consider(KernelRequest request, DeviceProfile device) => inner.Consider(Known(request), device);

        public IKernel Compile(KernelRequest request, TacticOption option) => inner.Compile(Known(request), option);

        private KernelRequest Known(KernelRequest request) => request with
        {
            Inputs = ValueList.From(request.Inputs.Select((o, i) => Last(o, i == 0 ? k : n))), Outputs = ValueList.From(request.Outputs.Select(o => Last(o, n))),
        };

        private static KernelOperand Last(KernelOperand o, long value) =>
            o.Role != OperandRole.Activation || o.Dims.Count == 0 || o.Dims[^1].IsStatic ? o : o with { Dims = ValueList.From(o.Dims.Take(o.Dims.Count - 1).Append(KernelDim.Static(value))) };
    }
}
