using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Tensors;
using static Peregrine.Graph.Tests.Operators.OperatorRunner;

namespace Peregrine.Graph.Tests.Operators;

public class QuantizationTests
{
    [Fact]
    public void Quantizing_rounds_halves_to_even_before_it_adds_the_zero_point()
    {
        Tensor x = Vector(DataType.Float32, 0, 1, 3, 5, -1, 1000, -1000, double.NaN, double.PositiveInfinity);
        // x/2 = 0, 0.5, 1.5, 2.5, -0.5: to even 0, 0, 2, 2, -0.
        Assert.Equal([3, 3, 5, 5, 3, 255, 0, 0, 255], Numbers(Run(new QuantizeLinear(), x, Tensor.Scalar(2f), Tensor.Scalar((byte)3))));
        Assert.Equal([0, 0, 2, 2, 0, 127, -128, -128, 127], Numbers(Run(new QuantizeLinear(OutputType: DataType.Int8), x, Tensor.Scalar(2f))));
    }

    [Fact]
    public void Quantizing_divides_and_does_not_multiply_by_the_reciprocal()
    {
        // In float32, 22.5·(1/9) is 2.4999998 or 2.5000002 by luck; the quotient is a tie.
        Random random = new(5);
        for (int i = 0; i < 2000; i++)
        {
            float scale = MathF.Pow(2, random.Next(-8, 8)) * random.Next(1, 4000), x = scale * (random.Next(-120, 120) + 0.5f);
            double expected = Math.Clamp(Math.Round((double)(x / scale), MidpointRounding.ToEven), -128, 127);
            Assert.Equal(expected, Numbers(Run(new QuantizeLinear(OutputType: DataType.Int8), Tensor.Scalar(x), Tensor.Scalar(scale)))[0]);
        }
    }

    [Fact]
    public void Each_index_of_an_axis_has_its_scale()
    {
        Tensor x = Tensor.Of<float>([1, 2, 2], [2, 4, 2, 4]), scale = Tensor.Vector(1f, 2f), zero = Tensor.Vector((byte)0, (byte)10);
        Tensor q = Run(new QuantizeLinear(Axis: -2), x, scale, zero);
        Assert.Equal([2, 4, 11, 12], Numbers(q));
        Assert.Equal([2, 4, 2, 4], Numbers(Run(new DequantizeLinear(Axis: 1), q, scale, zero)));
    }

    [Fact]
    public void Blocks_have_their_scales_and_the_last_may_be_short()
    {
        Tensor x = Tensor.Of<float>([3, 2], [2, 4, 6, 8, 10, 12]), scale = Tensor.Of<float>([2, 2], [1, 2, 5, 4]);
        Tensor q = Run(new QuantizeLinear(Axis: 0, BlockSize: 2, OutputType: DataType.Int4), x, scale);
        Assert.Equal([2, 2, 6, 4, 2, 3], Numbers(q));
        Assert.Equal([2, 4, 6, 8, 10, 12], Numbers(Run(new DequantizeLinear(Axis: 0, BlockSize: 2), q, scale)));
    }

    [Theory]
    [InlineData(DataType.Int2, -2, 1)]
    [InlineData(DataType.UInt2, 0, 3)]
    [InlineData(DataType.Int4, -8, 7)]
    [InlineData(DataType.UInt4, 0, 15)]
    [InlineData(DataType.Int16, -32768, 32767)]
    [InlineData(DataType.UInt16, 0, 65535)]
    [InlineData(DataType.Float8E4M3FN, -448, 448)]
    [InlineData(DataType.Float4E2M1, -6, 6)]
    public void Every_type_saturates_at_its_ends(DataType type, double low, double high) =>
        Assert.Equal([low, high, 1], Numbers(Run(new QuantizeLinear(OutputType: type), Vector(DataType.Float32, -1e9, 1e9, 0.5), Tensor.Scalar(0.5f))));

    [Fact]
    public void The_precision_is_that_of_the_scale_unless_stated()
    {
        // 1001/3 = 333.67 is 333.75 in float16, 334 in bfloat16, and 33.4 tenths differ likewise.
        Tensor x = Vector(DataType.Float32, 1001), scale = Vector(DataType.Float16, 2);
        Assert.Equal([500], Numbers(Run(new QuantizeLinear(OutputType: DataType.Int16), x, scale)));
        Assert.Equal([500], Numbers(Run(new QuantizeLinear(OutputType: DataType.Int16, Precision: DataType.BFloat16), x, scale)));
        Assert.Equal([300], Numbers(Run(new QuantizeLinear(OutputType: DataType.Int16), Vector(DataType.Float32, 601), scale)));
        Assert.Equal([302], Numbers(Run(new QuantizeLinear(OutputType: DataType.Int16, Precision: DataType.BFloat16), Vector(DataType.Float32, 603), scale)));
    }

    [Fact]
    public void Dequantizing_subtracts_the_zero_point_in_full_width()
    {
        Assert.Equal([-256, 254], Numbers(Run(new DequantizeLinear(), Vector(DataType.Int8, -128, 127), Tensor.Scalar(2f), Tensor.Scalar((sbyte)0))));
        Assert.Equal([-255], Numbers(Run(new DequantizeLinear(), Vector(DataType.UInt8, 0), Tensor.Scalar(1f), Tensor.Scalar((byte)255))));
        Assert.Equal(DataType.Float16, Run(new DequantizeLinear(OutputType: DataType.Float16), Vector(DataType.Int32, 3), Tensor.Scalar(1f)).Type);
    }

