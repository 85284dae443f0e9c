namespace Peregrine.Imaging;

/// <summary>A decoded image: 8 bits per sample, rows from the top, the samples of a pixel side by side.</summary>
internal sealed class Raster
{
    /// <summary>Above this an image is refused before anything is allocated; a few bytes of a file can claim any size.</summary>
    public const long MaxPixels = 1L << 27;

    /// <param name="channels">1 (grey) or 3 (red, green, blue).</param>
    public Raster(int width, int height, int channels)
    {
        CheckSize(width, height);
        Width = width;
        Height = height;
        Channels = channels;
        Samples = new byte[(long)width * height * channels];
    }

    public int Width { get; }

    public int Height { get; }

    public int Channels { get; }

    public byte[] Samples { get; }

    public static void CheckSize(long width, long height)
    {
        if (width is < 1 or > int.MaxValue || height is < 1 or > int.MaxValue || width * height > MaxPixels)
        {
            throw new InvalidImageException($"its size {width} x {height} is outside of what is read (1 to {MaxPixels} pixels).");
        }
    }

    public void SetPixel(int x, int y, byte red, byte green, byte blue)
    {
        int at = ((y * Width) + x) * 3;
        Samples[at] = red;
        Samples[at + 1] = green;
        Samples[at + 2] = blue;
    }

    /// <summary>Luma of ITU-R BT.601 in 16 fractional bits, rounded to nearest: what common image libraries do.</summary>
    public static byte Luma(byte red, byte green, byte blue) => (byte)(((red * 19595) + (green * 38470) + (blue * 7471) + 0x8000) >> 16);
}
