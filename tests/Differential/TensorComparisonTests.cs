using Peregrine.Tensors;
using Peregrine.TestKit;

namespace Differential;

public sealed class TensorComparisonTests
{
    private static TensorComparison Compare(float[] expected, float[] actual, double relative, double absolute) =>
        TensorComparison.Compare(Tensor.Vector<float>(expected), Tensor.Vector<float>(actual), new(relative, absolute));

    [Fact]
    public void Statistics_follow_their_definitions()
    {
        TensorComparison c = Compare([3, 4], [3, 4.5f], 0, 0.5);
        Assert.True(c.IsClose);
        Assert.Equal(0.5, c.MaxAbsolute);
        Assert.Equal(0.125, c.MaxRelative);
        Assert.Equal(Math.Sqrt(0.125), c.RootMeanSquare, 1e-12);
        Assert.Equal(20, c.SignalToNoise, 1e-12); // 25 / 0.25
        Assert.Equal(27 / (5 * Math.Sqrt(29.25)), c.Cosine, 1e-12);
        Assert.Equal(double.PositiveInfinity, Compare([1], [1], 0, 0).SignalToNoise);
    }

    [Fact]
    public void First_and_worst_are_named_by_their_place()
    {
        Tensor expected = Tensor.Of<float>([2, 3], [1, 2, 3, 4, 5, 6]), actual = Tensor.Of<float>([2, 3], [1, 2.5f, 3, 4, 5, 8]);
        TensorComparison c = TensorComparison.Compare(expected, actual, new(0, 0.1));
        Assert.Equal((2, 1, 5), (c.Mismatches, c.FirstMismatch, c.WorstMismatch));
        Assert.Equal("2 of 6 elements of f32[2,3] differ: first [0,1] 2.5 instead of 2, worst [1,2] 8 instead of 6.", c.Problem);
    }

