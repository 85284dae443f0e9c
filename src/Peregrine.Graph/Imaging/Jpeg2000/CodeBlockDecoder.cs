namespace Peregrine.Imaging.Jpeg2000;

/// <summary>Decodes the bit planes of a code-block (T.800, annex D). It is used for many blocks, one after the other.</summary>
internal sealed class CodeBlockDecoder
{
    private const byte Significant = 1, Negative = 2, Visited = 4, Refined = 8;

    private readonly MqDecoder _coder = new();
    private PacketBits? _raw;
    private byte[] _flags = [];
    private int[] _magnitudes = [];
    private int _stride;
    private int _width;
    private int _height;
    private int _orientation;
    private bool _isCausal;

    /// <summary>Writes the coefficients into the subband.</summary>
    public void Decode(CodeBlock block, Subband band, CodeBlockStyle style)
    {
        int planes = band.BitPlanes - block.ZeroBitPlanes;
        if (!block.IsIncluded || block.Segments.Count == 0 || planes <= 0)
        {
            return;
        }

        (_width, _height, _orientation, _isCausal) = (block.Width, block.Height, band.Orientation, style.HasFlag(CodeBlockStyle.VerticallyCausal));
        // A frame of zeros around the block stands for the neighbours outside of it.
        _stride = _width + 2;
        _flags = new byte[_stride * (_height + 2)];
        _magnitudes = new int[_width * _height];
        _coder.ResetContexts();
        int pass = 0;
        foreach (CodeSegment segment in block.Segments)
        {
            Start(segment, pass, style);
            for (int i = 0; i < segment.Passes; i++, pass++)
            {
                // The first bit plane has a clean-up pass only.
                int plane = planes - 1 - ((pass + 2) / 3);
                if (plane < 0)
                {
                    break;
                }

                Run((pass + 2) % 3, plane, style);
            }
        }

        for (int y = 0; y < _height; y++)
        {
            for (int x = 0; x < _width; x++)
            {
                int magnitude = _magnitudes[(y * _width) + x];
                // Magnitudes are in halves: what is not decoded below the last plane is taken for a half of it.
                double value = band.Step == 1 ? magnitude >> 1 : magnitude * 0.5 * band.Step;
                band.Values[((block.Y0 - band.Area.Y0 + y) * band.Width) + block.X0 - band.Area.X0 + x] = (_flags[Index(x, y)] & Negative) != 0 ? -value : value;
            }
        }
    }

    private void Start(CodeSegment segment, int pass, CodeBlockStyle style)
    {
        bool isRaw = style.HasFlag(CodeBlockStyle.Bypass) && pass >= 10 && (pass + 2) % 3 != 2;
        _raw = isRaw ? new(segment.Joined()) : null;
        if (!isRaw)
        {
            _coder.Start(segment.Joined());
        }
    }

    private void Run(int kind, int plane, CodeBlockStyle style)
    {
        for (int top = 0; top < _height; top += 4)
        {
            int bottom = Math.Min(top + 4, _height);
            for (int x = 0; x < _width; x++)
            {
                switch (kind)
                {
                    case 0:
                        Propagate(x, top, bottom, plane);
                        break;
                    case 1:
                        Refine(x, top, bottom, plane);
                        break;
                    default:
                        CleanUp(x, top, bottom, plane);
                        break;
                }
            }
        }

        if (kind == 2 && style.HasFlag(CodeBlockStyle.SegmentationSymbols))
        {
            for (int i = 0; i < 4; i++)
            {
                _ = _coder.Decode(MqDecoder.UniformContext);
            }
        }

        if (style.HasFlag(CodeBlockStyle.ResetContexts))
        {
            _coder.ResetContexts();
        }
    }

    private void Propagate(int x, int top, int bottom, int plane)
    {
        for (int y = top; y < bottom; y++)
        {
            int at = Index(x, y), context;
            if ((_flags[at] & Significant) != 0 || (context = SignificanceContext(at, y)) == 0)
            {
                continue;
            }

            if (Decode(context) == 1)
            {
                BecomeSignificant(x, y, plane);
            }

            _flags[at] |= Visited;
        }
    }

