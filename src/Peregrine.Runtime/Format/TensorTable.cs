using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Memory;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Format;

/// <summary>Reads what <see cref="TensorPool"/> wrote. Tensors are views on the weights section, without a copy; only strings are made anew.</summary>
internal static class TensorTable
{
    /// <summary>The tensors by number. Everything is checked: blobs fill the section exactly, each tensor takes exactly its blob, truth values are 0 or 1.</summary>
    public static Tensor[] Read(BinarySectionReader reader, EngineSection weights, IReadOnlyList<PackedWeight> packed)
    {
        Blob[] blobs = new Blob[reader.ReadCount(1)];
        long position = 0;
        for (int i = 0; i < blobs.Length; i++)
        {
            ulong length = reader.ReadUnsigned();
            long start = EngineFormat.Align(position);
            if (length > int.MaxValue || start + (long)length > weights.Length)
            {
                throw reader.Error($"blob {i} of {length} bytes does not fit the weights");
            }

            if (weights.View(position, start - position).Span.ContainsAnyExcept((byte)0))
            {
                throw reader.Error($"the gap in front of blob {i} is not empty");
            }

            blobs[i] = new(weights.View(start, (long)length));
            position = start + (long)length;
        }

        if (position != weights.Length)
        {
            throw reader.Error($"the weights have {weights.Length} bytes, but the blobs end at byte {position}");
        }

        Tensor[] tensors = new Tensor[reader.ReadCount(3)];
        for (int i = 0; i < tensors.Length; i++)
        {
            DataType type = reader.ReadEnum<DataType>("an element type");
            long[] dims = reader.ReadSignedList();
            int place = reader.ReadIndex(blobs.Length + packed.Count, "a blob");
            tensors[i] = place < blobs.Length ? Make(reader, type, dims, blobs[place]) : MakePacked(reader, type, dims, packed[place - blobs.Length]);
        }

        return tensors;
    }

    private static Tensor MakePacked(BinarySectionReader reader, DataType type, long[] dims, PackedWeight weight)
    {
        long count = Count(dims);
        if (type != DataType.Float32 || weight.Form is not { } form)
        {
            throw reader.Error("a tensor stands in packed weights that are not of its kind");
        }

        return count < 0 || count > int.MaxValue / sizeof(float) || form.WhyNot(count) is not null || form.Bytes != weight.Data.Length
            ? throw reader.Error($"a tensor {type.Name()}[{string.Join(',', dims.Take(16))}] cannot be unpacked from {weight.Data.Length} bytes: {form.WhyNot(count) ?? "they are too many or too few"}")
            : new(type, dims, new UnpackedMemory(form, weight.Data).Memory);
    }

    /// <summary>The number of elements; −1 if no tensor has such dimensions.</summary>
    private static long Count(long[] dims)
    {
        try
        {
            return Array.Exists(dims, d => d < 0) ? -1 : Tensor.CountElements(dims);
        }
        catch (OverflowException)
        {
            return -1;
        }
    }

    private static Tensor Make(BinarySectionReader reader, DataType type, long[] dims, Blob blob)
    {
        long count = Count(dims);
        // Every element takes at least two bits of the blob, or as string one byte.
        if (type == DataType.Undefined || count < 0 || count > 4L * int.MaxValue)
        {
            throw reader.Error($"no tensor of {type.Name()}[{string.Join(',', dims.Take(16))}] can exist");
        }

        if (type == DataType.String)
        {
            return new(dims, blob.Strings(reader, count));
        }

        if (type.ByteCount(count) != blob.Bytes.Length)
        {
            throw reader.Error($"a tensor {type.Name()}[{string.Join(',', dims)}] takes {type.ByteCount(count)} bytes but has {blob.Bytes.Length}");
        }

        return type != DataType.Bool || blob.IsTruth ? new(type, dims, blob.Bytes) : throw reader.Error("a truth value is neither 0 nor 1");
    }

    /// <summary>A blob is decoded and checked once, however many tensors refer to it.</summary>
    private sealed class Blob(Memory<byte> bytes)
    {
        private string[]? _strings;
        private bool? _isTruth;

        public Memory<byte> Bytes => bytes;

        public bool IsTruth => _isTruth ??= !bytes.Span.ContainsAnyExceptInRange((byte)0, (byte)1);

        public string[] Strings(BinarySectionReader reader, long count)
        {
            if (count > bytes.Length || (_strings is not null && _strings.Length != count))
            {
                throw reader.Error($"a tensor of {count} strings does not have its blob's number of strings");
            }

            if (_strings is null)
            {
                BinarySectionReader texts = new(bytes, EngineSection.NameOf(SectionId.Weights));
                string[] strings = new string[count];
                for (int i = 0; i < strings.Length; i++)
                {
                    strings[i] = texts.ReadString();
                }

                texts.ExpectEnd();
                _strings = strings;
            }

            return _strings;
        }
    }
}
