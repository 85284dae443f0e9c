using System.Diagnostics;
using System.Security.Cryptography;
using Peregrine.Diagnostics;
using Peregrine.Operators;
using Peregrine.Runtime.Format;

namespace Peregrine.Tests;

public sealed class EngineFileTests
{
    private const string ChildVariable = "PEREGRINE_TEST_ENGINE";

    private static readonly Lazy<byte[]> File = new(() =>
    {
        using Engine engine = Digits.Build();
        return EngineCodec.ToArray(engine.Content);
    });

    [Fact]
    public void An_engine_cut_at_any_place_is_refused()
    {
        Random random = new(11);
        for (int i = 0; i < 1000; i++)
        {
            Refuse(File.Value[..(i < 50 ? i : random.Next(File.Value.Length))]);
        }

        Refuse([.. File.Value, 0]);
    }

    [Fact]
    public void An_engine_with_any_byte_changed_is_refused()
    {
        // Header, table, the end, and others by chance: the whole file takes minutes and is tried where PEREGRINE_FULL is set.
        byte[] file = [.. File.Value];
        Random random = new(12);
        int everywhere = Environment.GetEnvironmentVariable("PEREGRINE_FULL") is { Length: > 0 } ? file.Length : 0;
        IEnumerable<int> places = everywhere > 0 ? Enumerable.Range(0, everywhere) : [.. Enumerable.Range(0, 700), .. Enumerable.Range(file.Length - 200, 200), .. Enumerable.Range(0, 1000).Select(_ => random.Next(file.Length))];
        foreach (int at in places)
        {
            byte kept = file[at];
            file[at] ^= (byte)random.Next(1, 256);
            Refuse(file);
            file[at] = kept;
        }

        using EngineFile whole = EngineCodec.Open(file, OperatorCatalog.Standard);
    }

    [Fact]
    public void An_engine_gives_the_same_bits_in_another_process()
    {
        string folder = Directory.CreateTempSubdirectory("peregrine-engine-").FullName;
        try
        {
            string path = Path.Combine(folder, "digits.engine"), result = Path.Combine(folder, "result.bin");
            float[] here;
            using (Engine engine = Digits.Build())
            using (InferenceContext context = engine.CreateContext())
            {
                here = Digits.Probabilities(context, 20);
                engine.Save(path);
            }

            foreach (int threads in new[] { 1, 2, 4 })
            {
                ProcessStartInfo start = new(Environment.ProcessPath!) { RedirectStandardOutput = true };
                if (Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet")
                {
                    start.ArgumentList.Add(typeof(EngineFileTests).Assembly.Location);
                }

                start.ArgumentList.Add("-method");
                start.ArgumentList.Add($"{typeof(EngineFileTests).FullName}.{nameof(The_other_process)}");
                start.Environment[ChildVariable] = $"{path}|{result}|{threads}";
                using Process child = Process.Start(start)!;
                string output = child.StandardOutput.ReadToEnd();
                child.WaitForExit();
                Assert.True(child.ExitCode == 0, output);
                Assert.Equal(here, System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(System.IO.File.ReadAllBytes(result)).ToArray());
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Does nothing unless <see cref="An_engine_gives_the_same_bits_in_another_process"/> has started this process.</summary>
    [Fact]
    public void The_other_process()
    {
        if (Environment.GetEnvironmentVariable(ChildVariable)?.Split('|') is [string path, string result, string threads])
        {
            using Engine engine = Engine.Load(path, int.Parse(threads, System.Globalization.CultureInfo.InvariantCulture));
            using InferenceContext context = engine.CreateContext();
            System.IO.File.WriteAllBytes(result, System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(Digits.Probabilities(context, 20)).ToArray());
        }
    }

    [Fact]
    public void What_is_no_engine_is_refused_by_name()
    {
        string folder = Directory.CreateTempSubdirectory("peregrine-engine-").FullName;
        try
        {
            foreach ((string name, byte[] content) in new[] { ("empty", Array.Empty<byte>()), ("text", "hello"u8.ToArray()), ("foreign", RandomNumberGenerator.GetBytes(10_000)), ("model", System.IO.File.ReadAllBytes(Digits.ModelPath)) })
            {
                string path = Path.Combine(folder, name);
                System.IO.File.WriteAllBytes(path, content);
                Assert.Contains(name, Assert.Throws<EngineFormatException>(() => Engine.Load(path)).Message, StringComparison.Ordinal);
            }

            Assert.Contains("absent", Assert.Throws<EngineFormatException>(() => Engine.Load(Path.Combine(folder, "absent"))).Message, StringComparison.Ordinal);
            Assert.Throws<EngineFormatException>(() => Engine.Load(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_failed_save_leaves_nothing_behind()
    {
        using Engine engine = Digits.Build();
        string folder = Directory.CreateTempSubdirectory("peregrine-engine-").FullName;
        try
        {
            string absent = Path.Combine(folder, "no", "such", "folder.engine");
            Assert.Contains(absent, Assert.Throws<EngineWriteException>(() => engine.Save(absent)).Message, StringComparison.Ordinal);

            string kept = Path.Combine(folder, "kept.engine");
            engine.Save(kept);
            byte[] before = System.IO.File.ReadAllBytes(kept);
            using CancellationTokenSource cancelled = new();
            cancelled.Cancel();
            Assert.ThrowsAny<OperationCanceledException>(() => engine.Save(kept, cancelled.Token));
            Assert.Equal(before, System.IO.File.ReadAllBytes(kept));

            // A folder stands where the file should go: the data are written, but the renaming fails.
            string occupied = Path.Combine(folder, "occupied");
            Directory.CreateDirectory(Path.Combine(occupied, "inner"));
            Assert.Throws<EngineWriteException>(() => engine.Save(occupied));
            Assert.Equal(["kept.engine", "occupied"], Directory.EnumerateFileSystemEntries(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_full_disk_is_told_and_leaves_nothing_behind()
    {
        const string Small = "/dev/shm";
        Assert.SkipUnless(OperatingSystem.IsLinux() && Directory.Exists(Small), "Needs a small file system in memory.");
        long free = new DriveInfo(Small).AvailableFreeSpace;
        Assert.SkipUnless(free is > 0 and <= 128L << 20, $"{Small} has {free >> 20} MiB; filling it would disturb others.");
        using Engine engine = Digits.Build();
        string folder = Path.Combine(Small, $"peregrine-{Guid.NewGuid():N}");
        Directory.CreateDirectory(folder);
        try
        {
            using (FileStream filler = new(Path.Combine(folder, "filler"), FileMode.CreateNew))
            {
                filler.Write(new byte[free - (100 << 10)]);
            }

            string path = Path.Combine(folder, "digits.engine");
            Assert.Contains(path, Assert.Throws<EngineWriteException>(() => engine.Save(path)).Message, StringComparison.Ordinal);
            Assert.Equal(["filler"], Directory.EnumerateFiles(folder).Select(Path.GetFileName));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Refuse(byte[] file) => Assert.Throws<EngineFormatException>(() => EngineCodec.Open(file, OperatorCatalog.Standard).Dispose());
}
