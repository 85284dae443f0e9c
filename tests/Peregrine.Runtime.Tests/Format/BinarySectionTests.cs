using Peregrine.Diagnostics;
using Peregrine.Runtime.Format;

namespace Peregrine.Runtime.Tests.Format;

public sealed class BinarySectionTests
{
    [Fact]
    public void What_is_written_is_read()
    {
        BinarySectionWriter writer = new();
        long[] numbers = [0, 1, -1, 63, -64, 64, int.MinValue, long.MaxValue, long.MinValue];
        writer.WriteBoolean(true);
        writer.WriteSignedList(numbers);
        writer.WriteUnsigned(ulong.MaxValue);
        writer.WriteString("Grüße, 世界 \U0001F426");
        writer.WriteString("");
        writer.WriteSingle(BitConverter.UInt32BitsToSingle(0x7FC12345));
        writer.WriteDouble(double.Epsilon);
        writer.WriteBytes([1, 2, 3]);
        BinarySectionReader reader = new(writer.Content.ToArray(), "test");
        Assert.True(reader.ReadBoolean());
        Assert.Equal(numbers, reader.ReadSignedList());
        Assert.Equal(ulong.MaxValue, reader.ReadUnsigned());
        Assert.Equal("Grüße, 世界 \U0001F426", reader.ReadString());
        Assert.Equal("", reader.ReadString());
        Assert.Equal(0x7FC12345u, BitConverter.SingleToUInt32Bits(reader.ReadSingle()));
        Assert.Equal(double.Epsilon, reader.ReadDouble());
        Assert.Equal([1, 2, 3], reader.ReadBytes().ToArray());
        reader.ExpectEnd();
    }

    [Fact]
    public void Integers_have_the_published_leb128_form()
    {
        BinarySectionWriter writer = new();
        writer.WriteUnsigned(624485);
        writer.WriteSigned(-2);
        Assert.Equal([0xE5, 0x8E, 0x26, 0x03], writer.Content.ToArray());
    }

    [Fact]
    public void A_huge_count_is_refused_before_memory_is_spent()
    {
        BinarySectionWriter writer = new();
        writer.WriteUnsigned(1ul << 40);
        byte[] content = writer.Content.ToArray();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("1099511627776 items", Fails(content, r => r.ReadSignedList()), StringComparison.Ordinal);
        Fails(content, r => r.ReadString());
        Fails(content, r => r.ReadBytes());
        Fails(content, r => r.ReadCount(8));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200_000);
    }

    [Fact]
    public void Violations_are_typed_errors()
    {
        Fails([], r => r.ReadByte());
        Fails([1, 2, 3], r => r.ReadFixed32());
        Fails([2], r => r.ReadBoolean());
        Fails([0x80, 0x00], r => r.ReadUnsigned());
        Fails([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02], r => r.ReadUnsigned());
        Fails([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], r => r.ReadUnsigned());
        Fails([2, 0xC3, 0x28], r => r.ReadString());
        Fails([5], r => r.ReadIndex(5, "slot"));
        Fails([99], r => r.ReadEnum<SectionId>("section"));
        Fails([20], r => r.ReadInt32(0, 9, "rank"));
        Fails([0], r => r.ExpectEnd());
        Fails([], r =>
        {
            for (int i = 0; i <= BinarySectionReader.MaximumDepth; i++)
            {
                r.Enter();
            }
        });
    }

    [Fact]
    public void Random_bytes_give_values_or_typed_errors()
    {
        Action<BinarySectionReader>[] reads =
        [
            r => r.ReadUnsigned(), r => r.ReadSigned(), r => r.ReadString(), r => r.ReadBytes(), r => r.ReadSignedList(), r => r.ReadBoolean(),
            r => r.ReadDouble(), r => r.ReadSingle(), r => r.ReadIndex(100, "slot"), r => r.ReadEnum<SectionId>("id"), r => r.ReadCount(3), r => r.ReadInt32(-5, 50, "axis"),
        ];
        int failures = 0;
        for (int seed = 0; seed < 20_000; seed++)
        {
            Random random = new(seed);
            byte[] content = new byte[random.Next(40)];
            random.NextBytes(content);
            BinarySectionReader reader = new(content, "plan");
            try
            {
                while (reader.Remaining > 0)
                {
                    reads[random.Next(reads.Length)](reader);
                }
            }
            catch (EngineFormatException)
            {
                failures++;
            }
        }

        Assert.InRange(failures, 1000, 19_999);
    }

    private static string Fails(byte[] content, Action<BinarySectionReader> read) =>
        Assert.Throws<EngineFormatException>(() => read(new BinarySectionReader(content, "plan"))).Message;
}
