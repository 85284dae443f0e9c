using System.Security.Cryptography;
using System.Text;
using Peregrine.Runtime.Format;

namespace Peregrine.Runtime.Tests.Format;

public sealed class Sha256Tests
{
    // FIPS 180-2, appendix B.
    [Theory]
    [InlineData("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    [InlineData("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")]
    public void The_examples_of_the_standard(string message, string hash) => Assert.Equal(hash, Convert.ToHexStringLower(Sha256.Of(Encoding.ASCII.GetBytes(message))));

    [Fact]
    public void Every_length_agrees_with_the_systems_own()
    {
        byte[] data = new byte[1000];
        new Random(5).NextBytes(data);
        for (int length = 0; length <= data.Length; length++)
        {
            Assert.Equal(SHA256.HashData(data.AsSpan(0, length)), Sha256.Of(data.AsSpan(0, length)));
        }
    }

    [Fact]
    public void Pieces_give_the_hash_of_the_whole()
    {
        byte[] data = new byte[5000];
        Random random = new(6);
        random.NextBytes(data);
        byte[] expected = SHA256.HashData(data);
        Span<uint> room = stackalloc uint[Sha256.RoomSize];
        for (int round = 0; round < 50; round++)
        {
            Sha256 hash = new(room);
            for (int at = 0; at < data.Length;)
            {
                int length = Math.Min(random.Next(200), data.Length - at);
                hash.Append(data.AsSpan(at, length));
                at += length;
            }

            byte[] found = new byte[Sha256.Size];
            hash.Finish(found);
            Assert.Equal(expected, found);
        }
    }
}
