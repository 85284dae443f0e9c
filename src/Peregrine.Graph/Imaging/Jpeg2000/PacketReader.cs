using System.Numerics;

namespace Peregrine.Imaging.Jpeg2000;

/// <summary>Distributes a tile's packets to the code-blocks (T.800, B.9 to B.12).</summary>
internal sealed class PacketReader(byte[] data)
{
    private int _at;

    /// <param name="progression">0 layer, resolution, component, position; 1 resolution, layer, …; 2 resolution, position, …; 3 position, component, …; 4 component, position, ….</param>
    public void Read(IReadOnlyList<Precinct> precincts, int progression, int layers)
    {
        switch (progression)
        {
            case 0:
                Precinct[] ordered = [.. precincts.OrderBy(p => p.Resolution).ThenBy(p => p.Component).ThenBy(p => p.Index)];
                for (int layer = 0; layer < layers && !IsAtEnd; layer++)
                {
                    Array.ForEach(ordered, p => ReadPacket(p, layer));
                }

                break;
            case 1:
                foreach (IGrouping<int, Precinct> resolution in precincts.GroupBy(p => p.Resolution).OrderBy(g => g.Key))
                {
                    Precinct[] group = [.. resolution.OrderBy(p => p.Component).ThenBy(p => p.Index)];
                    for (int layer = 0; layer < layers && !IsAtEnd; layer++)
                    {
                        Array.ForEach(group, p => ReadPacket(p, layer));
                    }
                }

                break;
            case 2:
                ReadAllLayers(precincts.OrderBy(p => p.Resolution).ThenBy(p => p.Y).ThenBy(p => p.X).ThenBy(p => p.Component).ThenBy(p => p.Index), layers);
                break;
            case 3:
                ReadAllLayers(precincts.OrderBy(p => p.Y).ThenBy(p => p.X).ThenBy(p => p.Component).ThenBy(p => p.Resolution).ThenBy(p => p.Index), layers);
                break;
            case 4:
                ReadAllLayers(precincts.OrderBy(p => p.Component).ThenBy(p => p.Y).ThenBy(p => p.X).ThenBy(p => p.Resolution).ThenBy(p => p.Index), layers);
                break;
            default:
                throw new InvalidImageException($"the progression {progression} does not exist.");
        }
    }

    /// <summary>A stream that was cut has fewer packets; what came is decoded.</summary>
    private bool IsAtEnd => _at >= data.Length;

    private void ReadAllLayers(IEnumerable<Precinct> precincts, int layers)
    {
        foreach (Precinct precinct in precincts)
        {
            for (int layer = 0; layer < layers && !IsAtEnd; layer++)
            {
                ReadPacket(precinct, layer);
            }
        }
    }

    private void ReadPacket(Precinct precinct, int layer)
    {
        if (IsAtEnd)
        {
            return;
        }

        // Markers around headers (SOP, EPH) may be there whether or not they were announced for all packets.
        _at += IsMarker(0x91) ? 6 : 0;
        PacketBits bits = new(data.AsMemory(_at));
        List<(CodeSegment Segment, int Length)> pieces = [];
        if (bits.Bit() == 1)
        {
            foreach (PrecinctBand band in precinct.Bands)
            {
                for (int i = 0; i < band.Blocks.Length; i++)
                {
                    ReadBlockHeader(bits, band, i, layer, precinct.Style.Style, pieces);
                }
            }
        }

        bits.Align();
        _at += bits.Position;
        _at += IsMarker(0x92) ? 2 : 0;
        foreach ((CodeSegment segment, int length) in pieces)
        {
            int there = Math.Min(length, data.Length - _at);
            segment.Data.Add(data.AsMemory(_at, there));
            _at += there;
        }
    }

    private bool IsMarker(byte marker) => _at + 1 < data.Length && data[_at] == 0xFF && data[_at + 1] == marker;

    private static void ReadBlockHeader(PacketBits bits, PrecinctBand band, int index, int layer, CodeBlockStyle style, List<(CodeSegment Segment, int Length)> pieces)
    {
        CodeBlock block = band.Blocks[index];
        int x = index % band.Columns, y = index / band.Columns;
        if (block.IsIncluded ? bits.Bit() == 0 : band.Inclusion.Read(bits, x, y, layer + 1) is null)
        {
            return;
        }

        if (!block.IsIncluded)
        {
            block.IsIncluded = true;
            int? planes = null;
            for (int threshold = 1; planes is null; threshold++)
            {
                planes = threshold < 64 ? band.ZeroBitPlanes.Read(bits, x, y, threshold) : throw new InvalidImageException("a code-block has no bit plane.");
            }

            block.ZeroBitPlanes = planes.Value;
        }

        int passes = ReadPasses(bits);
        while (bits.Bit() == 1)
        {
            block.LengthBits++;
        }

        while (passes > 0)
        {
            CodeSegment segment = block.NextSegment(style);
            int count = Math.Min(passes, segment.MaxPasses - segment.Passes), lengthBits = block.LengthBits + BitOperations.Log2((uint)count);
            if (lengthBits > 30)
            {
                throw new InvalidImageException("a code-block is longer than any file.");
            }

            segment.Passes += count;
            pieces.Add((segment, bits.Bits(lengthBits)));
            passes -= count;
        }
    }

    /// <summary>Table B.4.</summary>
    private static int ReadPasses(PacketBits bits)
    {
        if (bits.Bit() == 0)
        {
            return 1;
        }

        if (bits.Bit() == 0)
        {
            return 2;
        }

        int more = bits.Bits(2);
        if (more < 3)
        {
            return 3 + more;
        }

        more = bits.Bits(5);
        return more < 31 ? 6 + more : 37 + bits.Bits(7);
    }
}
