using Peregrine.Operators;
using Peregrine.Tensors;
using static Peregrine.Graph.Tests.Operators.OperatorRunner;

namespace Peregrine.Graph.Tests.Operators;

public class CastTests
{
    [Fact]
    public void Float_to_integer_truncates_and_keeps_the_low_bits()
    {
        Tensor x = Vector(DataType.Float32, 1.9, -1.9, 300, -129, double.NaN);
        Assert.Equal([1, -1, 44, 127, 0], Numbers(Run(new Cast(DataType.Int8), x)));
        Assert.Equal([1, 255, 44, 127, 0], Numbers(Run(new Cast(DataType.UInt8), x)));
        Assert.Equal([1, 1, 1, 1, 1], Numbers(Run(new Cast(DataType.Bool), x)));
        Assert.Equal([0, 0], Numbers(Run(new Cast(DataType.Bool), Vector(DataType.Float32, 0, -0.0))));
    }

    [Fact]
    public void Integers_keep_their_low_bits() =>
        Assert.Equal([-56, 100], Numbers(Run(new Cast(DataType.Int8), Vector(DataType.Int16, 200, 100))));

    [Fact]
    public void Large_integers_round_once_on_the_way_to_float()
    {
        // 2^60 + 2^36 lies in the middle of two floats; one more must round up, which a detour over double forgets.
        long middle = (1L << 60) + (1L << 36);
        Tensor result = Run(new Cast(DataType.Float32), Tensor.Vector(middle, middle + 1, -middle - 1));
        Assert.Equal([1L << 60, (1L << 60) + (1L << 37), -(1L << 60) - (1L << 37)], result.Span<float>().ToArray().Select(f => (long)f));
        Tensor unsigned = Run(new Cast(DataType.Float32), Tensor.Vector(ulong.MaxValue, (1UL << 63) + (1UL << 39) + 1));
        Assert.Equal([18446744073709551616f, 9223373136366403584f], unsigned.Span<float>().ToArray());
    }

    [Theory]
    [InlineData(true, 448, 448)]
    [InlineData(false, double.NaN, double.NaN)]
    public void Float8_saturates_on_demand(bool saturate, double large, double infinite)
    {
        Tensor x = Vector(DataType.Float32, 1e6, double.PositiveInfinity, 0.3);
        Assert.Equal([large, infinite, 0.3125], Numbers(Run(new Cast(DataType.Float8E4M3FN, saturate), x)));
    }

    [Fact]
    public void Float8_with_infinity_keeps_it_only_unsaturated()
    {
        Tensor x = Vector(DataType.Float32, double.NegativeInfinity, 1e9);
        Assert.Equal([double.NegativeInfinity, double.PositiveInfinity], Numbers(Run(new Cast(DataType.Float8E5M2, false), x)));
        Assert.Equal([-57344, 57344], Numbers(Run(new Cast(DataType.Float8E5M2), x)));
        Tensor chosen = Run(new Where(), Tensor.Vector(true, true), Run(new Cast(DataType.Float8E5M2, false), x), Run(new Cast(DataType.Float8E5M2), x));
        Assert.Equal([double.NegativeInfinity, double.PositiveInfinity], Numbers(chosen));
    }

    [Theory]
    [InlineData(ExponentRounding.Up, 2, 1, 4)]
    [InlineData(ExponentRounding.Down, 1, 1, 2)]
    [InlineData(ExponentRounding.Nearest, 1, 1, 4)]
    public void Exponents_round_as_asked(ExponentRounding rounding, double low, double one, double high) =>
        Assert.Equal([low, one, high], Numbers(Run(new Cast(DataType.Float8E8M0, RoundMode: rounding), Vector(DataType.Float32, 1.1, 1, 3))));

    [Fact]
    public void Strings_become_numbers_and_back()
    {
        Tensor texts = new([6], ["3.5", "-1e-2", "+inf", "-INF", "nan", " 7 "]);
        Assert.Equal([3.5f, -0.01f, float.PositiveInfinity, float.NegativeInfinity, float.NaN, 7], Run(new Cast(DataType.Float32), texts).Span<float>().ToArray());
        Tensor back = Run(new Cast(DataType.String), Vector(DataType.Float32, 0.1, double.NaN, double.NegativeInfinity, 2));
        Assert.Equal(["0.1", "NaN", "-INF", "2"], back.Strings);
        Assert.Equal([ulong.MaxValue], Run(new Cast(DataType.UInt64), new Tensor([1], ["18446744073709551615"])).Span<ulong>().ToArray());
        Assert.Equal(["-5"], Run(new Cast(DataType.String), Tensor.Vector(-5L)).Strings);
    }

    [Fact]
    public void What_cannot_be_cast_is_said()
    {
        Assert.Equal("PG2306", CodeOf(new Cast(DataType.Float32), new Tensor([1], ["apple"])));
        Assert.Equal("PG2309", CodeOf(new Cast(DataType.Complex64), Tensor.Scalar(1f)));
        Assert.Equal("PG2309", CodeOf(new Cast((DataType)99), Tensor.Scalar(1f)));
        AttributeBag huge = new() { ["to"] = (1L << 32) + 1 };
        Assert.Equal("PG2309", CodeOf(Cast.Schema.TryCreate(huge, new(), "x")!, Tensor.Scalar(1f)));
        Assert.Equal("PG2309", CodeOf(new BitCast(DataType.Int16), Tensor.Scalar(1f)));
    }

    [Fact]
    public void Packed_types_of_odd_length_survive()
    {
        Tensor packed = Run(new Cast(DataType.Int4), Vector(DataType.Int8, -8, 7, -1));
        Assert.Equal(2, packed.Data.Length);
        Assert.Equal([-8, 7, -1], Numbers(packed));
        Assert.Equal([-2, 1, 0, -1, 1], Numbers(Run(new Cast(DataType.Int2), Vector(DataType.Float32, -2, 1, 0, -1, 1))));
    }

    [Fact]
    public void BitCast_and_CastLike()
    {
        Assert.Equal(0x3F800000, Run(new BitCast(DataType.Int32), Tensor.Scalar(1f)).Span<int>()[0]);
        Assert.Equal([1, 2], Numbers(Run(new CastLike(), Vector(DataType.Float32, 1.5, 2.5), Tensor.Scalar((byte)0))));
    }
}
