namespace Peregrine.Backends.Cpu.Products;

/// <summary>A row of pixels cut into parts of nearly equal size, none larger than a tile.</summary>
internal readonly struct PixelParts(long total, int most)
{
    public int Count { get; } = checked((int)((total + most - 1) / most));

    public (long Start, int Size) this[int part]
    {
        get
        {
            long small = total / Count, larger = total % Count;
            return ((part * small) + Math.Min(part, larger), (int)(small + (part < larger ? 1 : 0)));
        }
    }

    /// <summary>The part in which a pixel lies.</summary>
    public int Of(long pixel)
    {
        long small = total / Count, inLarger = total % Count * (small + 1);
        return (int)(pixel < inLarger ? pixel / (small + 1) : (total % Count) + ((pixel - inLarger) / small));
    }

    /// <summary>Parts from this on that have its size.</summary>
    public int EqualFrom(int part)
    {
        int larger = (int)(total % Count);
        return part < larger ? larger - part : Count - part;
    }

    /// <summary>The sizes that occur: one or two.</summary>
    public IEnumerable<int> Sizes => total == 0 ? [] : total % Count == 0 ? [(int)(total / Count)] : [(int)(total / Count), (int)(total / Count) + 1];
}
