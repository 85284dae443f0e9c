using System.Runtime.InteropServices;

namespace Peregrine.OnnxRuntimePeer;

/// <summary>
/// The named inputs of one run, received from the client: elements in native memory of cache-line alignment, and the values that ONNX Runtime sees over them.
/// Reading from the pipe and handing to ONNX Runtime are two steps, so that a refusal leaves no half-read request.
/// </summary>
internal sealed unsafe class InputSet : IDisposable
{
    private readonly List<Item> _items = [];
    private OrtApi? _api;

    private InputSet()
    {
    }

    /// <summary>The values in the order of <see cref="Names"/>; empty before <see cref="Bind"/>.</summary>
    public nint[] Values { get; private set; } = [];

    public NameTable? Names { get; private set; }

    public static InputSet Read(Stream stream)
    {
        InputSet set = new();
        try
        {
            int count = Wire.ReadCount(stream, 100_000);
            for (int i = 0; i < count; i++)
            {
                Item item = new(Wire.ReadText(stream), Wire.ReadInt32(stream), Wire.ReadDims(stream));
                set._items.Add(item);
                item.ReadElements(stream);
            }

            return set;
        }
        catch
        {
            set.Dispose();
            throw;
        }
    }

    /// <summary>Makes the values. An <see cref="OrtException"/> if ONNX Runtime does not take one.</summary>
    public void Bind(OrtApi api)
    {
        _api = api;
        Names = new([.. _items.Where(i => !i.Name.EndsWith(Wire.ValuesSuffix, StringComparison.Ordinal)).Select(i => i.Name.EndsWith(Wire.KeysSuffix, StringComparison.Ordinal) ? i.Name[..^Wire.KeysSuffix.Length] : i.Name)]);
        Values = new nint[Names.Count];
        for (int i = 0, next = 0; next < _items.Count; i++, next++)
        {
            Item item = _items[next];
            Values[i] = item.Name.EndsWith(Wire.KeysSuffix, StringComparison.Ordinal) ? CreateMap(api, item, _items[++next]) : Create(api, item);
        }
    }

    private static nint Create(OrtApi api, Item item) => item.Strings is null ? api.CreateTensor(item.Data, item.Bytes, item.Dims, item.OnnxType) : api.CreateStrings(item.Strings, item.Dims);

    private static nint CreateMap(OrtApi api, Item keys, Item values)
    {
        nint first = Create(api, keys);
        try
        {
            nint second = Create(api, values);
            try
            {
                return api.CreateMap(first, second);
            }
            finally
            {
                api.ReleaseValue(second);
            }
        }
        finally
        {
            api.ReleaseValue(first);
        }
    }

    public void Dispose()
    {
        foreach (nint value in Values)
        {
            if (value != 0)
            {
                _api!.ReleaseValue(value);
            }
        }

        Values = [];
        Names?.Dispose();
        foreach (Item item in _items)
        {
            NativeMemory.AlignedFree(item.Data);
        }

        _items.Clear();
    }

    private sealed class Item(string name, int onnxType, long[] dims)
    {
        public string Name { get; } = name;

        public int OnnxType { get; } = onnxType;

        public long[] Dims { get; } = dims;

        public string[]? Strings { get; private set; }

        public void* Data { get; private set; }

        public long Bytes { get; private set; }

        public void ReadElements(Stream stream)
        {
            long count = Wire.ReadInt64(stream);
            if (count is < 0 or > int.MaxValue)
            {
                throw new InvalidDataException($"Input \"{Name}\" announces {count} bytes.");
            }

            if (OnnxType == Wire.StringType)
            {
                Strings = new string[count];
                for (int i = 0; i < Strings.Length; i++)
                {
                    Strings[i] = Wire.ReadText(stream);
                }

                return;
            }

            Bytes = count;
            // Never null, also for no elements: ONNX Runtime refuses a null pointer.
            Data = NativeMemory.AlignedAlloc((nuint)Math.Max(1, count), 64);
            stream.ReadExactly(new Span<byte>(Data, (int)count));
        }
    }
}
