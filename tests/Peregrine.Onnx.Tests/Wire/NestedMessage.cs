namespace Peregrine.Onnx.Tests.Wire;

/// <summary>Messages nested so deep that building them from the outside would copy them over and over: written from the inside out, backwards.</summary>
internal static class NestedMessage
{
    /// <summary>A model with <paramref name="graphs"/> graphs, each in an attribute of a node of the one before.</summary>
    public static byte[] Build(int graphs)
    {
        List<int> fields = [7];
        for (int i = 1; i < graphs; i++)
        {
            fields.AddRange([1, 5, 6]);
        }

        return Wrap(fields);
    }

    /// <summary>The two fields in turn, one in the other.</summary>
    public static byte[] BuildRepeated(int times, int first, int second) => Wrap([.. Enumerable.Range(0, times).Select(i => i % 2 == 0 ? first : second)]);

    private static byte[] Wrap(List<int> fields)
    {
        List<byte> reversed = [];
        foreach (int field in Enumerable.Reverse(fields))
        {
            List<byte> length = [];
            uint rest = (uint)reversed.Count;
            do
            {
                length.Add((byte)((rest & 0x7F) | (rest > 0x7F ? 0x80u : 0u)));
                rest >>= 7;
            }
            while (rest > 0);
            length.Reverse();
            reversed.AddRange(length);
            reversed.Add((byte)((field << 3) | 2));
        }

        reversed.Reverse();
        return [.. reversed];
    }
}
