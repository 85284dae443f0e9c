namespace Peregrine.Imaging.Jpeg2000;

/// <summary>The steps of the subbands of a tile-component (the QCD and QCC segments).</summary>
internal sealed record Quantization(int Kind, int GuardBits, ushort[] Steps)
{
    public static Quantization Read(ImageBytes bytes, int at, int end)
    {
        int kind = bytes[at] & 31, count = kind == 0 ? end - at - 1 : (end - at - 1) / 2;
        ushort[] steps = new ushort[count];
        for (int i = 0; i < count; i++)
        {
            // Without quantisation there are exponents only.
            steps[i] = kind == 0 ? (ushort)(bytes[at + 1 + i] >> 3 << 11) : bytes.BigUInt16(at + 1 + (2 * i));
        }

        return kind <= 2 && count > 0 ? new(kind, bytes[at] >> 5, steps) : throw new InvalidImageException($"the quantisation {kind} does not exist.");
    }

    /// <param name="band">0 for the lowest, then three for each resolution.</param>
    public (int Exponent, int Mantissa) Of(int band)
    {
        if (Kind != 1)
        {
            return (Steps[band] >> 11, Steps[band] & 0x7FF);
        }

        // Derived from the lowest band: one less per level (E-5).
        int steps = band == 0 ? 0 : (band - 1) / 3;
        return ((Steps[0] >> 11) - steps, Steps[0] & 0x7FF);
    }
}
