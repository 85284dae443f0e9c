namespace Peregrine.Imaging.Jpeg2000;

/// <summary>The codestream (T.800, annex A): what the markers tell, and the data of each tile. Regions of interest, changes of progression and packed packet headers are not read.</summary>
internal sealed class Codestream
{
    private readonly ImageBytes _bytes;
    private readonly Parameters _main;
    private readonly SortedDictionary<int, Tile> _tiles = [];
    private (int Width, int Height, int X, int Y) _tileGrid;

    public Codestream(ImageBytes bytes, int at)
    {
        _bytes = bytes;
        if (bytes.BigUInt16(at) != 0xFF4F || bytes.BigUInt16(at + 2) != 0xFF51)
        {
            throw new InvalidImageException("its codestream does not start with SOC and SIZ.");
        }

        ReadSize(at + 6);
        _main = new(Components.Length);
        ReadMain(at + 2);
    }

    /// <summary>On the reference grid.</summary>
    public (int X0, int Y0, int X1, int Y1) Area { get; private set; }

    public ComponentSize[] Components { get; private set; } = [];

    /// <summary>The samples of all tiles' components.</summary>
    public IEnumerable<(TileComponent Component, int Index, double[] Samples)> Decode()
    {
        CodeBlockDecoder decoder = new();
        foreach ((int index, Tile tile) in _tiles)
        {
            int across = Across, column = index % across, row = index / across;
            (int X0, int Y0, int X1, int Y1) area = (
                (int)Math.Max(_tileGrid.X + ((long)column * _tileGrid.Width), Area.X0),
                (int)Math.Max(_tileGrid.Y + ((long)row * _tileGrid.Height), Area.Y0),
                (int)Math.Min(_tileGrid.X + ((column + 1L) * _tileGrid.Width), Area.X1),
                (int)Math.Min(_tileGrid.Y + ((row + 1L) * _tileGrid.Height), Area.Y1));
            TileComponent[] components = [.. Components.Select((size, i) => new TileComponent(i, area, size, tile.Parameters.Style(i), tile.Parameters.Quantization(i)))];
            Precinct[] precincts = [.. components.SelectMany(c => c.Precincts())];
            new PacketReader(tile.Data.ToArray()).Read(precincts, tile.Parameters.Progression, tile.Parameters.Layers);
            foreach (Precinct precinct in precincts)
            {
                foreach (PrecinctBand band in precinct.Bands)
                {
                    Array.ForEach(band.Blocks, block => decoder.Decode(block, band.Band, precinct.Style.Style));
                }
            }

            double[][] samples = [.. components.Select(c => c.Synthesise())];
            if (tile.Parameters.HasColourTransform)
            {
                UndoColours(samples, components[0].Style.IsReversible);
            }

            for (int i = 0; i < components.Length; i++)
            {
                yield return (components[i], i, samples[i]);
            }
        }
    }

    private int Across => (int)((Area.X1 - (long)_tileGrid.X + _tileGrid.Width - 1) / _tileGrid.Width);

    private void ReadSize(int at)
    {
        (long x1, long y1, long x0, long y0) = (_bytes.BigUInt32(at + 2), _bytes.BigUInt32(at + 6), _bytes.BigUInt32(at + 10), _bytes.BigUInt32(at + 14));
        (long width, long height, long x, long y) = (_bytes.BigUInt32(at + 18), _bytes.BigUInt32(at + 22), _bytes.BigUInt32(at + 26), _bytes.BigUInt32(at + 30));
        Raster.CheckSize(x1 - x0, y1 - y0);
        int count = _bytes.BigUInt16(at + 34);
        if (x1 > int.MaxValue || y1 > int.MaxValue || width < 1 || height < 1 || x > x0 || y > y0 || x + width <= x0 || y + height <= y0 || count is < 1 or > 16)
        {
            throw new InvalidImageException("its SIZ segment contradicts itself.");
        }

        Area = ((int)x0, (int)y0, (int)x1, (int)y1);
        _tileGrid = ((int)Math.Min(width, int.MaxValue), (int)Math.Min(height, int.MaxValue), (int)x, (int)y);
        Components = new ComponentSize[count];
        for (int i = 0; i < count; i++)
        {
            int entry = at + 36 + (3 * i), depth = _bytes[entry];
            Components[i] = new((depth & 127) + 1, depth >= 128, _bytes[entry + 1], _bytes[entry + 2]);
            if (Components[i] is { Bits: > 24 } or { StepX: 0 } or { StepY: 0 })
            {
                throw new InvalidImageException($"component {i} has {Components[i].Bits} bits and the steps {Components[i].StepX} x {Components[i].StepY}.");
            }
        }
    }

