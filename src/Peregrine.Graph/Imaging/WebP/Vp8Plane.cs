namespace Peregrine.Imaging.WebP;

/// <summary>A plane of samples in whole macroblocks, with a border of one sample above and to the left, and four more at the right for predictions.</summary>
internal sealed class Vp8Plane
{
    private readonly byte[] _samples;

    public Vp8Plane(int width, int height)
    {
        Stride = width + 1 + 4;
        _samples = new byte[Stride * (height + 1)];
        // What lies above the image is 127, what lies to the left of it 129 (RFC 6386, section 12.2); the corner belongs to the row above.
        _samples.AsSpan(0, Stride).Fill(127);
        for (int y = 0; y < height; y++)
        {
            this[-1, y] = 129;
        }
    }

    public int Stride { get; }

    public byte[] Samples => _samples;

    /// <summary>From −1 on.</summary>
    public ref byte this[int x, int y] => ref _samples[Index(x, y)];

    public int Index(int x, int y) => ((y + 1) * Stride) + x + 1;
}
