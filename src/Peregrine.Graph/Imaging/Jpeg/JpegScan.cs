namespace Peregrine.Imaging.Jpeg;

/// <summary>Reads one scan into the coefficients of its components: sequential (T.81, F.2) or progressive (G.2).</summary>
internal sealed class JpegScan
{
    private readonly JpegFrame _frame;
    private readonly JpegBits _bits;
    private readonly JpegComponent[] _components;
    private readonly JpegHuffman?[] _dcTables;
    private readonly JpegHuffman?[] _acTables;
    private readonly int _spectralStart;
    private readonly int _spectralEnd;
    private readonly int _high;
    private readonly int _low;
    private int _endOfBandRun;

    /// <param name="at">Behind the length of the SOS segment.</param>
    public JpegScan(ImageBytes bytes, int at, JpegFrame frame, JpegHuffman?[] dcTables, JpegHuffman?[] acTables)
    {
        _frame = frame;
        int count = bytes[at];
        if (count is < 1 or > 4 || count > frame.Components.Length)
        {
            throw new InvalidImageException($"a scan has {count} components.");
        }

        _components = new JpegComponent[count];
        (_dcTables, _acTables) = (new JpegHuffman?[count], new JpegHuffman?[count]);
        for (int i = 0; i < count; i++)
        {
            int id = bytes[at + 1 + (2 * i)], tables = bytes[at + 2 + (2 * i)];
            _components[i] = Array.Find(frame.Components, c => c.Id == id) ?? throw new InvalidImageException($"a scan names the component {id}, which does not exist.");
            (_dcTables[i], _acTables[i]) = (dcTables[tables >> 4 & 3], acTables[tables & 3]);
        }

        int parameters = at + 1 + (2 * count);
        (_spectralStart, _spectralEnd, _high, _low) = frame.IsProgressive ? (bytes[parameters], bytes[parameters + 1], bytes[parameters + 2] >> 4, bytes[parameters + 2] & 15) : (0, 63, 0, 0);
        if (_spectralEnd > 63 || _spectralStart > _spectralEnd || _low > 13 || (_spectralStart > 0 && count != 1))
        {
            throw new InvalidImageException($"a scan covers the coefficients {_spectralStart} to {_spectralEnd} of {count} components from bit {_low}.");
        }

        _bits = new(bytes, parameters + 3);
    }

    /// <returns>Where the scan ends.</returns>
    public int Read(int restartInterval)
    {
        bool isSingle = _components.Length == 1;
        int columns = isSingle ? _components[0].BlockColumns : _frame.UnitColumns, rows = isSingle ? _components[0].BlockRows : _frame.UnitRows;
        int untilRestart = restartInterval;
        Reset();
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                if (restartInterval > 0 && untilRestart-- == 0)
                {
                    _bits.Restart();
                    Reset();
                    untilRestart = restartInterval - 1;
                }

                ReadUnit(row, column, isSingle);
            }
        }

        return _bits.Position;
    }

    private void Reset()
    {
        _endOfBandRun = 0;
        foreach (JpegComponent component in _components)
        {
            component.Prediction = 0;
        }
    }

    private void ReadUnit(int row, int column, bool isSingle)
    {
        for (int i = 0; i < _components.Length; i++)
        {
            JpegComponent component = _components[i];
            int height = isSingle ? 1 : component.Vertical, width = isSingle ? 1 : component.Horizontal;
            for (int y = 0; y < height; y++)
            {
                for (int x = 0; x < width; x++)
                {
                    ReadBlock(i, component.Block((row * height) + y, (column * width) + x));
                }
            }
        }
    }

    private void ReadBlock(int component, Span<short> block)
    {
        if (_spectralStart == 0)
        {
            ReadDc(component, block);
        }

        if (_spectralEnd == 0)
        {
            return;
        }

        JpegHuffman table = _acTables[component] ?? throw new InvalidImageException("a scan uses a Huffman table that was not defined.");
        if (!_frame.IsProgressive)
        {
            ReadAc(table, block, 1, 63);
        }
        else if (_high == 0)
        {
            ReadFirstAc(table, block);
        }
        else
        {
            RefineAc(table, block);
        }
    }

    private void ReadDc(int component, Span<short> block)
    {
        if (_high > 0)
        {
            block[0] |= (short)(_bits.Bit() << _low);
            return;
        }

        JpegHuffman table = _dcTables[component] ?? throw new InvalidImageException("a scan uses a Huffman table that was not defined.");
        int size = table.Decode(_bits);
        _components[component].Prediction += size <= 15 ? _bits.Signed(size) : throw new InvalidImageException($"a DC difference has {size} bits.");
        block[0] = (short)(_components[component].Prediction << _low);
    }

    private void ReadAc(JpegHuffman table, Span<short> block, int first, int last)
    {
        for (int k = first; k <= last; k++)
        {
            int symbol = table.Decode(_bits), run = symbol >> 4, size = symbol & 15;
            if (size == 0 && run < 15)
            {
                return;
            }

            k += run;
            if (size > 0)
            {
                block[Zigzag.Natural[k]] = (short)_bits.Signed(size);
            }
        }
    }

    private void ReadFirstAc(JpegHuffman table, Span<short> block)
    {
        if (_endOfBandRun > 0)
        {
            _endOfBandRun--;
            return;
        }

        for (int k = _spectralStart; k <= _spectralEnd; k++)
        {
            int symbol = table.Decode(_bits), run = symbol >> 4, size = symbol & 15;
            if (size == 0 && run < 15)
            {
                _endOfBandRun = (1 << run) + _bits.Bits(run) - 1;
                return;
            }

            k += run;
            if (size > 0)
            {
                block[Zigzag.Natural[k]] = (short)(_bits.Signed(size) << _low);
            }
        }
    }

    private void RefineAc(JpegHuffman table, Span<short> block)
    {
        int k = _spectralStart;
        if (_endOfBandRun == 0)
        {
            for (; k <= _spectralEnd; k++)
            {
                int symbol = table.Decode(_bits), run = symbol >> 4, size = symbol & 15, value = 0;
                if (size > 0)
                {
                    value = _bits.Bit() == 1 ? 1 << _low : -1 << _low;
                }
                else if (run < 15)
                {
                    _endOfBandRun = (1 << run) + _bits.Bits(run);
                    break;
                }

                k = SkipZeros(block, k, run);
                if (value != 0 && k <= _spectralEnd)
                {
                    block[Zigzag.Natural[k]] = (short)value;
                }
            }
        }

        if (_endOfBandRun > 0)
        {
            _ = SkipZeros(block, k, int.MaxValue);
            _endOfBandRun--;
        }
    }

    /// <summary>Refines the coefficients on the way past <paramref name="run"/> zeros; returns the index of the zero behind them.</summary>
    private int SkipZeros(Span<short> block, int k, int run)
    {
        for (; k <= _spectralEnd; k++)
        {
            ref short coefficient = ref block[Zigzag.Natural[k]];
            if (coefficient == 0)
            {
                if (run-- == 0)
                {
                    break;
                }
            }
            else if (_bits.Bit() == 1 && (Math.Abs(coefficient) & (1 << _low)) == 0)
            {
                coefficient += (short)(coefficient > 0 ? 1 << _low : -1 << _low);
            }
        }

        return k;
    }
}
