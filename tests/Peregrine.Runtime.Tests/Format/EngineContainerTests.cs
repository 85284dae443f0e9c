using System.Buffers.Binary;
using System.Security.Cryptography;
using Peregrine.Diagnostics;
using Peregrine.Runtime.Format;
using Peregrine.Runtime.Memory;

namespace Peregrine.Runtime.Tests.Format;

public sealed class EngineContainerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("peregrine").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Sections_come_back_from_file_memory_and_stream()
    {
        byte[] weights = Random(3 * EngineFormat.ChunkSize + 12345, seed: 1);
        byte[] plan = Random(EngineFormat.ChunkSize + 1, seed: 2);
        EngineContainerWriter writer = new();
        writer.Add(SectionId.Manifest, SectionTraits.Required, "{}"u8.ToArray());
        writer.Add(SectionId.Plan, SectionTraits.Required, plan);
        writer.Add(SectionId.Recipes, SectionTraits.Required, ReadOnlyMemory<byte>.Empty);
        writer.Add(SectionId.Weights, SectionTraits.Required | SectionTraits.Bulk, weights.Length, target =>
        {
            for (int at = 0; at < weights.Length; at += 1000)
            {
                target.Write(weights, at, Math.Min(1000, weights.Length - at));
            }
        });
        string path = Path.Combine(_folder, "a.engine");
        writer.Save(path);
        byte[] bytes = File.ReadAllBytes(path);
        Assert.Equal(writer.ToArray(), bytes);
        Assert.Equal([path], Directory.GetFiles(_folder));

        using MemoryStream stream = new(bytes);
        foreach (BulkVerification when in Enum.GetValues<BulkVerification>())
        {
            stream.Position = 0;
            foreach (EngineContainerReader reader in new[] { EngineContainerReader.Open(path, when), EngineContainerReader.Open(bytes, when), EngineContainerReader.Open(stream, when) })
            {
                using (reader)
                {
                    await reader.Verification;
                    Assert.Equal([SectionId.Manifest, SectionId.Plan, SectionId.Recipes, SectionId.Weights], reader.Sections.Select(s => s.Id));
                    Assert.Equal("{}"u8, reader.Require(SectionId.Manifest).View(0, 2).Span);
                    Assert.Equal(0, reader.Require(SectionId.Recipes).Length);
                    EngineSection section = reader.Require(SectionId.Weights);
                    Assert.True(section.View(0, section.Length).Span.SequenceEqual(weights));
                    Assert.Equal(0, section.Offset % EngineFormat.Alignment);
                    Assert.Throws<EngineFormatException>(() => section.View(section.Length - 5, 6));
                    Assert.Throws<EngineFormatException>(() => section.View(-1, 6));
                    Assert.Throws<EngineFormatException>(() => section.View(long.MaxValue, long.MaxValue));
                    Assert.Null(reader.Find(SectionId.Tuning));
                    Assert.Throws<EngineFormatException>(() => reader.Require(SectionId.Tuning));
                }
            }
        }
    }

    [Fact]
    public void The_file_follows_the_specification()
    {
        byte[] file = Small();
        Assert.Equal("PEREGRIN"u8, file.AsSpan(0, 8));
        Assert.Equal(EngineFormat.Version, BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(8)));
        Assert.Equal((uint)3, BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(16)));
        Assert.Equal(file.Length, BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(24)));
        // Front: 64 + 3 · 32 + 3 hashes of 4 bytes = 172; sections at 192 (100 bytes), 320 (70), 448 (130).
        Assert.Equal(192, BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(64 + 8)));
        Assert.Equal(320, BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(96 + 8)));
        Assert.Equal(448, BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(128 + 8)));
        Assert.Equal(578, file.Length);
        byte[] hashed = [.. file.AsSpan(192, 100), .. file.AsSpan(448, 130), .. file.AsSpan(0, 32), .. file.AsSpan(64, 108)];
        Assert.Equal(SHA256.HashData(hashed), file.AsSpan(32, 32).ToArray());
        Assert.Equal(Crc32C.Compute(file.AsSpan(320, 70)), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(64 + 96 + 4)));
    }

    [Fact]
    public void Every_altered_byte_is_noticed()
    {
        byte[] file = Small();
        for (int at = 0; at < file.Length; at++)
        {
            foreach (byte change in (byte[])[0x01, 0x80, 0xFF])
            {
                file[at] ^= change;
                Assert.Throws<EngineFormatException>(() => EngineContainerReader.Open(file));
                file[at] ^= change;
            }
        }

        EngineContainerReader.Open(file).Dispose();
    }

    [Fact]
    public void A_file_cut_anywhere_is_refused_as_truncated()
    {
        EngineContainerWriter writer = new();
        writer.Add(SectionId.Plan, SectionTraits.Required, Random(700, 1));
        writer.Add(SectionId.Weights, SectionTraits.Bulk, Random(2 * EngineFormat.ChunkSize + 99, 2));
        byte[] file = writer.ToArray();
        Random random = new(3);
        for (int i = 0; i < 1000; i++)
        {
            int length = i < 300 ? i : random.Next(file.Length);
            string message = Assert.Throws<EngineFormatException>(() => EngineContainerReader.Open(file.AsMemory(0, length))).Message;
            Assert.Contains(length == 0 ? "not an engine" : "truncated", message, StringComparison.Ordinal);
        }

        for (int i = 0; i < 20; i++)
        {
            string path = Path.Combine(_folder, "cut.engine");
            File.WriteAllBytes(path, file[..random.Next(file.Length)]);
            Assert.Throws<EngineFormatException>(() => EngineContainerReader.Open(path));
            using MemoryStream stream = new(file[..random.Next(file.Length)]);
            Assert.Throws<EngineFormatException>(() => EngineContainerReader.Open(stream));
        }
    }

    [Fact]
    public async Task Damage_in_bulk_is_located_also_in_the_background()
    {
        EngineContainerWriter writer = new();
        writer.Add(SectionId.Weights, SectionTraits.Bulk, Random(5 * EngineFormat.ChunkSize, 2));
        byte[] file = writer.ToArray();
        file[^1] ^= 1;
        file[^(2 * EngineFormat.ChunkSize)] ^= 1;
        Assert.Contains("\"Weights\" is altered in chunk 3 ", Assert.Throws<EngineFormatException>(() => EngineContainerReader.Open(file)).Message, StringComparison.Ordinal);
        using EngineContainerReader reader = EngineContainerReader.Open(file, BulkVerification.InBackground);
        EngineFormatException failure = await Assert.ThrowsAsync<EngineFormatException>(() => reader.Verification);
        Assert.Contains("chunk 3 ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Foreign_and_missing_files_are_told_apart()
    {
        Says("not an engine", "ONNX model or what you like, long enough to hold a header of 64 bytes, and more"u8.ToArray());
        Says("bytes follow", [.. Small(), 0]);
        Assert.Contains("does not exist", Message(Path.Combine(_folder, "none")), StringComparison.Ordinal);
        Assert.Contains("is a folder", Message(_folder), StringComparison.Ordinal);
        string empty = Path.Combine(_folder, "empty");
        File.WriteAllBytes(empty, []);
        Assert.Contains("is empty", Message(empty), StringComparison.Ordinal);

        static string Message(string path) => Assert.Throws<EngineFormatException>(() => EngineContainerReader.Open(path)).Message;
    }

    [Fact]
    public void A_file_for_a_newer_reader_says_so()
    {
        byte[] file = Small();
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(8), 9);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(10), 7);
        Says("needs a reader of version 7", file);
    }

    [Fact]
    public void A_newer_file_for_this_reader_is_read()
    {
        byte[] file = Small();
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(8), EngineFormat.Version + 1);
        Reseal(file);
        EngineContainerReader.Open(file).Dispose();
    }

    [Fact]
    public void Unknown_sections_are_skipped_unless_required()
    {
        EngineContainerWriter optional = new();
        optional.Add((SectionId)777, SectionTraits.None, Random(10, 1));
        optional.Add(SectionId.Manifest, SectionTraits.Required, Random(10, 1));
        using EngineContainerReader reader = EngineContainerReader.Open(optional.ToArray());
        Assert.Equal([SectionId.Manifest], reader.Sections.Select(s => s.Id));
        EngineContainerWriter required = new();
        required.Add((SectionId)777, SectionTraits.Required | SectionTraits.Bulk, Random(10, 1));
        Says("required section \"number 777\"", required.ToArray());
    }

    [Theory]
    [InlineData(16, 4, 0xFFFFFFFFul)] // section count
    [InlineData(16, 4, 257ul)]
    [InlineData(16, 4, 4ul)]
    [InlineData(24, 8, 0xFFFFFFFFFFFFFFFFul)] // file length
    [InlineData(24, 8, 0x7FFFFFFFFFFFFFFFul)]
    [InlineData(72, 8, 0xFFFFFFFFFFFFFFFFul)] // offset
    [InlineData(72, 8, 0x7FFFFFFFFFFFFFC0ul)]
    [InlineData(72, 8, 256ul)]
    [InlineData(80, 8, 0xFFFFFFFFFFFFFFFFul)] // length
    [InlineData(80, 8, 0x7FFFFFFFFFFFFFFFul)]
    [InlineData(80, 8, 99ul)]
    [InlineData(88, 4, 0xFFFFFFFFul)] // chunk count
    [InlineData(68, 4, 4ul)] // flags
    [InlineData(64, 4, 5ul)] // id: now twice
    public void Absurd_numbers_under_a_valid_header_hash_are_refused_without_spending_memory(int at, int size, ulong value)
    {
        byte[] file = Small();
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(number, value);
        number[..size].CopyTo(file.AsSpan(at));
        Reseal(file);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<EngineFormatException>(() => EngineContainerReader.Open(file));
        using MemoryStream stream = new(file);
        Assert.Throws<EngineFormatException>(() => EngineContainerReader.Open(stream));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    [Fact]
    public void Random_tables_under_a_valid_header_hash_give_typed_errors_or_an_engine()
    {
        byte[] sound = Small();
        int opened = 0;
        for (int seed = 0; seed < 5000; seed++)
        {
            Random random = new(seed);
            byte[] file = [.. sound];
            for (int change = random.Next(1, 5); change > 0; change--)
            {
                int at = random.Next(8, 172);
                file[at] = random.Next(3) switch { 0 => 0, 1 => 0xFF, _ => (byte)random.Next(256) };
                if (random.Next(3) == 0)
                {
                    // A whole number at its maximum, which additions must survive.
                    int number = 64 + 32 * random.Next(3) + 8 * random.Next(1, 3);
                    BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(number), long.MaxValue - random.Next(100));
                }
            }

            Reseal(file);
            try
            {
                EngineContainerReader.Open(file).Dispose();
                opened++;
            }
            catch (EngineFormatException)
            {
                // As it should be; anything else fails the test.
            }
        }

        Assert.InRange(opened, 1, 1000);
    }

    [Fact]
    public void Gaps_must_be_zero_even_under_valid_hashes()
    {
        byte[] file = Small();
        file[300] = 1;
        Reseal(file);
        Says("gap in front of section \"Weights\"", file);
    }

    [Fact]
    public void A_failed_or_cancelled_save_leaves_nothing_behind()
    {
        string path = Path.Combine(_folder, "old.engine");
        File.WriteAllText(path, "old");
        EngineContainerWriter failing = new();
        failing.Add(SectionId.Weights, SectionTraits.Bulk, 100, target =>
        {
            target.Write(new byte[50]);
            throw new IOException("No space left on device");
        });
        Assert.Contains("No space left", Assert.Throws<EngineWriteException>(() => failing.Save(path)).Message, StringComparison.Ordinal);

        using CancellationTokenSource source = new();
        EngineContainerWriter cancelled = new();
        cancelled.Add(SectionId.Weights, SectionTraits.Bulk, 100, target =>
        {
            target.Write(new byte[50]);
            source.Cancel();
            target.Write(new byte[50]);
        });
        Assert.Throws<OperationCanceledException>(() => cancelled.Save(path, source.Token));

        EngineContainerWriter wrongLength = new();
        wrongLength.Add(SectionId.Weights, SectionTraits.Bulk, 100, target => target.Write(new byte[99]));
        Assert.Throws<InvalidOperationException>(() => wrongLength.Save(path));
        Assert.Throws<EngineWriteException>(() => wrongLength.Save(Path.Combine(_folder, "no", "such", "folder.engine")));
        Assert.Equal([path], Directory.GetFiles(_folder));
        Assert.Equal("old", File.ReadAllText(path));
    }

    [Fact]
    public void A_full_disk_is_one_clear_error()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Needs a file system of known size");
        DriveInfo disk = new(_folder);
        EngineContainerWriter writer = new();
        writer.Add(SectionId.Weights, SectionTraits.Bulk, checked(disk.TotalSize * 4), target => throw new InvalidOperationException("must not be reached"));
        Assert.Throws<EngineWriteException>(() => writer.Save(Path.Combine(_folder, "big.engine")));
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public void A_view_outlives_the_reader_it_came_from_but_not_its_disposal()
    {
        string path = Path.Combine(_folder, "a.engine");
        File.WriteAllBytes(path, Small());
        Memory<byte> kept = OpenAndForget(path);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Assert.Equal(Random(70, 2), kept.ToArray());

        EngineContainerReader reader = EngineContainerReader.Open(path);
        Memory<byte> view = reader.Require(SectionId.Weights).View(0, 70);
        reader.Dispose();
        reader.Dispose();
        Assert.Throws<ObjectDisposedException>(() => view.Span.Length);

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static Memory<byte> OpenAndForget(string path) => EngineContainerReader.Open(path).Require(SectionId.Weights).View(0, 70);
    }

    [Fact]
    public void Released_pages_come_back_with_the_same_bytes()
    {
        byte[] weights = Random(1 << 20, 4);
        EngineContainerWriter writer = new();
        writer.Add(SectionId.Weights, SectionTraits.Required | SectionTraits.Bulk, weights);
        string path = Path.Combine(_folder, "pages.engine");
        writer.Save(path);
        using EngineContainerReader reader = EngineContainerReader.Open(path);
        Memory<byte> view = reader.Require(SectionId.Weights).View(0, weights.Length);
        Assert.True(System.Runtime.InteropServices.MemoryMarshal.TryGetMemoryManager<byte, NativeMemoryView>(view, out NativeMemoryView? manager));
        IReloadable reloadable = Assert.IsAssignableFrom<IReloadable>(manager);
        for (int i = 0; i < 2; i++)
        {
            reloadable.Prefetch();
            Assert.Equal(weights, view.ToArray());
            reloadable.Release();
        }

        Assert.Equal(weights, view.ToArray());
        reader.Dispose();
        Assert.Throws<ObjectDisposedException>(reloadable.Release);
    }

    private static byte[] Small()
    {
        EngineContainerWriter writer = new();
        writer.Add(SectionId.Plan, SectionTraits.Required, Random(100, 1));
        writer.Add(SectionId.Weights, SectionTraits.Required | SectionTraits.Bulk, Random(70, 2));
        writer.Add(SectionId.Provenance, SectionTraits.None, Random(130, 3));
        return writer.ToArray();
    }

    // Gives a small file with altered header, table or gaps a header hash that fits again.
    private static void Reseal(byte[] file)
    {
        byte[] hashed = [.. file.AsSpan(192, 100), .. file.AsSpan(448, 130), .. file.AsSpan(0, 32), .. file.AsSpan(64, 108)];
        SHA256.HashData(hashed).CopyTo(file.AsSpan(32));
    }

    private static void Says(string expected, byte[] file) =>
        Assert.Contains(expected, Assert.Throws<EngineFormatException>(() => EngineContainerReader.Open(file)).Message, StringComparison.Ordinal);

    private static byte[] Random(int length, int seed)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
