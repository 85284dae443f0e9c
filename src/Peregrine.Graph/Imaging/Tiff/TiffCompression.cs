using System.IO.Compression;

namespace Peregrine.Imaging.Tiff;

/// <summary>Unpacks a strip or tile: none, LZW (as in TIFF 6.0, section 13), Deflate, PackBits.</summary>
internal static class TiffCompression
{
    public const int None = 1, Lzw = 5, Jpeg = 7, Deflate = 8, PackBits = 32773, OldDeflate = 32946;

    /// <param name="target">Filled; what is missing at its end is an error.</param>
    public static void Unpack(int compression, ReadOnlyMemory<byte> packed, Span<byte> target)
    {
        int written = compression switch
        {
            None => Copy(packed.Span, target),
            Lzw => UnpackLzw(packed.Span, target),
            Deflate or OldDeflate => Inflate(packed, target),
            PackBits => UnpackRuns(packed.Span, target),
            _ => throw new InvalidImageException($"its compression {compression} is not read."),
        };
        if (written < target.Length)
        {
            throw new InvalidImageException($"a strip has {written} of {target.Length} bytes.");
        }
    }

    private static int Copy(ReadOnlySpan<byte> packed, Span<byte> target)
    {
        int count = Math.Min(packed.Length, target.Length);
        packed[..count].CopyTo(target);
        return count;
    }

    private static int Inflate(ReadOnlyMemory<byte> packed, Span<byte> target)
    {
        using MemoryStream source = new(packed.ToArray(), writable: false);
        using ZLibStream inflated = new(source, CompressionMode.Decompress);
        return inflated.ReadAtLeast(target, target.Length, throwOnEndOfStream: false);
    }

    private static int UnpackRuns(ReadOnlySpan<byte> packed, Span<byte> target)
    {
        int written = 0;
        for (int at = 0; at < packed.Length && written < target.Length;)
        {
            int count = (sbyte)packed[at++];
            if (count >= 0)
            {
                int length = Math.Min(count + 1, target.Length - written);
                packed.Slice(at, length).CopyTo(target[written..]);
                (at, written) = (at + count + 1, written + length);
            }
            else if (count > -128)
            {
                int length = Math.Min(1 - count, target.Length - written);
                target.Slice(written, length).Fill(packed[at++]);
                written += length;
            }
        }

        return written;
    }

    private static int UnpackLzw(ReadOnlySpan<byte> packed, Span<byte> target)
    {
        const int clear = 256, end = 257, first = 258;
        // An entry is a run of the output: where it starts, and how long it is.
        int[] starts = new int[4096], lengths = new int[4096];
        int next = first, bits = 9, previous = -1, previousStart = 0, written = 0;
        long position = 0;
        while (position + bits <= packed.Length * 8L && written < target.Length)
        {
            int code = 0;
            for (int i = 0; i < bits; i++, position++)
            {
                code = (code << 1) | ((packed[(int)(position >> 3)] >> (7 - (int)(position & 7))) & 1);
            }

            if (code == end)
            {
                break;
            }

            if (code == clear)
            {
                (next, bits, previous) = (first, 9, -1);
                continue;
            }

            int start = written;
            if (code < clear)
            {
                target[written++] = (byte)code;
            }
            else
            {
                bool isNew = code == next && previous >= 0;
                if (!isNew && (code >= next || code < first))
                {
                    throw new InvalidImageException($"the LZW code {code} does not exist yet.");
                }

                int from = isNew ? previousStart : starts[code], length = isNew ? start - previousStart + 1 : lengths[code];
                for (int i = 0; i < length && written < target.Length; i++)
                {
                    target[written++] = target[from + i];
                }
            }

            if (previous >= 0 && next < 4096)
            {
                (starts[next], lengths[next]) = (previousStart, start - previousStart + 1);
                next++;
            }

            // The encoder widens its codes one entry early.
            bits = next >= 2047 ? 12 : next >= 1023 ? 11 : next >= 511 ? 10 : 9;
            (previous, previousStart) = (code, start);
        }

        return written;
    }
}
