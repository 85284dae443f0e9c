using System.Text.RegularExpressions;

namespace Architecture;

/// <summary>Rules of style that a machine can check.</summary>
public sealed partial class SourceTests
{
    private const int MaxLines = 500;

    /// <summary>Files above the limit, each with the reason why it is one concept all the same.</summary>
    private static readonly Dictionary<string, string> LongFiles = new(StringComparer.Ordinal);

    [Fact]
    public void Files_are_short_or_say_why_not()
    {
        Dictionary<string, int> lengths = Repository.Sources().ToDictionary(Repository.Relative, f => File.ReadLines(f).Count(), StringComparer.Ordinal);
        Assert.NotEmpty(lengths);
        Assert.Empty(lengths.Where(f => f.Value > MaxLines && !LongFiles.ContainsKey(f.Key)).Select(f => $"{f.Key} has {f.Value} lines; split it, or enter a reason."));
        Assert.Empty(LongFiles.Keys.Where(f => lengths.GetValueOrDefault(f) <= MaxLines).Select(f => $"{f} needs no reason any more."));
    }

    [Fact]
    public void No_leftovers()
    {
        List<string> problems = [];
        foreach (string file in Repository.Sources().Where(f => Path.GetFileName(f) != "SourceTests.cs"))
        {
            int number = 0;
            foreach (string line in File.ReadLines(file))
            {
                number++;
                if (Leftover().IsMatch(line))
                {
                    problems.Add($"{Repository.Relative(file)}:{number}: {line.Trim()}");
                }
            }
        }

        Assert.Empty(problems);
    }

    [Fact]
    public void Namespaces_are_file_scoped() =>
        Assert.Empty(Repository.Sources().Where(f => BlockNamespace().IsMatch(File.ReadAllText(f))).Select(Repository.Relative));

    [GeneratedRegex(@"#region|\b(TODO|HACK|FIXME|XXX)\b|\bNotImplementedException\b|catch\s*(\(Exception[^)]*\))?\s*\{\s*\}", RegexOptions.ExplicitCapture)]
    private static partial Regex Leftover();

    [GeneratedRegex(@"^namespace [\w.]+\s*\{?\s*$", RegexOptions.Multiline)]
    private static partial Regex BlockNamespace();
}
