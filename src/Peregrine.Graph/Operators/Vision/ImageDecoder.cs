using Peregrine.Imaging;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>What ImageDecoder makes of a pixel.</summary>
public enum PixelFormat
{
    Rgb,
    Bgr,
    Grayscale,
}

/// <summary>
/// The pixels [height, width, 3 or 1] of an encoded image (uint8[bytes]): BMP, JPEG, JPEG 2000, PNG, PNM, TIFF or WebP. What cannot be decoded gives an empty result [0, 0, 3 or 1].
/// </summary>
public sealed record ImageDecoder(PixelFormat Format = PixelFormat.Rgb) : Operator
{
    public static readonly Schema<ImageDecoder> Schema = new Schema<ImageDecoder>("ImageDecoder", since: 20, a => new(a.Choice<PixelFormat>("pixel_format")))
        .Inputs("encoded_stream").Outputs("image")
        .Choice("pixel_format", o => o.Format, PixelFormat.Rgb, ("RGB", PixelFormat.Rgb), ("BGR", PixelFormat.Bgr), ("Grayscale", PixelFormat.Grayscale));

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    private int Channels => Format == PixelFormat.Grayscale ? 1 : 3;

    public override void Infer(InferenceScope c)
    {
        if (!c.Require(0, DataType.UInt8))
        {
            return;
        }

        if (c.IsRanked(0) && c.Shape(0).Rank != 1)
        {
            c.Error("PG2318", $"the encoded image is {c.TypeOf(0)}, but must have one dimension.");
            return;
        }

        c.Set(0, DataType.UInt8, Shape.Create([c.FreshSymbol(null), c.FreshSymbol(null), Channels]));
    }

    public override void Evaluate(EvaluationScope c)
    {
        Raster? image = ImageReader.TryRead(c.Input(0).Data.Span);
        Span<byte> pixels = c.Output(0, DataType.UInt8, image?.Height ?? 0, image?.Width ?? 0, Channels).Data.Span;
        if (image is null)
        {
            return;
        }

        ReadOnlySpan<byte> samples = image.Samples;
        for (int i = 0; i < image.Width * image.Height; i++)
        {
            (byte red, byte green, byte blue) = image.Channels == 1 ? (samples[i], samples[i], samples[i]) : (samples[3 * i], samples[(3 * i) + 1], samples[(3 * i) + 2]);
            switch (Format)
            {
                case PixelFormat.Grayscale:
                    pixels[i] = image.Channels == 1 ? red : Raster.Luma(red, green, blue);
                    break;
                case PixelFormat.Rgb:
                    (pixels[3 * i], pixels[(3 * i) + 1], pixels[(3 * i) + 2]) = (red, green, blue);
                    break;
                default:
                    (pixels[3 * i], pixels[(3 * i) + 1], pixels[(3 * i) + 2]) = (blue, green, red);
                    break;
            }
        }
    }
}
