namespace Fuzz;

/// <summary>Damage that knows nothing of the format: flipped, lost, doubled and foreign bytes, and numbers that are too large.</summary>
internal static class ByteMutator
{
    private static readonly byte[][] Numbers =
    [
        [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
        [0xFF, 0xFF, 0xFF, 0xFF, 0x07],
        [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
        [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
        [0x80, 0x80, 0x80, 0x80, 0x80, 0x20],
        [0],
    ];

    public static byte[] Mutate(byte[] content, Random random, Func<byte[]> foreign)
    {
        List<byte> bytes = [.. content];
        for (int change = random.Next(1, 5); change > 0 && bytes.Count > 0; change--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(9))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[at] = (byte)random.Next(256); break;
                case 2: bytes[at] = (byte)(bytes[at] + (random.Next(2) == 0 ? 1 : -1)); break;
                case 3: bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at)); break;
                case 4: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 40), bytes.Count - at))); break;
                case 5: bytes.RemoveRange(at, bytes.Count - at); break;
                case 6:
                    bytes.RemoveAt(at);
                    bytes.InsertRange(at, Numbers[random.Next(Numbers.Length)]);
                    break;
                case 7:
                    byte[] noise = new byte[random.Next(1, 16)];
                    random.NextBytes(noise);
                    bytes.InsertRange(at, noise);
                    break;
                default:
                    byte[] other = foreign();
                    int from = random.Next(other.Length), length = Math.Min(random.Next(1, 200), other.Length - from);
                    bytes.RemoveRange(at, Math.Min(random.Next(2) * length, bytes.Count - at));
                    bytes.InsertRange(at, other.AsSpan(from, length).ToArray());
                    break;
            }
        }

        return [.. bytes];
    }
}
