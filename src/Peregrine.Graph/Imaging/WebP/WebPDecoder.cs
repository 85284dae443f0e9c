namespace Peregrine.Imaging.WebP;

/// <summary>WebP (RFC 9649): lossy and lossless stills; of an animation the first frame on a black canvas.</summary>
internal static class WebPDecoder
{
    public static Raster Decode(ImageBytes bytes)
    {
        (int Width, int Height)? canvas = null;
        for (long at = 12; at + 8 <= bytes.Length;)
        {
            long size = bytes.LittleUInt32(at + 4);
            if (bytes.Has((int)at, "VP8X"))
            {
                canvas = (bytes.LittleUInt24(at + 12) + 1, bytes.LittleUInt24(at + 15) + 1);
            }
            else if (bytes.Has((int)at, "ANMF"))
            {
                Raster frame = Still(bytes, at + 8 + 16) ?? throw new InvalidImageException("its first frame has no pixels.");
                return OnCanvas(frame, canvas ?? (frame.Width, frame.Height), 2 * bytes.LittleUInt24(at + 8), 2 * bytes.LittleUInt24(at + 11));
            }
            else if (Still(bytes, at) is { } image)
            {
                return image;
            }

            at += 8 + size + (size & 1);
        }

        throw new InvalidImageException("it has no pixels.");
    }

    /// <summary>The image in the chunk at an offset, behind its transparency if it has one; null if there is another chunk.</summary>
    private static Raster? Still(ImageBytes bytes, long at)
    {
        long size = bytes.LittleUInt32(at + 4);
        if (bytes.Has((int)at, "ALPH"))
        {
            return Still(bytes, at + 8 + size + (size & 1));
        }

        return bytes.Has((int)at, "VP8 ") ? new Vp8Decoder(bytes.Slice(at + 8, size).ToArray()).Decode()
            : bytes.Has((int)at, "VP8L") ? new Vp8LDecoder(bytes.Slice(at + 8, size).ToArray()).Decode()
            : null;
    }

    private static Raster OnCanvas(Raster frame, (int Width, int Height) size, int left, int top)
    {
        if (left + frame.Width > size.Width || top + frame.Height > size.Height)
        {
            throw new InvalidImageException("its first frame lies outside of the canvas.");
        }

        Raster canvas = new(size.Width, size.Height, 3);
        for (int y = 0; y < frame.Height; y++)
        {
            frame.Samples.AsSpan(y * frame.Width * 3, frame.Width * 3).CopyTo(canvas.Samples.AsSpan((((top + y) * size.Width) + left) * 3));
        }

        return canvas;
    }
}
