namespace Peregrine.Imaging.WebP;

/// <summary>The steps of a segment's quantiser.</summary>
internal readonly record struct Vp8Steps(int LumaDc, int LumaAc, int SecondDc, int SecondAc, int ChromaDc, int ChromaAc);

/// <summary>The header of a key frame (RFC 6386, section 9).</summary>
internal sealed class Vp8Header
{
    private readonly int[] _segmentQuantizer = new int[4];
    private readonly int[] _segmentFilter = new int[4];
    private readonly bool _isAbsolute;
    private readonly bool _hasSegments;
    private readonly int _filterLevel;
    private readonly int _sharpness;
    private readonly int _referenceDelta;
    private readonly int _blockModeDelta;
    private readonly bool _hasFilterDeltas;

    public Vp8Header(Vp8Bits bits)
    {
        // The colour space and the promise that no clamping is needed: neither changes what is decoded.
        _ = bits.Number(2);
        _hasSegments = bits.Flag();
        if (_hasSegments)
        {
            HasSegmentMap = bits.Flag();
            if (bits.Flag())
            {
                _isAbsolute = bits.Flag();
                Fill(_segmentQuantizer, () => bits.OptionalSigned(7));
                Fill(_segmentFilter, () => bits.OptionalSigned(6));
            }

            if (HasSegmentMap)
            {
                Fill(SegmentProbabilities, () => bits.Flag() ? bits.Number(8) : 255);
            }
        }

        IsSimpleFilter = bits.Flag();
        _filterLevel = bits.Number(6);
        _sharpness = bits.Number(3);
        _hasFilterDeltas = bits.Flag();
        if (_hasFilterDeltas && bits.Flag())
        {
            int[] references = new int[4], modes = new int[4];
            Fill(references, () => bits.OptionalSigned(6));
            Fill(modes, () => bits.OptionalSigned(6));
            (_referenceDelta, _blockModeDelta) = (references[0], modes[0]);
        }

        Partitions = 1 << bits.Number(2);
        int index = bits.Number(7), lumaDc = bits.OptionalSigned(4), secondDc = bits.OptionalSigned(4), secondAc = bits.OptionalSigned(4), chromaDc = bits.OptionalSigned(4), chromaAc = bits.OptionalSigned(4);
        for (int i = 0; i < 4; i++)
        {
            int q = !_hasSegments ? index : _isAbsolute ? _segmentQuantizer[i] : index + _segmentQuantizer[i];
            Steps[i] = new(
                Vp8Tables.DcSteps[Math.Clamp(q + lumaDc, 0, 127)],
                Vp8Tables.AcSteps[Math.Clamp(q, 0, 127)],
                Vp8Tables.DcSteps[Math.Clamp(q + secondDc, 0, 127)] * 2,
                Math.Max(8, Vp8Tables.AcSteps[Math.Clamp(q + secondAc, 0, 127)] * 155 / 100),
                Vp8Tables.DcSteps[Math.Clamp(q + chromaDc, 0, 117)],
                Vp8Tables.AcSteps[Math.Clamp(q + chromaAc, 0, 127)]);
        }

        // Whether later frames keep the probabilities; there are none.
        _ = bits.Flag();
        for (int i = 0; i < Coefficients.Length; i++)
        {
            Coefficients[i] = bits.Bit(Vp8Tables.CoefficientUpdates[i]) == 1 ? (byte)bits.Number(8) : Vp8Tables.Coefficients[i];
        }

        SkipProbability = bits.Flag() ? bits.Number(8) : null;
    }

    public bool HasSegmentMap { get; }

    public int[] SegmentProbabilities { get; } = [255, 255, 255];

    public bool IsSimpleFilter { get; }

    /// <summary>Parts of the coefficients' data: 1, 2, 4 or 8; macroblock rows take turns.</summary>
    public int Partitions { get; }

    /// <summary>Per segment.</summary>
    public Vp8Steps[] Steps { get; } = new Vp8Steps[4];

    /// <summary>[type][band][context][branch], 4 · 8 · 3 · 11.</summary>
    public byte[] Coefficients { get; } = new byte[4 * 8 * 3 * 11];

    /// <summary>Null if no macroblock says whether it has coefficients.</summary>
    public int? SkipProbability { get; }

    /// <summary>How strongly the edges of a macroblock are filtered.</summary>
    public Vp8FilterStrength Filter(int segment, bool hasBlockModes)
    {
        int level = !_hasSegments ? _filterLevel : _isAbsolute ? _segmentFilter[segment] : _filterLevel + _segmentFilter[segment];
        if (_hasFilterDeltas)
        {
            level += _referenceDelta + (hasBlockModes ? _blockModeDelta : 0);
        }

        level = _filterLevel == 0 ? 0 : Math.Clamp(level, 0, 63);
        int interior = _sharpness == 0 ? level : Math.Min(level >> (_sharpness > 4 ? 2 : 1), 9 - _sharpness);
        interior = Math.Max(1, interior);
        return new(level == 0 ? 0 : (2 * level) + interior, interior, level >= 40 ? 2 : level >= 15 ? 1 : 0);
    }

    private static void Fill(int[] values, Func<int> next)
    {
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = next();
        }
    }
}
