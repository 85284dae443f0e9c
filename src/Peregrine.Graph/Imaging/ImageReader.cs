using Peregrine.Imaging.Jpeg;
using Peregrine.Imaging.Jpeg2000;
using Peregrine.Imaging.Tiff;
using Peregrine.Imaging.WebP;

namespace Peregrine.Imaging;

/// <summary>
/// The one door to the image decoders: BMP, JPEG (baseline and progressive), JPEG 2000, PNG, PNM (P1 to P6), TIFF (without fax coding), WebP. The format is told by the file's first bytes.
/// Alpha is dropped, samples of more than 8 bits keep their upper 8, of an animation or a file with pages the first is read. Colour profiles and orientation tags are passed over.
/// </summary>
internal static class ImageReader
{
    /// <summary>The image; null if the bytes are no image of a known format, or a damaged one.</summary>
    public static Raster? TryRead(ReadOnlySpan<byte> encoded)
    {
        ImageBytes bytes = new(encoded.ToArray());
        try
        {
            return Decode(bytes);
        }
        // A decoder checks what it reads ahead of it; damaged entropy coded data surface as an index or a size that does not exist, which bounds checks tell as reliably.
        catch (Exception e) when (e is InvalidImageException or InvalidDataException or IndexOutOfRangeException or ArgumentException or OverflowException)
        {
            return null;
        }
    }

    private static Raster? Decode(ImageBytes bytes) => bytes switch
    {
        _ when bytes.Has(0, "\u0089PNG\r\n\u001a\n") => PngDecoder.Decode(bytes),
        _ when bytes.Has(0, "\u00ff\u00d8\u00ff") => JpegDecoder.Decode(bytes),
        _ when bytes.Has(0, "BM") => BmpDecoder.Decode(bytes),
        _ when bytes.Has(0, "RIFF") && bytes.Has(8, "WEBP") => WebPDecoder.Decode(bytes),
        _ when bytes.Has(0, "II*\0") || bytes.Has(0, "MM\0*") => TiffDecoder.Decode(bytes),
        _ when bytes.Has(0, "\0\0\0\u000cjP  \r\n\u0087\n") || bytes.Has(0, "\u00ff\u004f\u00ff\u0051") => Jpeg2000Decoder.Decode(bytes),
        _ when bytes.Length > 2 && bytes[0] == 'P' && bytes[1] is >= (byte)'1' and <= (byte)'6' => PnmDecoder.Decode(bytes),
        _ => null,
    };
}
