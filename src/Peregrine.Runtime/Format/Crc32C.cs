using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Peregrine.Runtime.Format;

/// <summary>
/// CRC-32C (Castagnoli polynomial 0x1EDC6F41, reflected, initial and final complement), as in RFC 3720 appendix B.4.
/// </summary>
/// <remarks>
/// The CRC instruction takes three cycles but one can start in every cycle, so three adjacent blocks are hashed in three interleaved lanes.
/// CRCs are linear: the CRC of a concatenation is the first CRC advanced over as many zero bytes as the second part has, plus (xor) the second
/// CRC; the advance is a linear map of 32 bits, held as four tables of 256 entries.
/// <see cref="BitOperations.Crc32C(uint, ulong)"/> is the SSE4.2 or ARM instruction where there is one and table-driven elsewhere.
/// </remarks>
internal static class Crc32C
{
    private const int LaneSize = 8192;
    private const int LaneWords = LaneSize / sizeof(ulong);
    private static readonly uint[] LaneAdvance = BuildAdvanceTables(LaneSize);

    /// <summary>The CRC-32C of the data; 0 for no data.</summary>
    public static uint Compute(ReadOnlySpan<byte> data) => Append(0, data);

    /// <summary>The CRC-32C of the bytes behind <paramref name="crc"/> followed by the data.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> data)
    {
        crc = ~crc;
        while (data.Length >= 3 * LaneSize)
        {
            crc = ThreeLanes(crc, MemoryMarshal.Cast<byte, ulong>(data[..(3 * LaneSize)]));
            data = data[(3 * LaneSize)..];
        }

        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(data);
        foreach (ulong word in words)
        {
            crc = BitOperations.Crc32C(crc, LittleEndian(word));
        }

        foreach (byte tail in data[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, tail);
        }

        return ~crc;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static uint ThreeLanes(uint crc, ReadOnlySpan<ulong> words)
    {
        ReadOnlySpan<ulong> first = words[..LaneWords];
        ReadOnlySpan<ulong> second = words.Slice(LaneWords, LaneWords);
        ReadOnlySpan<ulong> third = words.Slice(2 * LaneWords, LaneWords);
        uint second32 = 0;
        uint third32 = 0;
        for (int i = 0; i < first.Length; i++)
        {
            crc = BitOperations.Crc32C(crc, LittleEndian(first[i]));
            second32 = BitOperations.Crc32C(second32, LittleEndian(second[i]));
            third32 = BitOperations.Crc32C(third32, LittleEndian(third[i]));
        }

        return AdvanceLane(AdvanceLane(crc) ^ second32) ^ third32;
    }

    private static ulong LittleEndian(ulong word) => BitConverter.IsLittleEndian ? word : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(word);

    private static uint AdvanceLane(uint crc)
    {
        uint[] tables = LaneAdvance;
        return tables[crc & 0xFF] ^ tables[256 + ((crc >> 8) & 0xFF)] ^ tables[512 + ((crc >> 16) & 0xFF)] ^ tables[768 + (crc >> 24)];
    }

    private static uint[] BuildAdvanceTables(int zeroBytes)
    {
        uint[] tables = new uint[4 * 256];
        for (int bit = 0; bit < 32; bit++)
        {
            uint image = 1u << bit;
            for (int i = 0; i < zeroBytes / sizeof(ulong); i++)
            {
                image = BitOperations.Crc32C(image, 0ul);
            }

            // Linear: the image of a byte value is the xor of the images of its bits.
            int table = bit / 8 * 256;
            int low = 1 << (bit % 8);
            for (int value = low; value < 2 * low; value++)
            {
                tables[table + value] = tables[table + value - low] ^ image;
            }
        }

        return tables;
    }
}
