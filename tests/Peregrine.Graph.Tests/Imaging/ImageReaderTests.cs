using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Peregrine.Imaging;
using Peregrine.Operators;
using Peregrine.Tensors;
using static Peregrine.Graph.Tests.Operators.OperatorRunner;

namespace Peregrine.Graph.Tests.Imaging;

/// <summary>Files written, and expected pixels (SHA-256 of the rows in RGB) decoded, by Pillow 9.4 with libjpeg-turbo, libwebp, libtiff and OpenJPEG.</summary>
public sealed class ImageReaderTests
{
    public static TheoryData<string> Expectations => [.. File.ReadAllLines(Path.Combine(Folder(), "expected.txt"))];

    [Theory]
    [MemberData(nameof(Expectations))]
    public void Pixels_are_those_of_the_reference_libraries(string expectation)
    {
        string[] words = expectation.Split(' ');
        Tensor image = Run(new ImageDecoder(), Encoded(File.ReadAllBytes(Path.Combine(Folder(), words[0]))));
        Assert.Equal($"{words[1]} {words[2]} 3", $"{image.Dims[1]} {image.Dims[0]} {image.Dims[2]}");
        Assert.Equal(words[3], Convert.ToHexStringLower(SHA256.HashData(image.Data.Span)));
    }

    [Theory]
    [MemberData(nameof(Expectations))]
    public void Damaged_files_give_an_image_or_nothing(string expectation)
    {
        byte[] whole = File.ReadAllBytes(Path.Combine(Folder(), expectation.Split(' ')[0]));
        Random random = new(17);
        for (int round = 0; round < 120; round++)
        {
            byte[] damaged = round % 3 == 0 ? whole[..random.Next(whole.Length)] : [.. whole];
            for (int i = 0; i < round % 4 && damaged.Length > 0; i++)
            {
                // The first bytes hold sizes and structure, where damage reaches farther.
                damaged[random.Next(i == 0 ? Math.Min(damaged.Length, 200) : damaged.Length)] = (byte)random.Next(256);
            }

            Raster? image = ImageReader.TryRead(damaged);
            Assert.True(image is null || image.Samples.Length == image.Width * image.Height * image.Channels);
        }
    }

    [Fact]
    public void What_is_no_image_gives_an_empty_result()
    {
        Assert.Equal([0, 0, 3], Run(new ImageDecoder(), Encoded([])).Dims.ToArray());
        Assert.Equal([0, 0, 1], Run(new ImageDecoder(PixelFormat.Grayscale), Encoded([1, 2, 3, 4])).Dims.ToArray());
        // A bitmap of 65535 x 65535 that has no pixels.
        Assert.Equal([0, 0, 3], Run(new ImageDecoder(), Encoded([.. "BM"u8, .. new byte[8], 26, 0, 0, 0, 12, 0, 0, 0, 255, 255, 255, 255, 1, 0, 24, 0])).Dims.ToArray());
    }

    [Fact]
    public void Formats_of_pixels()
    {
        Tensor encoded = Encoded([.. "P6 2 1 255\n"u8, 10, 20, 30, 255, 0, 0]);
        Assert.Equal([10, 20, 30, 255, 0, 0], Run(new ImageDecoder(), encoded).Data.ToArray());
        Assert.Equal([30, 20, 10, 0, 0, 255], Run(new ImageDecoder(PixelFormat.Bgr), encoded).Data.ToArray());
        // 0.299 · 10 + 0.587 · 20 + 0.114 · 30 = 18.15; 0.299 · 255 = 76.2.
        Assert.Equal([18, 76], Run(new ImageDecoder(PixelFormat.Grayscale), encoded).Data.ToArray());
        Assert.Equal([0, 128, 255], Run(new ImageDecoder(PixelFormat.Grayscale), Encoded("P2 # grey\n3 1\n 4 0 2 4"u8)).Data.ToArray());
    }

    [Fact]
    public void The_encoded_image_is_a_list_of_bytes() => Assert.Equal("PG2318", CodeOf(new ImageDecoder(), Tensor.Allocate(DataType.UInt8, [2, 2])));

    private static Tensor Encoded(ReadOnlySpan<byte> bytes) => Tensor.Of<byte>([bytes.Length], bytes.ToArray());

    private static string Folder([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "Samples");
}
