using System.Buffers.Binary;

namespace Peregrine.Imaging;

/// <summary>An encoded image's bytes, with reads that are checked against its end.</summary>
internal sealed class ImageBytes(byte[] data)
{
    public int Length => data.Length;

    public byte this[int at] => Slice(at, 1)[0];

    /// <summary>Whether <paramref name="text"/> (Latin-1) stands at an offset.</summary>
    public bool Has(int at, string text)
    {
        if (at < 0 || at + text.Length > data.Length)
        {
            return false;
        }

        for (int i = 0; i < text.Length; i++)
        {
            if (data[at + i] != text[i])
            {
                return false;
            }
        }

        return true;
    }

    public ReadOnlySpan<byte> Slice(long at, long count) =>
        at >= 0 && count >= 0 && at + count <= data.Length ? data.AsSpan((int)at, (int)count) : throw new InvalidImageException($"it ends at {data.Length}, but bytes {at} to {at + count} are needed.");

    public ReadOnlyMemory<byte> Memory(long at, long count)
    {
        _ = Slice(at, count);
        return data.AsMemory((int)at, (int)count);
    }

    public ushort BigUInt16(long at) => BinaryPrimitives.ReadUInt16BigEndian(Slice(at, 2));

    public uint BigUInt32(long at) => BinaryPrimitives.ReadUInt32BigEndian(Slice(at, 4));

    public ushort LittleUInt16(long at) => BinaryPrimitives.ReadUInt16LittleEndian(Slice(at, 2));

    public int LittleUInt24(long at) => LittleUInt16(at) | (Slice(at + 2, 1)[0] << 16);

    public uint LittleUInt32(long at) => BinaryPrimitives.ReadUInt32LittleEndian(Slice(at, 4));

    public int LittleInt32(long at) => BinaryPrimitives.ReadInt32LittleEndian(Slice(at, 4));
}
