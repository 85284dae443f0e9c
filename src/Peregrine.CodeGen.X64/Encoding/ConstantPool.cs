namespace Peregrine.CodeGen.X64.Encoding;

/// <summary>Constants placed behind the code. Equal constants share an entry; order of first use, largest alignment first.</summary>
internal sealed class ConstantPool
{
    private readonly List<byte[]> _entries = [];
    private readonly Dictionary<string, int> _index = [];

    internal int Count => _entries.Count;

    internal int Add(ReadOnlySpan<byte> bytes)
    {
        string key = Convert.ToHexString(bytes);
        if (!_index.TryGetValue(key, out int entry))
        {
            entry = _entries.Count;
            _entries.Add(bytes.ToArray());
            _index.Add(key, entry);
        }

        return entry;
    }

    internal int Add(uint dword) => Add(BitConverter.GetBytes(dword));

    /// <summary>Offsets of the entries from the pool's start (a multiple of 64), and the pool's bytes.</summary>
    internal (int[] Offsets, byte[] Bytes) Place()
    {
        int[] offsets = new int[_entries.Count];
        int end = 0;
        foreach (int entry in Enumerable.Range(0, _entries.Count).OrderByDescending(e => _entries[e].Length))
        {
            offsets[entry] = end;
            end += _entries[entry].Length;
        }

        byte[] bytes = new byte[end];
        for (int entry = 0; entry < offsets.Length; entry++) { _entries[entry].CopyTo(bytes, offsets[entry]); }
        return (offsets, bytes);
    }
}
