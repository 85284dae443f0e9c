namespace Peregrine.Imaging.Jpeg2000;

/// <summary>The MQ arithmetic decoder (ITU-T T.800, Annex C) with the 19 contexts of coefficient coding. Behind the data come ones.</summary>
internal sealed class MqDecoder
{
    /// <summary>Qe, next state after a more probable symbol, after a less probable one, whether the sense switches (table C.2).</summary>
    private static readonly (ushort Qe, byte More, byte Less, bool Switch)[] States =
    [
        (0x5601, 1, 1, true), (0x3401, 2, 6, false), (0x1801, 3, 9, false), (0x0AC1, 4, 12, false), (0x0521, 5, 29, false), (0x0221, 38, 33, false),
        (0x5601, 7, 6, true), (0x5401, 8, 14, false), (0x4801, 9, 14, false), (0x3801, 10, 14, false), (0x3001, 11, 17, false), (0x2401, 12, 18, false),
        (0x1C01, 13, 20, false), (0x1601, 29, 21, false), (0x5601, 15, 14, true), (0x5401, 16, 14, false), (0x5101, 17, 15, false), (0x4801, 18, 16, false),
        (0x3801, 19, 17, false), (0x3401, 20, 18, false), (0x3001, 21, 19, false), (0x2801, 22, 19, false), (0x2401, 23, 20, false), (0x2201, 24, 21, false),
        (0x1C01, 25, 22, false), (0x1801, 26, 23, false), (0x1601, 27, 24, false), (0x1401, 28, 25, false), (0x1201, 29, 26, false), (0x1101, 30, 27, false),
        (0x0AC1, 31, 28, false), (0x09C1, 32, 29, false), (0x08A1, 33, 30, false), (0x0521, 34, 31, false), (0x0441, 35, 32, false), (0x02A1, 36, 33, false),
        (0x0221, 37, 34, false), (0x0141, 38, 35, false), (0x0111, 39, 36, false), (0x0085, 40, 37, false), (0x0049, 41, 38, false), (0x0025, 42, 39, false),
        (0x0015, 43, 40, false), (0x0009, 44, 41, false), (0x0005, 45, 42, false), (0x0001, 45, 43, false), (0x5601, 46, 46, false),
    ];

    private readonly byte[] _states = new byte[19];
    private readonly byte[] _senses = new byte[19];
    private ReadOnlyMemory<byte> _data;
    private int _at;
    private uint _code;
    private uint _interval;
    private int _shifts;

    public const int RunContext = 17, UniformContext = 18;

    public void ResetContexts()
    {
        Array.Clear(_states);
        Array.Clear(_senses);
        (_states[0], _states[RunContext], _states[UniformContext]) = (4, 3, 46);
    }

    /// <summary>Starts on a new piece of data (INITDEC).</summary>
    public void Start(ReadOnlyMemory<byte> data)
    {
        _data = data;
        _at = 0;
        _code = (uint)At(0) << 16;
        ReadByte();
        _code <<= 7;
        _shifts -= 7;
        _interval = 0x8000;
    }

    public int Decode(int context)
    {
        (ushort qe, byte more, byte less, bool isSwitch) = States[_states[context]];
        int sense = _senses[context];
        _interval -= qe;
        bool isLess;
        if (_code >> 16 < qe)
        {
            // The lower part of the interval; if it is the larger one, it stands for the more probable symbol.
            isLess = _interval >= qe;
            _interval = qe;
        }
        else
        {
            _code -= (uint)qe << 16;
            if ((_interval & 0x8000) != 0)
            {
                return sense;
            }

            isLess = _interval < qe;
        }

        int bit = isLess ? 1 - sense : sense;
        if (isLess && isSwitch)
        {
            _senses[context] = (byte)(1 - sense);
        }

        _states[context] = isLess ? less : more;
        do
        {
            if (_shifts == 0)
            {
                ReadByte();
            }

            _interval <<= 1;
            _code <<= 1;
            _shifts--;
        }
        while ((_interval & 0x8000) == 0);
        return bit;
    }

    private byte At(int index) => index < _data.Length ? _data.Span[index] : (byte)0xFF;

    private void ReadByte()
    {
        if (At(_at) == 0xFF)
        {
            if (At(_at + 1) > 0x8F)
            {
                _code += 0xFF00;
                _shifts = 8;
            }
            else
            {
                _at++;
                _code += (uint)At(_at) << 9;
                _shifts = 7;
            }
        }
        else
        {
            _at++;
            _code += (uint)At(_at) << 8;
            _shifts = 8;
        }
    }
}