    private void Refine(int x, int top, int bottom, int plane)
    {
        for (int y = top; y < bottom; y++)
        {
            int at = Index(x, y);
            if ((_flags[at] & (Significant | Visited)) != Significant)
            {
                continue;
            }

            int context = (_flags[at] & Refined) != 0 ? 16 : SignificanceContext(at, y) > 0 ? 15 : 14;
            _magnitudes[(y * _width) + x] += Decode(context) == 1 ? 1 << plane : -(1 << plane);
            _flags[at] |= Refined;
        }
    }

    private void CleanUp(int x, int top, int bottom, int plane)
    {
        int y = top;
        if (bottom - top == 4 && IsQuiet(x, top))
        {
            if (_coder.Decode(MqDecoder.RunContext) == 0)
            {
                return;
            }

            y += (_coder.Decode(MqDecoder.UniformContext) << 1) | _coder.Decode(MqDecoder.UniformContext);
            BecomeSignificant(x, y, plane);
            y++;
        }

        for (; y < bottom; y++)
        {
            int at = Index(x, y);
            if ((_flags[at] & (Significant | Visited)) == 0 && _coder.Decode(SignificanceContext(at, y)) == 1)
            {
                BecomeSignificant(x, y, plane);
            }
        }

        for (y = top; y < bottom; y++)
        {
            _flags[Index(x, y)] &= unchecked((byte)~Visited);
        }
    }

    /// <summary>Whether a column of four has neither significant coefficients nor significant neighbours.</summary>
    private bool IsQuiet(int x, int top)
    {
        for (int y = top; y < top + 4; y++)
        {
            int at = Index(x, y);
            if ((_flags[at] & (Significant | Visited)) != 0 || SignificanceContext(at, y) != 0)
            {
                return false;
            }
        }

        return true;
    }

    private void BecomeSignificant(int x, int y, int plane)
    {
        int at = Index(x, y);
        int across = Math.Clamp(Sign(at - 1) + Sign(at + 1), -1, 1), down = Math.Clamp(Sign(at - _stride) + (HidesBelow(y) ? 0 : Sign(at + _stride)), -1, 1);
        bool isNegative;
        if (_raw is not null)
        {
            isNegative = _raw.Bit() == 1;
        }
        else
        {
            // Table D.3: the context counts agreeing directions; a negative tendency flips the meaning.
            bool isFlipped = across < 0 || (across == 0 && down < 0);
            (int a, int d) = isFlipped ? (-across, -down) : (across, down);
            int context = a == 1 ? 12 + d : 9 + d;
            isNegative = _coder.Decode(context) == 1 != isFlipped;
        }

        _flags[at] |= isNegative ? (byte)(Significant | Negative) : Significant;
        _magnitudes[(y * _width) + x] = 3 << plane;
    }

    private int Decode(int context) => _raw?.Bit() ?? _coder.Decode(context);

    /// <summary>Table D.1: 0 to 8 by the significant neighbours and the subband's orientation.</summary>
    private int SignificanceContext(int at, int y)
    {
        bool hidesBelow = HidesBelow(y);
        int across = Bit(at - 1) + Bit(at + 1), down = Bit(at - _stride) + (hidesBelow ? 0 : Bit(at + _stride));
        int diagonal = Bit(at - _stride - 1) + Bit(at - _stride + 1) + (hidesBelow ? 0 : Bit(at + _stride - 1) + Bit(at + _stride + 1));
        if (_orientation == 3)
        {
            int straight = across + down;
            return diagonal switch
            {
                >= 3 => 8,
                2 => straight >= 1 ? 7 : 6,
                1 => 3 + Math.Min(2, straight),
                _ => Math.Min(2, straight),
            };
        }

        if (_orientation == 1)
        {
            (across, down) = (down, across);
        }

        return across switch
        {
            2 => 8,
            1 => down >= 1 ? 7 : diagonal >= 1 ? 6 : 5,
            _ => down == 2 ? 4 : down == 1 ? 3 : Math.Min(2, diagonal),
        };
    }

    /// <summary>Whether the neighbours below belong to the next stripe and may not be looked at.</summary>
    private bool HidesBelow(int y) => _isCausal && (y & 3) == 3;

    private int Bit(int at) => _flags[at] & Significant;

    private int Sign(int at) => (_flags[at] & (Significant | Negative)) switch { Significant => 1, Significant | Negative => -1, _ => 0 };

    private int Index(int x, int y) => ((y + 1) * _stride) + x + 1;
}
