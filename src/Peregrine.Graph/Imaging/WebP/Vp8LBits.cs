namespace Peregrine.Imaging.WebP;

/// <summary>Bits of a lossless image, least significant first.</summary>
internal sealed class Vp8LBits(byte[] data)
{
    private long _position;

    public int Read(int count)
    {
        int value = 0;
        for (int i = 0; i < count; i++, _position++)
        {
            int at = (int)(_position >> 3);
            value |= (at < data.Length ? (data[at] >> (int)(_position & 7)) & 1 : throw new InvalidImageException("its pixels end too early.")) << i;
        }

        return value;
    }
}
