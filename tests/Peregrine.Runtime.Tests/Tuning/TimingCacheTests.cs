using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Tuning;
using Peregrine.TestKit;

namespace Peregrine.Runtime.Tests.Tuning;

public sealed class TimingCacheTests : IDisposable
{
    private static readonly KernelRequest Small = TunerTests.Request(new MatMul(), [2, 3], [3, 4], [2, 4]), Other = TunerTests.Request(new MatMul(), [3, 3], [3, 4], [3, 4]);

    private readonly string _folder = Directory.CreateTempSubdirectory("peregrine-cache-").FullName;

    private string File => Path.Combine(_folder, "sub", "timing.cache");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_second_build_measures_nothing_and_decides_alike()
    {
        (string first, TuningReport report, _) = Build(Small);
        Assert.Equal(2, report.Measured);
        Assert.Equal(1, report.Rejected);
        for (int i = 0; i < 2; i++)
        {
            (string second, TuningReport again, ToyBackend backend) = Build(Small);
            Assert.Equal(first, second);
            Assert.Equal((0, 2, 1), (again.Measured, again.FromCache, again.Rejected));
            Assert.Empty(backend.Runs);
        }

        Assert.False(System.IO.File.Exists(File + ".lock"));
    }

    [Fact]
    public void It_can_be_edited()
    {
        Build(Small);
        string text = System.IO.File.ReadAllText(File);
        string edited = string.Join('\n', text.Split('\n').Select(l => l.Contains("\"toy.a\"", StringComparison.Ordinal) ? System.Text.RegularExpressions.Regex.Replace(l, "\"ms\":[^}]+", "\"ms\":1000") : l));
        Assert.NotEqual(text, edited);
        System.IO.File.WriteAllText(File, edited);
        Assert.Equal("toy.b", Build(Small).Chosen);
        System.IO.File.WriteAllText(File, edited.Replace("toy.a", "toy.x", StringComparison.Ordinal).Replace("toy.b", "toy.a", StringComparison.Ordinal).Replace("toy.x", "toy.b", StringComparison.Ordinal));
        Assert.Equal("toy.a", Build(Small).Chosen);
    }

