using System.Diagnostics;
using System.Globalization;

namespace Fuzz;

/// <summary>
/// Seeded mutations of models and engine files, in processes of their own: whatever comes is a typed error, within 5 s and 1 GiB.
/// <c>PEREGRINE_FUZZ_MUTATIONS</c> says how many, <c>PEREGRINE_FUZZ_FROM</c> the first seed; <c>PEREGRINE_FUZZ_SEED</c> repeats one here, under a debugger if wished, and
/// <c>PEREGRINE_FUZZ_DUMP</c> names a folder that then receives the file, whole and minimised.
/// </summary>
public sealed class FuzzTests
{
    private const int DefaultMutations = 500;
    private const string ChildVariable = "PEREGRINE_FUZZ_CHILD";

    [Fact]
    public void Mutated_models_give_typed_errors_in_bounded_time_and_memory() => Run(FuzzKind.Onnx);

    [Fact]
    public void Mutated_engines_give_typed_errors_in_bounded_time_and_memory() => Run(FuzzKind.Engine);

    /// <summary>The child process: does nothing by itself.</summary>
    [Fact]
    public void Child()
    {
        if (Environment.GetEnvironmentVariable(ChildVariable) is { Length: > 0 } order)
        {
            string[] parts = order.Split('|');
            Campaign.Run(Enum.Parse<FuzzKind>(parts[0]), Number(parts[1]), Number(parts[2]), parts[3], parts[4]);
        }
    }

    private static void Run(FuzzKind kind)
    {
        if (Environment.GetEnvironmentVariable(ChildVariable) is { Length: > 0 })
        {
            return;
        }

        if (Environment.GetEnvironmentVariable("PEREGRINE_FUZZ_SEED") is { Length: > 0 } seed)
        {
            Repeat(FuzzCase.Make(kind, Number(seed)));
            return;
        }

        int count = Environment.GetEnvironmentVariable("PEREGRINE_FUZZ_MUTATIONS") is { Length: > 0 } wanted ? Number(wanted) : DefaultMutations;
        int next = Environment.GetEnvironmentVariable("PEREGRINE_FUZZ_FROM") is { Length: > 0 } first ? Number(first) : 0;
        int end = next + count;
        string folder = Directory.CreateTempSubdirectory("peregrine-fuzz-").FullName;
        string report = Path.Combine(folder, "report.txt"), progress = Path.Combine(folder, "seed.txt");
        try
        {
            List<string> deaths = [];
            while (next < end)
            {
                File.WriteAllText(progress, $"{next}");
                (int code, string output) = StartChild($"{kind}|{next}|{end - next}|{report}|{progress}");
                if (code == 0)
                {
                    break;
                }

                next = Number(File.ReadAllText(progress));
                deaths.Add($"seed {next}: the process ended with code {code}\n{output}");
                next++;
            }

            string[] lines = File.Exists(report) ? File.ReadAllLines(report) : [];
            TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', lines.Where(l => l.StartsWith('#'))));
            string[] findings = [.. lines.Where(l => !l.StartsWith('#')).Select(l => l.Replace("\\n", "\n", StringComparison.Ordinal)), .. deaths];
            Assert.True(findings.Length == 0, $"{findings.Length} of {count} mutations fail. Repeat one with PEREGRINE_FUZZ_SEED=<seed> dotnet run -c Release --project tests/Fuzz -- -method \"*{(kind == FuzzKind.Onnx ? "models" : "engines")}*\"\n{string.Join("\n\n", findings)}");
            Assert.Contains(lines, l => l.StartsWith("#ran\t", StringComparison.Ordinal));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static (int Code, string Output) StartChild(string order)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet")
        {
            start.ArgumentList.Add(typeof(FuzzTests).Assembly.Location);
        }

        start.ArgumentList.Add("-method");
        start.ArgumentList.Add($"{typeof(FuzzTests).FullName}.{nameof(Child)}");
        start.Environment[ChildVariable] = order;
        // 1 GiB for the managed heap: whoever wants more gets an OutOfMemoryException, which is a finding.
        start.Environment["DOTNET_GCHeapHardLimit"] = "0x40000000";
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        using Process child = Process.Start(start)!;
        Task<string> errors = child.StandardError.ReadToEndAsync();
        string output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        string text = errors.Result + output;
        return (child.ExitCode, text.Length > 3000 ? text[..3000] : text);
    }

    private static void Repeat(FuzzCase attack)
    {
        string? finding = Campaign.Try(attack, out string outcome, out _);
        TestContext.Current.TestOutputHelper?.WriteLine($"{attack}: {outcome}");
        if (finding is not null && Environment.GetEnvironmentVariable("PEREGRINE_FUZZ_DUMP") is { Length: > 0 } folder)
        {
            Directory.CreateDirectory(folder);
            string path = Path.Combine(folder, $"{attack.Kind}-{attack.Seed}".ToLowerInvariant());
            File.WriteAllBytes(path, attack.File);
            File.WriteAllBytes($"{path}-minimised", Minimiser.Minimise(attack, finding).File);
        }

        Assert.True(finding is null, $"{attack}: {finding}");
    }

    private static int Number(string text) => int.Parse(text.Trim(), CultureInfo.InvariantCulture);
}