    [Fact]
    public void Dynamic_quantization_matches_the_standards_example()
    {
        Tensor[] results = RunMany(new DynamicQuantizeLinear(), 3, Vector(DataType.Float32, 0, 2, -3, -2.5, 1.34, 0.5));
        Assert.Equal([153, 255, 0, 26, 221, 179], Numbers(results[0]));
        Assert.Equal(0.0196078438f, results[1].Span<float>()[0]);
        Assert.Equal(153, results[2].Data.Span[0]);
        Tensor[] zero = RunMany(new DynamicQuantizeLinear(), 3, Vector(DataType.Float32, 0, 0));
        Assert.Equal([0, 0], Numbers(zero[0]));
        Assert.Equal(1f, zero[1].Span<float>()[0]);
    }

    [Fact]
    public void Integer_product_with_zero_points_for_rows_and_columns()
    {
        Tensor a = Tensor.Of<byte>([2, 2], [1, 2, 3, 4]), b = Tensor.Of<sbyte>([2, 2], [1, -1, 2, 5]);
        Assert.Equal([5, 9, 11, 17], Numbers(Run(new MatMulInteger(), a, b)));
        // a - [1; 3] = [0 1; 0 1], b - [1 -1] = [0 0; 1 6].
        Assert.Equal([1, 6, 1, 6], Numbers(Run(new MatMulInteger(), a, b, Tensor.Vector((byte)1, (byte)3), Tensor.Vector((sbyte)1, (sbyte)-1))));
        Assert.Equal("PG2655", CodeOf(new MatMulInteger(), a, b, Tensor.Vector((byte)1, (byte)3, (byte)2)));
    }

    [Fact]
    public void Extreme_bytes_do_not_saturate_in_between()
    {
        byte[] left = [.. Enumerable.Repeat((byte)255, 64)];
        sbyte[] right = [.. Enumerable.Repeat((sbyte)-128, 64)];
        Assert.Equal([255.0 * -128 * 64], Numbers(Run(new MatMulInteger(), Tensor.Of<byte>([1, 64], left), Tensor.Of<sbyte>([64, 1], right))));
    }

    [Fact]
    public void Quantized_product_with_scales_for_rows_and_columns()
    {
        Tensor a = Tensor.Of<byte>([2, 2], [1, 2, 3, 4]), b = Tensor.Of<byte>([2, 2], [1, 1, 2, 3]), none = Tensor.Scalar((byte)0);
        // a·b = [5 7; 11 15]; rows · [1; 2], columns · [1 0.5]: [5 3.5; 22 15]; + 100.
        Tensor y = Run(new QLinearMatMul(), a, Tensor.Vector(1f, 2f), Tensor.Vector((byte)0, (byte)0), b, Tensor.Vector(1f, 0.5f), none, Tensor.Scalar(1f), Tensor.Scalar((byte)100));
        Assert.Equal([105, 104, 122, 115], Numbers(y));
        Tensor vector = Run(new QLinearMatMul(), Tensor.Vector((byte)1, (byte)2), Tensor.Scalar(1f), none, b, Tensor.Vector(1f, 0.5f), none, Tensor.Scalar(1f), none);
        Assert.Equal([2], vector.Dims.ToArray());
        Assert.Equal([5, 4], Numbers(vector));
    }

    [Fact]
    public void Misfits_are_named()
    {
        Tensor x = Tensor.Of<float>([2, 3], [1, 2, 3, 4, 5, 6]);
        Assert.Equal("PG2653", CodeOf(new QuantizeLinear(), x, Tensor.Vector(1f, 2f)));
        Assert.Equal("PG2651", CodeOf(new QuantizeLinear(), x, Tensor.Vector(1f, 2f, 3f), Tensor.Scalar((byte)0)));
        Assert.Equal("PG2653", CodeOf(new QuantizeLinear(BlockSize: 2), x, Tensor.Of<float>([2, 3], [1, 1, 1, 1, 1, 1])));
        Assert.Equal("PG2652", CodeOf(new QuantizeLinear(BlockSize: -1), x, Tensor.Scalar(1f)));
        Assert.Equal("PG2654", CodeOf(new QuantizeLinear(OutputType: DataType.Int8), x, Tensor.Scalar(1f), Tensor.Scalar((byte)0)));
        Assert.Equal("PG2101", CodeOf(new QuantizeLinear(Axis: 4), x, Tensor.Vector(1f, 2f, 3f)));
    }

    [Fact]
    public void Symbolic_and_unknown_shapes_pass()
    {
        GraphBuilder g = new("g");
        Value x = g.Input("x", DataType.Float32, "N", 3), scale = g.Input("s", DataType.Float32, "C"), block = g.Input("b", DataType.Float32, "N", "K");
        Assert.Equal("u8[N,3]", g.Call(new QuantizeLinear(), x, scale).Type.ToString());
        Assert.Equal("u8[N,3]", g.Call(new QuantizeLinear(BlockSize: 2), x, block).Type.ToString());
        Value unranked = g.Input("u", new TensorType(DataType.Float32, Peregrine.Symbolics.Shape.Unranked));
        Assert.Equal("s8[*]", g.Call(new QuantizeLinear(OutputType: DataType.Int8), unranked, scale).Type.ToString());
    }
}
