using Peregrine.Diagnostics;

namespace Peregrine.Runtime.Format;

/// <summary>Checks the hashes of an engine file.</summary>
internal static class ChunkVerifier
{
    /// <summary>Checks everything but bulk sections: first their chunk hashes, which tell where the damage is, then the header hash.</summary>
    public static void VerifyHeader(EngineBytes bytes, SectionTable table, string name)
    {
        Sha256 hash = new(stackalloc uint[Sha256.RoomSize]);
        for (int i = 0; i < table.Sections.Length; i++)
        {
            EngineSection section = table.Sections[i];
            if ((section.Traits & SectionTraits.Bulk) != 0)
            {
                continue;
            }

            for (int chunk = 0; chunk < EngineFormat.ChunkCount(section.Length); chunk++)
            {
                VerifyChunk(table, i, chunk, name);
                (long offset, int length) = RangeOf(section, chunk);
                hash.Append(section.View(offset, length).Span);
            }
        }

        hash.Append(bytes.View(0, EngineFormat.HeaderHashOffset).Span);
        hash.Append(bytes.View(EngineFormat.HeaderSize, table.FrontLength - EngineFormat.HeaderSize).Span);
        ReadOnlySpan<byte> stored = bytes.View(EngineFormat.HeaderHashOffset, EngineFormat.HeaderHashSize).Span;
        Span<byte> found = stackalloc byte[Sha256.Size];
        hash.Finish(found);
        if (!found.SequenceEqual(stored))
        {
            throw EngineContainerReader.Damaged(name, "its header or section table has been altered");
        }

        table.CheckRequirements(name);
    }

    /// <summary>Checks the chunk hashes of bulk sections, on several threads.</summary>
    public static void VerifyBulk(SectionTable table, string name, CancellationToken cancellationToken)
    {
        for (int i = 0; i < table.Sections.Length; i++)
        {
            EngineSection section = table.Sections[i];
            if ((section.Traits & SectionTraits.Bulk) == 0)
            {
                continue;
            }

            int count = (int)EngineFormat.ChunkCount(section.Length);
            long firstDamaged = count;
            int index = i;
            Parallel.For(0, count, new ParallelOptions { CancellationToken = cancellationToken }, (chunk, state) =>
            {
                if (!ChunkIsSound(table, index, chunk))
                {
                    InterlockedMinimum(ref firstDamaged, chunk);
                    state.Break(); // Lower chunks are still checked, so the first damaged one is reported at every run.
                }
            });
            if (firstDamaged < count)
            {
                throw DamagedChunk(section, (int)firstDamaged, name);
            }
        }
    }

    private static void VerifyChunk(SectionTable table, int sectionIndex, int chunk, string name)
    {
        if (!ChunkIsSound(table, sectionIndex, chunk))
        {
            throw DamagedChunk(table.Sections[sectionIndex], chunk, name);
        }
    }

    private static bool ChunkIsSound(SectionTable table, int sectionIndex, int chunk)
    {
        EngineSection section = table.Sections[sectionIndex];
        (long offset, int length) = RangeOf(section, chunk);
        return section.Checksum(offset, length) == table.Hash(table.FirstHash[sectionIndex] + chunk);
    }

    private static (long Offset, int Length) RangeOf(EngineSection section, int chunk)
    {
        long offset = (long)chunk * EngineFormat.ChunkSize;
        return (offset, (int)Math.Min(EngineFormat.ChunkSize, section.Length - offset));
    }

    private static EngineFormatException DamagedChunk(EngineSection section, int chunk, string name)
    {
        long offset = section.Offset + (long)chunk * EngineFormat.ChunkSize;
        return EngineContainerReader.Damaged(name, $"section \"{section.Name}\" is altered in chunk {chunk} (from byte {offset} of the file)");
    }

    private static void InterlockedMinimum(ref long target, long candidate)
    {
        long seen = Volatile.Read(ref target);
        while (candidate < seen)
        {
            long previous = Interlocked.CompareExchange(ref target, candidate, seen);
            if (previous == seen)
            {
                return;
            }

            seen = previous;
        }
    }
}
