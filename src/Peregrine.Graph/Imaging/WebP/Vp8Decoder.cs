namespace Peregrine.Imaging.WebP;

/// <summary>A lossy image: one key frame of VP8 (RFC 6386).</summary>
internal sealed class Vp8Decoder
{
    private readonly byte[] _data;
    private readonly int _width;
    private readonly int _height;
    private readonly int _columns;
    private readonly int _rows;
    private readonly Vp8Bits _modes;
    private readonly Vp8Header _header;
    private readonly Vp8Bits[] _partitions;
    private readonly Vp8Plane _luma;
    private readonly Vp8Plane _blue;
    private readonly Vp8Plane _red;
    private readonly Vp8Macroblock[] _blocks;
    private readonly BlockMode[] _modesAbove;
    private readonly BlockMode[] _modesLeft = new BlockMode[4];
    private readonly byte[] _filledAbove;
    private readonly byte[] _filledLeft = new byte[9];
    private readonly int[] _coefficients = new int[25 * 16];

    public Vp8Decoder(byte[] data)
    {
        _data = data;
        ImageBytes bytes = new(data);
        int tag = bytes.LittleUInt24(0), firstSize = tag >> 5;
        if ((tag & 1) != 0 || !bytes.Has(3, "\u009d\u0001\u002a"))
        {
            throw new InvalidImageException("it does not start with a key frame.");
        }

        (_width, _height) = (bytes.LittleUInt16(6) & 0x3FFF, bytes.LittleUInt16(8) & 0x3FFF);
        Raster.CheckSize(_width, _height);
        (_columns, _rows) = ((_width + 15) / 16, (_height + 15) / 16);
        _modes = new(bytes.Memory(10, firstSize));
        _header = new(_modes);
        _partitions = new Vp8Bits[_header.Partitions];
        long at = 10L + firstSize, start = at + (3L * (_header.Partitions - 1));
        for (int i = 0; i < _partitions.Length; i++)
        {
            // The last one takes what is left; a damaged size is cut.
            long left = data.Length - start, size = i == _partitions.Length - 1 ? left : Math.Min(left, bytes.LittleUInt24(at + (3L * i)));
            _partitions[i] = new(bytes.Memory(start, size));
            start += size;
        }

        _luma = new(_columns * 16, _rows * 16);
        (_blue, _red) = (new(_columns * 8, _rows * 8), new(_columns * 8, _rows * 8));
        _blocks = new Vp8Macroblock[_columns * _rows];
        _modesAbove = new BlockMode[_columns * 4];
        _filledAbove = new byte[_columns * 9];
    }

    public Raster Decode()
    {
        for (int row = 0; row < _rows; row++)
        {
            Array.Clear(_modesLeft);
            Array.Clear(_filledLeft);
            for (int column = 0; column < _columns; column++)
            {
                Vp8Macroblock block = ReadModes(column);
                bool hasCoefficients = ReadCoefficients(block, _partitions[row % _partitions.Length], column);
                Reconstruct(block, column, row);
                _blocks[(row * _columns) + column] = block with { HasInnerEdges = block.HasBlockModes || hasCoefficients };
            }
        }

        for (int i = 0; i < _blocks.Length; i++)
        {
            Filter(_blocks[i], i % _columns, i / _columns);
        }

        return Vp8Colours.ToRgb(_luma, _blue, _red, _width, _height);
    }

    private Vp8Macroblock ReadModes(int column)
    {
        int segment = 0;
        if (_header.HasSegmentMap)
        {
            int[] p = _header.SegmentProbabilities;
            segment = _modes.Bit(p[0]) == 0 ? _modes.Bit(p[1]) : 2 + _modes.Bit(p[2]);
        }

        bool isSkipped = _header.SkipProbability is { } skip && _modes.Bit(skip) == 1, hasBlockModes = _modes.Bit(145) == 0;
        BlockMode[] modes = new BlockMode[16];
        Span<BlockMode> above = _modesAbove.AsSpan(column * 4, 4);
        if (hasBlockModes)
        {
            for (int i = 0; i < 16; i++)
            {
                modes[i] = above[i & 3] = _modesLeft[i >> 2] = ReadBlockMode(above[i & 3], _modesLeft[i >> 2]);
            }
        }
        else
        {
            modes[0] = _modes.Bit(156) == 1 ? (_modes.Bit(128) == 1 ? BlockMode.TrueMotion : BlockMode.Horizontal) : _modes.Bit(163) == 1 ? BlockMode.Vertical : BlockMode.Dc;
            above.Fill(modes[0]);
            Array.Fill(_modesLeft, modes[0]);
        }

        BlockMode chroma = _modes.Bit(142) == 0 ? BlockMode.Dc : _modes.Bit(114) == 0 ? BlockMode.Vertical : _modes.Bit(183) == 1 ? BlockMode.TrueMotion : BlockMode.Horizontal;
        return new(segment, isSkipped, hasBlockModes, modes, chroma, false);
    }

    private BlockMode ReadBlockMode(BlockMode above, BlockMode left)
    {
        ReadOnlySpan<byte> p = Vp8Tables.BlockModes.Slice((((int)above * 10) + (int)left) * 9, 9);
        return _modes.Bit(p[0]) == 0 ? BlockMode.Dc
            : _modes.Bit(p[1]) == 0 ? BlockMode.TrueMotion
            : _modes.Bit(p[2]) == 0 ? BlockMode.Vertical
            : _modes.Bit(p[3]) == 0 ? (_modes.Bit(p[4]) == 0 ? BlockMode.Horizontal : _modes.Bit(p[5]) == 0 ? BlockMode.DownRight : BlockMode.VerticalRight)
            : _modes.Bit(p[6]) == 0 ? BlockMode.DownLeft
            : _modes.Bit(p[7]) == 0 ? BlockMode.VerticalLeft
            : _modes.Bit(p[8]) == 0 ? BlockMode.HorizontalDown : BlockMode.HorizontalUp;
    }