    [Fact]
    public void Damaged_lines_are_counted_and_the_rest_is_used()
    {
        Build(Small);
        string[] lines = System.IO.File.ReadAllLines(File);
        int entry = Array.FindIndex(lines, l => l.Contains("\"toy.b\"", StringComparison.Ordinal));
        string[] bad =
        [
            lines[entry][..^5], "{}", "[]", "null", "nonsense", "\0\0\0", lines[entry].Replace("\"ms\":", "\"ms\":-", StringComparison.Ordinal), lines[entry].Replace("\"version\":1", "\"version\":1.5", StringComparison.Ordinal),
            "{\"device\":\"\\ud800\",\"request\":\"r\",\"tactic\":\"t\",\"version\":1,\"build\":\"b\",\"option\":\"\",\"ms\":1}", new string('[', 5000),
        ];
        System.IO.File.WriteAllLines(File, [.. lines[..entry], .. bad, .. lines[(entry + 1)..]]);
        (_, TuningReport report, _) = Build(Small);
        Assert.Equal(bad.Length, report.CacheDamaged);
        Assert.Equal((1, 1, 1), (report.Measured, report.FromCache, report.Rejected));
        // It is whole again.
        (_, report, _) = Build(Small);
        Assert.Equal((0, 2, 0), (report.Measured, report.FromCache, report.CacheDamaged));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"peregrine\":\"timing cache\",\"version\":2}\n")]
    [InlineData("PK\u0003\u0004 something of somebody else's\n")]
    public void What_is_no_cache_is_left_alone(string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        System.IO.File.WriteAllText(File, content);
        (string chosen, TuningReport report, _) = Build(Small);
        Assert.StartsWith("toy.", chosen, StringComparison.Ordinal);
        Assert.Equal(2, report.Measured);
        if (content.Length == 0)
        {
            Assert.DoesNotContain(report.Remarks, r => r.Contains("timing cache", StringComparison.Ordinal));
        }
        else
        {
            Assert.Contains(report.Remarks, r => r.Contains("is no timing cache", StringComparison.Ordinal));
            Assert.Equal(content, System.IO.File.ReadAllText(File));
        }
    }

    [Fact]
    public void A_cache_that_cannot_be_written_is_a_remark()
    {
        Directory.CreateDirectory(File);
        (_, TuningReport report, _) = Build(Small);
        Assert.Contains(report.Remarks, r => r.Contains("folder", StringComparison.Ordinal));
    }

    [Fact]
    public void What_other_processes_save_meanwhile_is_kept()
    {
        using ToyBackend backend = Backend();
        TimingCache mine = TimingCache.Open(File);
        ((ITacticChooser)new Tuner(backend, new() { Cache = mine })).Select(Small, new MatMul());
        Build(Other);
        Assert.True(mine.Save());
        Assert.Equal(6, TimingCache.Open(File).Count);
        Assert.Equal(0, Build(Small).Report.Measured);
        Assert.Equal(0, Build(Other).Report.Measured);
    }

    [Fact]
    public void Caches_are_merged_by_concatenation()
    {
        Build(Small);
        string first = System.IO.File.ReadAllText(File);
        System.IO.File.Delete(File);
        Build(Other);
        System.IO.File.AppendAllText(File, first);
        TimingCache merged = TimingCache.Open(File);
        Assert.Equal((6, 0), (merged.Count, merged.Damaged));
        Assert.Equal(0, Build(Small).Report.Measured);
    }

    [Fact]
    public void Saving_appends_and_reads_nothing_again()
    {
        Build(Other);
        string first = System.IO.File.ReadAllText(File);
        System.IO.File.WriteAllText(File, first.TrimEnd('\n'));
        Build(Small);
        string second = System.IO.File.ReadAllText(File);
        Assert.StartsWith(first, second, StringComparison.Ordinal);
        Assert.Equal(6, TimingCache.Open(File).Count);
        // Of the same length: what was read before does not count.
        System.IO.File.WriteAllText(File, second.Replace("\"toy.a\"", "\"toy.c\"", StringComparison.Ordinal));
        Assert.Equal((1, 1), Build(Small) is var (_, report, _) ? (report.Measured, report.FromCache) : default);
    }

    [Fact]
    public void A_file_with_mostly_superseded_lines_is_written_anew()
    {
        Build(Small);
        string text = System.IO.File.ReadAllText(File);
        System.IO.File.WriteAllText(File, string.Concat(Enumerable.Repeat(text, 300)));
        Build(Small, version: 2);
        Assert.Equal(text.Split('\n').Length, System.IO.File.ReadAllText(File).Split('\n').Length);
    }

    [Fact]
    public void Other_versions_of_a_tactic_and_other_devices_do_not_count()
    {
        Build(Small);
        (_, TuningReport report, _) = Build(Small, version: 2);
        Assert.Equal((2, 0, 3), (report.Measured, report.FromCache, report.CacheMismatched));
        (_, report, _) = Build(Small, version: 2, device: "Another toy");
        Assert.Equal((2, 0, 0), (report.Measured, report.FromCache, report.CacheMismatched));
        Assert.Equal((0, 2), Build(Small, version: 2) is var third ? (third.Report.Measured, third.Report.FromCache) : default);
    }

    [Fact]
    public void Without_a_file_everything_is_forgotten()
    {
        TimingCache cache = new();
        using ToyBackend backend = Backend();
        ((ITacticChooser)new Tuner(backend, new() { Cache = cache })).Select(Small, new MatMul());
        Assert.Equal(3, cache.Count);
        Assert.True(cache.Save());
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void Manifests_survive_their_file_and_bad_ones_are_refused()
    {
        string path = Path.Combine(_folder, "tactics.json");
        TacticManifest manifest = new();
        manifest.Add("Conv(\"x\", ü) -> y", new("toy.a", 3), new("14x2 \"outer\""));
        manifest.Add("Another", new("toy.b", 1), new(""));
        manifest.Write(path);
        TacticManifest read = TacticManifest.Read(path);
        Assert.Equal((2, new TacticId("toy.a", 3), "14x2 \"outer\""), (read.Count, read.Find("Conv(\"x\", ü) -> y")!.Value.Tactic, read.Find("Conv(\"x\", ü) -> y")!.Value.Option.Text));
        byte[] bytes = System.IO.File.ReadAllBytes(path);
        read.Write(path);
        Assert.Equal(bytes, System.IO.File.ReadAllBytes(path));
        string text = System.IO.File.ReadAllText(path);
        foreach (string bad in new[] { "", "{}", "[]", text[..^8], text.Replace("\"toy.a\"", "null", StringComparison.Ordinal), text.Replace("\"version\": 1", "\"version\": 2", StringComparison.Ordinal), text.Replace("Another", "Conv(\\\"x\\\", ü) -> y", StringComparison.Ordinal) })
        {
            System.IO.File.WriteAllText(path, bad);
            Assert.Equal("PG4002", Assert.Throws<Diagnostics.ModelException>(() => TacticManifest.Read(path)).Diagnostics[0].Code);
        }
    }

    private static ToyBackend Backend(int version = 1, string device = "Toy") => new(
        new ToyTactic("toy.a", ToyTactic.Reference) { Version = version },
        new ToyTactic("toy.b", ToyTactic.Reference) { Version = version },
        new ToyTactic("toy.wrong", (_, _) => { }) { Version = version })
    {
        Device = new("toy", device, [], [], 1),
    };

    private (string Chosen, TuningReport Report, ToyBackend Backend) Build(KernelRequest request, int version = 1, string device = "Toy")
    {
        ToyBackend backend = Backend(version, device);
        TimingCache cache = TimingCache.Open(File);
        Tuner tuner = new(backend, new() { Cache = cache });
        string chosen = ((ITacticChooser)tuner).Select(request, new MatMul()).Tactic.Id.Name;
        cache.Save();
        return (chosen, tuner.Report(), backend);
    }
}
