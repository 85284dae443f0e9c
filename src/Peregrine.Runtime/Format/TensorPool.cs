using Peregrine.Tensors;

namespace Peregrine.Runtime.Format;

/// <summary>
/// Numbers the tensors of an engine while it is written. Equal bytes are stored once: the weights section is a row of blobs, each at the first multiple of
/// <see cref="EngineFormat.Alignment"/> behind the one before, the gaps zero; a tensor is a type and dimensions over one blob. The blob of a string tensor holds the
/// strings one after the other, each UTF-8 behind its length.
/// </summary>
internal sealed class TensorPool
{
    private readonly List<ReadOnlyMemory<byte>> _blobs = [];
    private readonly Dictionary<(int Length, uint Hash), List<int>> _blobsByHash = [];
    private readonly Dictionary<Tensor, int> _numbersByReference = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<(DataType Type, Ints Dims, int Blob), int> _numbers = [];
    private readonly List<(DataType Type, Ints Dims, int Blob)> _tensors = [];

    /// <summary>Has a tensor stand in packed weight <paramref name="packed"/> instead of a blob.</summary>
    public void Place(Tensor tensor, int packed)
    {
        if (_numbersByReference.TryAdd(tensor, _tensors.Count))
        {
            // Packed weights are numbered behind the blobs, of which there are more to come.
            _tensors.Add((tensor.Type, Ints.Create(tensor.Dims), ~packed));
        }
    }

    /// <summary>Bytes of the weights section so far.</summary>
    public long WeightBytes { get; private set; }

    public int Number(Tensor tensor)
    {
        if (_numbersByReference.TryGetValue(tensor, out int number))
        {
            return number;
        }

        (DataType, Ints, int) key = (tensor.Type, Ints.Create(tensor.Dims), Blob(tensor.Type == DataType.String ? EncodeStrings(tensor.Strings) : tensor.Data));
        if (!_numbers.TryGetValue(key, out number))
        {
            number = _tensors.Count;
            _tensors.Add(key);
            _numbers.Add(key, number);
        }

        _numbersByReference.Add(tensor, number);
        return number;
    }

    /// <summary>Writes lengths of blobs, then types, dimensions and blob numbers of tensors; read by <see cref="TensorTable"/>.</summary>
    public void WriteDirectory(BinarySectionWriter writer)
    {
        writer.WriteCount(_blobs.Count);
        foreach (ReadOnlyMemory<byte> blob in _blobs)
        {
            writer.WriteUnsigned((ulong)blob.Length);
        }

        writer.WriteCount(_tensors.Count);
        foreach ((DataType type, Ints dims, int blob) in _tensors)
        {
            writer.WriteUnsigned((ulong)type);
            writer.WriteSignedList(dims.AsSpan());
            writer.WriteUnsigned((ulong)(blob >= 0 ? blob : _blobs.Count + ~blob));
        }
    }

    /// <summary>Streams the weights section; <paramref name="progress"/> gets the share that is written.</summary>
    public void WriteWeights(Stream target, IProgress<double>? progress)
    {
        Span<byte> gap = stackalloc byte[EngineFormat.Alignment];
        gap.Clear();
        long position = 0;
        foreach (ReadOnlyMemory<byte> blob in _blobs)
        {
            target.Write(gap[..(int)(EngineFormat.Align(position) - position)]);
            target.Write(blob.Span);
            position = EngineFormat.Align(position) + blob.Length;
            progress?.Report((double)position / WeightBytes);
        }
    }

    private static byte[] EncodeStrings(string[] strings)
    {
        BinarySectionWriter writer = new();
        foreach (string text in strings)
        {
            writer.WriteString(text);
        }

        return writer.Content.ToArray();
    }

    private int Blob(ReadOnlyMemory<byte> bytes)
    {
        (int, uint) key = (bytes.Length, Crc32C.Compute(bytes.Span));
        if (!_blobsByHash.TryGetValue(key, out List<int>? candidates))
        {
            _blobsByHash.Add(key, candidates = []);
        }

        foreach (int candidate in candidates)
        {
            if (_blobs[candidate].Span.SequenceEqual(bytes.Span))
            {
                return candidate;
            }
        }

        WeightBytes = EngineFormat.Align(WeightBytes) + bytes.Length;
        candidates.Add(_blobs.Count);
        _blobs.Add(bytes);
        return _blobs.Count - 1;
    }
}
