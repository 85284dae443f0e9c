using System.Runtime.CompilerServices;
using System.Text;
using Peregrine.Conformance;
using Peregrine.TestKit;

namespace Conformance;

/// <summary>
/// ONNX's own backend test cases on the reference kernels. The cases that pass are listed in passing.reference.txt beside this file; the list may only grow:
/// a listed case that fails fails the test, PEREGRINE_UPDATE_GOLDEN=1 rewrites the list.
/// <para>While writing operators, run some of the cases and see why they fail:</para>
/// <code>
/// PEREGRINE_SHARED=/path/to/shared PEREGRINE_CASES='test_conv*' dotnet test tests/Conformance -c Release --filter Selected_cases_pass --logger "console;verbosity=detailed"
/// </code>
/// or, quicker, <c>PEREGRINE_CASES='test_conv*' dotnet run --project tests/Conformance -c Release -- -method "*Selected_cases_pass" -showLiveOutput</c>.
/// PEREGRINE_CASES is a pattern with * and ?, several separated by commas; PEREGRINE_CASES_DIRS (optional, comma-separated) names other folders than onnx-cases/node and
/// onnx-cases/simple, and PEREGRINE_NODE_MODULES where models named by SOURCE lie.
/// </summary>
public sealed class ReferenceTests(ITestOutputHelper output)
{
    [Fact]
    public void Selected_cases_pass()
    {
        string? patterns = Environment.GetEnvironmentVariable("PEREGRINE_CASES");
        Assert.SkipWhen(string.IsNullOrEmpty(patterns), "No cases are selected (PEREGRINE_CASES).");
        List<ConformanceCase> cases = [.. patterns.Split(',').SelectMany(p => Cases(p.Trim())).DistinctBy(c => c.Folder)];
        ConformanceReport report = new ConformanceRunner(m => new ReferenceConformanceEngine(m)).Run(cases, r =>
        {
            if (r.Outcome != ConformanceOutcome.Passed)
            {
                output.WriteLine(r.ToString());
            }
        });
        output.WriteLine(report.Summary);
        Assert.True(report.Failed == 0, report.Summary);
    }

    [Fact]
    public void Passing_cases_keep_passing()
    {
        IReadOnlyList<ConformanceCase> cases = Cases(null);
        ConformanceReport report = new ConformanceRunner(m => new ReferenceConformanceEngine(m)).Run(cases);
        output.WriteLine(report.Summary);
        List<string> passing = [.. report.Results.Where(r => r.Outcome == ConformanceOutcome.Passed).Select(r => r.Name)];
        string list = ListPath();
        if (Environment.GetEnvironmentVariable("PEREGRINE_UPDATE_GOLDEN") == "1")
        {
            File.WriteAllLines(list, passing, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
            return;
        }

        HashSet<string> listed = [.. File.ReadAllLines(list)];
        List<ConformanceResult> lost = [.. report.Results.Where(r => listed.Contains(r.Name) && r.Outcome != ConformanceOutcome.Passed)];
        List<string> absent = [.. listed.Except(report.Results.Select(r => r.Name))];
        Assert.True(lost.Count == 0, $"Cases that passed before fail:\n{Failures(lost)}");
        Assert.True(absent.Count == 0, $"Listed cases are not there: {string.Join(", ", absent)}");
        output.WriteLine($"{passing.Count - listed.Count} cases pass that are not listed yet; PEREGRINE_UPDATE_GOLDEN=1 lists them.");
    }

    private static IReadOnlyList<ConformanceCase> Cases(string? filter)
    {
        string? folders = Environment.GetEnvironmentVariable("PEREGRINE_CASES_DIRS");
        if (!string.IsNullOrEmpty(folders) && filter is not null)
        {
            return ConformanceCase.Find(folders.Split(','), SharedMaterial.NodeModules, filter);
        }

        string? node = SharedMaterial.SharedPath("onnx-cases", "node"), simple = SharedMaterial.SharedPath("onnx-cases", "simple");
        Assert.SkipWhen(node is null || simple is null, SharedMaterial.Absent);
        return ConformanceCase.Find([node, simple], filter: filter);
    }

    private static string Failures(IEnumerable<ConformanceResult> results) =>
        string.Join('\n', results.Where(r => r.Outcome is ConformanceOutcome.Failed or ConformanceOutcome.Crashed));

    private static string ListPath([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "passing.reference.txt");
}