    [Theory]
    [InlineData(float.NaN, float.NaN, true)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity, true)]
    [InlineData(float.PositiveInfinity, float.NegativeInfinity, false)]
    [InlineData(float.PositiveInfinity, float.MaxValue, false)]
    [InlineData(float.NaN, 0, false)]
    [InlineData(0, float.NaN, false)]
    [InlineData(0f, -0f, true)]
    public void Special_values_agree_only_with_their_like(float expected, float actual, bool close)
    {
        TensorComparison c = Compare([1, expected], [1, actual], 1e9, 1e9);
        Assert.Equal(close, c.IsClose);
        Assert.Equal(close ? 0 : double.PositiveInfinity, c.MaxAbsolute);
    }

    [Fact]
    public void The_tolerance_is_relative_to_what_is_expected()
    {
        Assert.True(Compare([100], [101], 0.01, 0).IsClose);
        Assert.False(Compare([100], [101.1f], 0.01, 0).IsClose);
        Assert.False(Compare([0], [1e-6f], 0.01, 0).IsClose);
    }

    [Fact]
    public void Integers_booleans_and_strings_are_exact()
    {
        Tolerance wide = new(1, 1);
        TensorComparison big = TensorComparison.Compare(Tensor.Vector(long.MaxValue), Tensor.Vector(long.MaxValue - 1), wide);
        Assert.False(big.IsClose);
        Assert.Equal(1, big.MaxAbsolute);
        Assert.False(TensorComparison.Compare(Tensor.Vector(ulong.MaxValue), Tensor.Vector(0ul), wide).IsClose);
        Assert.True(TensorComparison.Compare(Tensor.Vector<byte>(5, 6), Tensor.Vector<byte>(6, 5), new(0, 0, IntegerSteps: 1)).IsClose);
        Assert.False(TensorComparison.Compare(Tensor.Vector<byte>(5, 6), Tensor.Vector<byte>(7, 6), new(0, 0, IntegerSteps: 1)).IsClose);
        Assert.False(TensorComparison.Compare(Tensor.Vector(true), Tensor.Vector(false), new(1, 1, 1)).IsClose);
        TensorComparison text = TensorComparison.Compare(new Tensor([2], ["a", "b"]), new Tensor([2], ["a", "B"]), wide);
        Assert.Equal("1 of 2 elements of str[2] differ: first [1] \"B\" instead of \"b\".", text.Problem);
    }

    [Fact]
    public void Another_type_or_shape_is_a_difference()
    {
        Assert.Equal("The tensor is s32[1]; expected is f32[1].", TensorComparison.Compare(Tensor.Vector(1f), Tensor.Vector(1), new(1, 1)).Problem);
        Assert.Equal("The tensor is f32[1,1]; expected is f32[1].", TensorComparison.Compare(Tensor.Vector(1f), Tensor.Of([1, 1], [1f]), new(1, 1)).Problem);
    }

    [Fact]
    public void Every_numeric_type_can_be_compared()
    {
        foreach (DataType type in DataTypes.All.Where(t => t != DataType.String))
        {
            Tensor zero = Tensor.Allocate(type, [3]), other = zero.Clone();
            // 0x23: the first element is 3 in two or four bits, and no NaN in any type of eight.
            other.Data.Span[0] = type == DataType.Bool ? (byte)1 : (byte)0x23;
            Assert.True(TensorComparison.Compare(zero, zero.Clone(), Tolerance.Exact).IsClose, type.Name());
            TensorComparison c = TensorComparison.Compare(zero, other, Tolerance.Exact);
            Assert.False(c.IsClose, type.Name());
            Assert.Equal(0, c.FirstMismatch);
        }
    }

    /// <summary>Values from the formats' tables: smallest denormal, one, largest, special.</summary>
    [Theory]
    [InlineData(DataType.Float8E4M3FN, new byte[] { 0x01, 0x38, 0x7E, 0xFE, 0x7F }, new[] { 1.0 / 512, 1, 448, -448, double.NaN })]
    [InlineData(DataType.Float8E4M3FNUZ, new byte[] { 0x01, 0x40, 0x7F, 0xFF, 0x80 }, new[] { 1.0 / 1024, 1, 240, -240, double.NaN })]
    [InlineData(DataType.Float8E5M2, new byte[] { 0x01, 0x3C, 0x7B, 0xFC, 0x7D }, new[] { 1.0 / 65536, 1, 57344, double.NegativeInfinity, double.NaN })]
    [InlineData(DataType.Float8E5M2FNUZ, new byte[] { 0x01, 0x40, 0x7F, 0xFF, 0x80 }, new[] { 1.0 / 131072, 1, 57344, -57344, double.NaN })]
    [InlineData(DataType.Float8E8M0, new byte[] { 0x7E, 0x7F, 0x80, 0x87, 0xFF }, new[] { 0.5, 1, 2, 256, double.NaN })]
    [InlineData(DataType.Float4E2M1, new byte[] { 0x21, 0x74, 0x0F }, new[] { 0.5, 1, 2, 6, -6 })]
    [InlineData(DataType.Int4, new byte[] { 0x81, 0xF7, 0x00 }, new[] { 1.0, -8, 7, -1, 0 })]
    [InlineData(DataType.UInt4, new byte[] { 0x81, 0xF7, 0x00 }, new[] { 1.0, 8, 7, 15, 0 })]
    [InlineData(DataType.Int2, new byte[] { 0b11_10_01_00, 0b01 }, new[] { 0.0, 1, -2, -1, 1 })]
    [InlineData(DataType.UInt2, new byte[] { 0b11_10_01_00, 0b01 }, new[] { 0.0, 1, 2, 3, 1 })]
    public void Small_formats_are_read_as_their_tables_say(DataType type, byte[] data, double[] expected) =>
        Assert.Equal(expected, TensorElements.ToDoubles(new Tensor(type, [5], data)));
}
