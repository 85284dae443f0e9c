namespace Peregrine.Imaging.Jpeg2000;

/// <summary>A tag tree (ITU-T T.800, B.10.2): a quadtree of minima, read as far as a threshold asks.</summary>
internal sealed class TagTree
{
    private readonly List<(int Width, int Height, int[] Values, int[] Lower)> _levels = [];

    public TagTree(int width, int height)
    {
        while (true)
        {
            _levels.Add((width, height, Enumerable.Repeat(int.MaxValue, width * height).ToArray(), new int[width * height]));
            if (width * height <= 1)
            {
                break;
            }

            (width, height) = ((width + 1) / 2, (height + 1) / 2);
        }
    }

    /// <summary>The leaf's value if it is below the threshold; null if all that is known is that it is not.</summary>
    public int? Read(PacketBits bits, int x, int y, int threshold)
    {
        int lower = 0;
        for (int level = _levels.Count - 1; level >= 0; level--)
        {
            (int width, _, int[] values, int[] lowers) = _levels[level];
            int at = ((y >> level) * width) + (x >> level);
            lower = Math.Max(lower, lowers[at]);
            while (lower < threshold && values[at] == int.MaxValue)
            {
                if (bits.Bit() == 1)
                {
                    values[at] = lower;
                }
                else
                {
                    lower++;
                }
            }

            lowers[at] = lower;
            lower = Math.Min(lower, values[at]);
        }

        int value = _levels[0].Values[(y * _levels[0].Width) + x];
        return value < threshold ? value : null;
    }
}