    private void ReadMain(int at)
    {
        long total = (long)Across * ((Area.Y1 - (long)_tileGrid.Y + _tileGrid.Height - 1) / _tileGrid.Height);
        Parameters current = _main;
        long tileStart = 0, tileEnd = 0;
        Tile? tile = null;
        while (true)
        {
            // A stream that was cut before its end still has the tiles that came.
            int marker = at + 2 <= _bytes.Length ? _bytes.BigUInt16(at) : 0xFFD9;
            if (marker == 0xFFD9)
            {
                return;
            }

            if (marker == 0xFF93)
            {
                long end = tile is null ? throw new InvalidImageException("data come before a tile.") : Math.Min(tileEnd, _bytes.Length);
                tile.Data.Write(_bytes.Slice(at + 2, Math.Max(0, end - at - 2)));
                at = (int)end;
                continue;
            }

            int length = _bytes.BigUInt16(at + 2);
            _ = _bytes.Slice(at + 2, length);
            if (marker == 0xFF90)
            {
                int index = _bytes.BigUInt16(at + 4);
                long size = _bytes.BigUInt32(at + 6);
                (tileStart, tileEnd) = (at, size == 0 ? _bytes.Length : at + size);
                if (index >= total || tileEnd <= tileStart + 12)
                {
                    throw new InvalidImageException($"tile {index} of {total} has {size} bytes.");
                }

                if (!_tiles.TryGetValue(index, out tile))
                {
                    _tiles[index] = tile = new(_main.Copy());
                }

                current = tile.Parameters;
            }
            else
            {
                current.Read(_bytes, marker, at + 4, at + 2 + length);
            }

            at += 2 + length;
        }
    }

    private static void UndoColours(double[][] samples, bool isReversible)
    {
        if (samples.Length < 3 || samples[1].Length != samples[0].Length || samples[2].Length != samples[0].Length)
        {
            throw new InvalidImageException("the colour transform needs three components of one size.");
        }

        for (int i = 0; i < samples[0].Length; i++)
        {
            (double y, double b, double r) = (samples[0][i], samples[1][i], samples[2][i]);
            if (isReversible)
            {
                double green = y - Math.Floor((b + r) / 4);
                (samples[0][i], samples[1][i], samples[2][i]) = (r + green, green, b + green);
            }
            else
            {
                (samples[0][i], samples[1][i], samples[2][i]) = (y + (1.402 * r), y - (0.344136 * b) - (0.714136 * r), y + (1.772 * b));
            }
        }
    }

    private sealed record Tile(Parameters Parameters)
    {
        public MemoryStream Data { get; } = new();
    }

    /// <summary>Coding parameters: of the image, or of a tile that changes some.</summary>
    private sealed class Parameters(int components)
    {
        private readonly CodingStyle?[] _styles = new CodingStyle?[components];
        private readonly Quantization?[] _quantizations = new Quantization?[components];
        private CodingStyle? _style;
        private Quantization? _quantization;

        public int Progression { get; private set; }

        public int Layers { get; private set; } = 1;

        public bool HasColourTransform { get; private set; }

        public CodingStyle Style(int component) => _styles[component] ?? _style ?? throw new InvalidImageException("its COD segment is missing.");

        public Quantization Quantization(int component) => _quantizations[component] ?? _quantization ?? throw new InvalidImageException("its QCD segment is missing.");

        public Parameters Copy()
        {
            Parameters copy = new(components) { Progression = Progression, Layers = Layers, HasColourTransform = HasColourTransform, _style = _style, _quantization = _quantization };
            _styles.CopyTo(copy._styles, 0);
            _quantizations.CopyTo(copy._quantizations, 0);
            return copy;
        }

        public void Read(ImageBytes bytes, int marker, int at, int end)
        {
            int wide = components > 256 ? 2 : 1;
            switch (marker)
            {
                case 0xFF52:
                    (Progression, Layers, HasColourTransform) = (bytes[at + 1], bytes.BigUInt16(at + 2), bytes[at + 4] == 1);
                    _style = CodingStyle.Read(bytes, at + 5, (bytes[at] & 1) != 0);
                    break;
                case 0xFF53:
                    _styles[bytes[at + wide - 1]] = CodingStyle.Read(bytes, at + wide + 1, (bytes[at + wide] & 1) != 0);
                    break;
                case 0xFF5C:
                    _quantization = Jpeg2000.Quantization.Read(bytes, at, end);
                    break;
                case 0xFF5D:
                    _quantizations[bytes[at + wide - 1]] = Jpeg2000.Quantization.Read(bytes, at + wide, end);
                    break;
                case 0xFF5E or 0xFF5F or 0xFF60 or 0xFF61:
                    throw new InvalidImageException($"the segment {marker:X4} is not read.");
                default:
                    break;
            }
        }
    }
}
