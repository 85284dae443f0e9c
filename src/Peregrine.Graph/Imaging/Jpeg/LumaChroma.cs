namespace Peregrine.Imaging.Jpeg;

/// <summary>JFIF's conversion of luma and chroma (full range, BT.601) to red, green and blue, in 16 fractional bits.</summary>
internal static class LumaChroma
{
    /// <param name="pixel">Y, Cb, Cr become R, G, B.</param>
    public static void ToRgb(Span<byte> pixel)
    {
        int y = pixel[0], blue = pixel[1] - 128, red = pixel[2] - 128;
        pixel[0] = (byte)Math.Clamp(y + (((91881 * red) + 32768) >> 16), 0, 255);
        pixel[1] = (byte)Math.Clamp(y + (((-22554 * blue) - (46802 * red) + 32768) >> 16), 0, 255);
        pixel[2] = (byte)Math.Clamp(y + (((116130 * blue) + 32768) >> 16), 0, 255);
    }
}