    /// <summary>Fills the coefficients of 16 luma and 4 + 4 chroma blocks; returns whether any is not zero.</summary>
    private bool ReadCoefficients(Vp8Macroblock block, Vp8Bits bits, int column)
    {
        Array.Clear(_coefficients);
        // Per column of the macroblock row above, and per row to the left: 4 luma, 2 + 2 chroma, 1 second-order.
        Span<byte> above = _filledAbove.AsSpan(column * 9, 9), left = _filledLeft;
        if (block.IsSkipped)
        {
            above[..8].Clear();
            left[..8].Clear();
            if (!block.HasBlockModes)
            {
                (above[8], left[8]) = (0, 0);
            }

            return false;
        }

        Vp8Steps steps = _header.Steps[block.Segment];
        int first = 0, type = 3;
        if (!block.HasBlockModes)
        {
            Span<int> second = _coefficients.AsSpan(24 * 16, 16);
            int end = Vp8Residuals.Read(bits, _header.Coefficients, 1, above[8] + left[8], 0, steps.SecondDc, steps.SecondAc, second);
            above[8] = left[8] = (byte)(end > 0 ? 1 : 0);
            Vp8Transform.SpreadDc(second, _coefficients);
            second.Clear();
            (first, type) = (1, 0);
        }

        for (int i = 0; i < 16; i++)
        {
            Read(above, left, i & 3, i >> 2, i, type, first, steps.LumaDc, steps.LumaAc);
        }

        for (int i = 0; i < 8; i++)
        {
            int plane = i >> 2;
            Read(above, left, 4 + (2 * plane) + (i & 1), 4 + (2 * plane) + ((i >> 1) & 1), 16 + i, 2, 0, steps.ChromaDc, steps.ChromaAc);
        }

        return _coefficients.AsSpan().ContainsAnyExcept(0);

        void Read(Span<byte> above, Span<byte> left, int x, int y, int index, int type, int first, int dc, int ac)
        {
            int end = Vp8Residuals.Read(bits, _header.Coefficients, type, above[x] + left[y], first, dc, ac, _coefficients.AsSpan(index * 16, 16));
            above[x] = left[y] = (byte)(end > first ? 1 : 0);
        }
    }

    private void Reconstruct(Vp8Macroblock block, int column, int row)
    {
        int x = column * 16, y = row * 16;
        if (block.HasBlockModes)
        {
            // Blocks in the last column see, above and to the right, the row above the macroblock: what lies to the right is not decoded yet.
            Span<byte> aboveRight = stackalloc byte[4], next = stackalloc byte[4];
            for (int i = 0; i < 4; i++)
            {
                aboveRight[i] = row == 0 ? (byte)127 : column == _columns - 1 ? _luma[x + 15, y - 1] : _luma[x + 16 + i, y - 1];
            }

            for (int i = 0; i < 16; i++)
            {
                int left = x + (4 * (i & 3)), top = y + (4 * (i >> 2));
                for (int k = 0; k < 4; k++)
                {
                    next[k] = (i & 3) == 3 ? aboveRight[k] : _luma[left + 4 + k, top - 1];
                }

                Vp8Prediction.Block(_luma, left, top, block.Modes[i], next);
                Vp8Transform.AddCosine(_coefficients.AsSpan(i * 16, 16), _luma, left, top);
            }
        }
        else
        {
            Vp8Prediction.Square(_luma, x, y, 16, block.Modes[0]);
            for (int i = 0; i < 16; i++)
            {
                Vp8Transform.AddCosine(_coefficients.AsSpan(i * 16, 16), _luma, x + (4 * (i & 3)), y + (4 * (i >> 2)));
            }
        }

        for (int plane = 0; plane < 2; plane++)
        {
            Vp8Plane chroma = plane == 0 ? _blue : _red;
            Vp8Prediction.Square(chroma, column * 8, row * 8, 8, block.ChromaMode);
            for (int i = 0; i < 4; i++)
            {
                Vp8Transform.AddCosine(_coefficients.AsSpan((16 + (4 * plane) + i) * 16, 16), chroma, (column * 8) + (4 * (i & 1)), (row * 8) + (4 * (i >> 1)));
            }
        }
    }

    private void Filter(Vp8Macroblock block, int column, int row)
    {
        Vp8FilterStrength strength = _header.Filter(block.Segment, block.HasBlockModes);
        if (strength.EdgeLimit == 0)
        {
            return;
        }

        if (_header.IsSimpleFilter)
        {
            Vp8LoopFilter.Simple(_luma, column, row, strength, block.HasInnerEdges);
            return;
        }

        Vp8LoopFilter.Normal(_luma, 16, column, row, strength, block.HasInnerEdges);
        Vp8LoopFilter.Normal(_blue, 8, column, row, strength, block.HasInnerEdges);
        Vp8LoopFilter.Normal(_red, 8, column, row, strength, block.HasInnerEdges);
    }

    /// <summary>What the first partition tells of a macroblock.</summary>
    /// <param name="Modes">Of 16 blocks, or of the whole in the first entry.</param>
    /// <param name="HasInnerEdges">Whether the loop filter treats the edges between its blocks.</param>
    private sealed record Vp8Macroblock(int Segment, bool IsSkipped, bool HasBlockModes, BlockMode[] Modes, BlockMode ChromaMode, bool HasInnerEdges);
}
