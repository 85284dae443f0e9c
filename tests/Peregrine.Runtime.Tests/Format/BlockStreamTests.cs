using Peregrine.Runtime.Format;

namespace Peregrine.Runtime.Tests.Format;

public sealed class BlockStreamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(BlockStream.BlockSize - 1)]
    [InlineData(BlockStream.BlockSize)]
    [InlineData((3 * BlockStream.BlockSize) + 77)]
    public void What_is_written_in_pieces_of_any_size_is_in_the_file_in_order(int length)
    {
        byte[] content = new byte[length];
        new Random(length).NextBytes(content);
        using MemoryStream file = new();
        using BlockStream blocks = new(file);
        Random pieces = new(7);
        for (int done = 0; done < length;)
        {
            int piece = Math.Min(length - done, pieces.Next(1, BlockStream.BlockSize + 1));
            blocks.Write(content.AsSpan(done, piece));
            done += piece;
            Assert.Equal(done, blocks.Position);
            Assert.Equal(done, blocks.Length);
            // Whole blocks only.
            Assert.Equal(done - (done % BlockStream.BlockSize), file.Length);
        }

        blocks.Flush();
        Assert.Equal(content, file.ToArray());
    }

    [Fact]
    public void A_write_further_to_the_front_leaves_the_rest_as_it_is()
    {
        byte[] content = new byte[BlockStream.BlockSize + 1000];
        new Random(1).NextBytes(content);
        byte[] front = [1, 2, 3, 4, 5];
        using MemoryStream file = new();
        using BlockStream blocks = new(file);
        blocks.Write(content);
        blocks.Position = 3;
        blocks.Write(front);
        Assert.Equal(content.Length, blocks.Length);
        blocks.Position = content.Length;
        blocks.WriteByte(9);
        blocks.Flush();
        front.CopyTo(content, 3);
        Assert.Equal([.. content, 9], file.ToArray());
    }
}
