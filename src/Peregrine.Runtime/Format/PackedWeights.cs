using Peregrine.Diagnostics;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Runtime.Format;

/// <summary>A packed copy of a constant, or, with a form, the constant itself.</summary>
/// <param name="Constant">Its number.</param>
/// <param name="Key">Names the form for the backend that made it.</param>
/// <param name="Form">How the row-major constant, which is not in the file then, follows from it; null if it is there as well.</param>
/// <param name="Data">The packed bytes.</param>
public sealed record PackedWeight(int Constant, string Key, WeightForm? Form, Memory<byte> Data);

/// <summary>
/// The directory of the packed weights: count, then per weight the constant's number, key, length, whether there is a form, and its twelve numbers. The weights themselves stand in a section of their own,
/// each at the next multiple of <see cref="EngineFormat.Alignment"/>, gaps zero.
/// </summary>
internal static class PackedWeights
{
    public static ReadOnlyMemory<byte> WriteDirectory(IReadOnlyList<PackedWeight> weights)
    {
        BinarySectionWriter writer = new();
        writer.WriteCount(weights.Count);
        foreach (PackedWeight weight in weights)
        {
            writer.WriteUnsigned((ulong)weight.Constant);
            writer.WriteString(weight.Key);
            writer.WriteUnsigned((ulong)weight.Data.Length);
            writer.WriteBoolean(weight.Form is not null);
            if (weight.Form is { } f)
            {
                foreach (long number in (ReadOnlySpan<long>)[f.Groups, f.Outputs, f.Channels, f.Rows, f.Columns, f.PerGroup, f.PerOutput, f.PerChannel, f.PerRow, f.PerColumn, f.Width, f.Lanes])
                {
                    writer.WriteUnsigned((ulong)number);
                }
            }
        }

        return writer.Content;
    }

    public static long LengthOf(IReadOnlyList<PackedWeight> weights) => weights.Aggregate(0L, (end, w) => EngineFormat.Align(end) + w.Data.Length);

    public static void Write(IReadOnlyList<PackedWeight> weights, Stream target)
    {
        byte[] gap = new byte[EngineFormat.Alignment];
        long position = 0;
        foreach (PackedWeight weight in weights)
        {
            target.Write(gap.AsSpan(0, (int)(EngineFormat.Align(position) - position)));
            target.Write(weight.Data.Span);
            position = EngineFormat.Align(position) + weight.Data.Length;
        }
    }

    /// <summary>Reads the directory; the weights are views on their section. Everything is checked but whether the constants exist and fit.</summary>
    public static PackedWeight[] Read(BinarySectionReader reader, EngineSection section)
    {
        PackedWeight[] weights = new PackedWeight[reader.ReadCount(4)];
        long position = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            ulong constant = reader.ReadUnsigned();
            string key = reader.ReadString();
            ulong length = reader.ReadUnsigned();
            WeightForm? form = reader.ReadBoolean() ? ReadForm(reader) : null;
            long start = EngineFormat.Align(position);
            if (constant > int.MaxValue || length > int.MaxValue || start + (long)length > section.Length)
            {
                throw reader.Error($"packed weight {i} of {length} bytes does not fit its section");
            }

            if (section.View(position, start - position).Span.ContainsAnyExcept((byte)0))
            {
                throw reader.Error($"the gap in front of packed weight {i} is not empty");
            }

            weights[i] = new((int)constant, key, form, section.View(start, (long)length));
            position = start + (long)length;
        }

        if (position != section.Length)
        {
            throw reader.Error($"the packed weights have {section.Length} bytes, but the last ends at byte {position}");
        }

        reader.ExpectEnd();
        return weights;
    }

    private static WeightForm ReadForm(BinarySectionReader reader)
    {
        int[] n = new int[12];
        for (int i = 0; i < n.Length; i++)
        {
            ulong number = reader.ReadUnsigned();
            n[i] = number <= int.MaxValue ? (int)number : throw reader.Error($"a packed weight has the extent or stride {number}");
        }

        return new(n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], n[10], n[11]);
    }
}
