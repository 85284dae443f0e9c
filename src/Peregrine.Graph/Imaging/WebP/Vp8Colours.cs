namespace Peregrine.Imaging.WebP;

/// <summary>Luma and chroma of half size to red, green and blue. Chroma is interpolated in both directions with weights 9, 3, 3, 1; colours are BT.601 of studio range in 14 fractional bits.</summary>
internal static class Vp8Colours
{
    public static Raster ToRgb(Vp8Plane luma, Vp8Plane blue, Vp8Plane red, int width, int height)
    {
        Raster image = new(width, height, 3);
        int chromaWidth = (width + 1) / 2, chromaHeight = (height + 1) / 2;
        for (int y = 0; y < height; y++)
        {
            int near = y / 2, far = Math.Clamp(near + ((y & 1) == 0 ? -1 : 1), 0, chromaHeight - 1);
            for (int x = 0; x < width; x++)
            {
                int nearX = x / 2, farX = Math.Clamp(nearX + ((x & 1) == 0 ? -1 : 1), 0, chromaWidth - 1);
                Put(image, x, y, luma[x, y], Interpolate(blue, nearX, farX, near, far), Interpolate(red, nearX, farX, near, far));
            }
        }

        return image;
    }

    /// <summary>(9 near + 3 + 3 + far) / 16 as the format's reference rounds it: the mean of both diagonals first, then of that and the nearest sample.</summary>
    private static int Interpolate(Vp8Plane plane, int nearX, int farX, int nearY, int farY)
    {
        int nearest = plane[nearX, nearY], beside = plane[farX, nearY], below = plane[nearX, farY], farthest = plane[farX, farY];
        if (nearX == farX)
        {
            return ((3 * nearest) + below + 2) >> 2;
        }

        int diagonal = (nearest + farthest + (3 * (beside + below)) + 8) >> 3;
        return (diagonal + nearest) >> 1;
    }

    private static void Put(Raster image, int x, int y, int luma, int blue, int red)
    {
        int scaled = (luma * 19077) >> 8;
        image.SetPixel(
            x,
            y,
            Clip(scaled + ((red * 26149) >> 8) - 14234),
            Clip(scaled - ((blue * 6419) >> 8) - ((red * 13320) >> 8) + 8708),
            Clip(scaled + ((blue * 33050) >> 8) - 17685));
    }

    private static byte Clip(int value) => (byte)Math.Clamp(value >> 6, 0, 255);
}
