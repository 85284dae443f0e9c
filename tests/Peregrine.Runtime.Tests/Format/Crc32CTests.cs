using Peregrine.Runtime.Format;

namespace Peregrine.Runtime.Tests.Format;

public sealed class Crc32CTests
{
    // RFC 3720, appendix B.4, and the check value of the CRC catalogue.
    [Fact]
    public void Published_values()
    {
        Assert.Equal(0x8A9136AAu, Crc32C.Compute(new byte[32]));
        Assert.Equal(0x62A8AB43u, Crc32C.Compute(Enumerable.Repeat((byte)0xFF, 32).ToArray()));
        Assert.Equal(0x46DD794Eu, Crc32C.Compute(Enumerable.Range(0, 32).Select(i => (byte)i).ToArray()));
        Assert.Equal(0x113FDB5Cu, Crc32C.Compute(Enumerable.Range(0, 32).Select(i => (byte)(31 - i)).ToArray()));
        Assert.Equal(0xE3069283u, Crc32C.Compute("123456789"u8));
        Assert.Equal(0u, Crc32C.Compute([]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(24575)]
    [InlineData(24576)]
    [InlineData(24577)]
    [InlineData(100_003)]
    public void Lanes_equal_the_definition_bit_by_bit(int length)
    {
        byte[] data = new byte[length];
        new Random(length).NextBytes(data);
        uint expected = uint.MaxValue;
        foreach (byte value in data)
        {
            expected ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                expected = (expected >> 1) ^ (0x82F63B78u & (0 - (expected & 1)));
            }
        }

        Assert.Equal(~expected, Crc32C.Compute(data));
        int cut = length / 3;
        Assert.Equal(~expected, Crc32C.Append(Crc32C.Compute(data.AsSpan(0, cut)), data.AsSpan(cut)));
    }
}
