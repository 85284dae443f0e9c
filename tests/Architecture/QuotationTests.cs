using System.Text.RegularExpressions;
using Peregrine.Operators;

namespace Architecture;

/// <summary>
/// C# in README and docs/howto is quoted from files that are compiled and run here: a line <c>&lt;!-- samples/code/X.cs#name --&gt;</c> stands before the block, and the
/// file has the same lines between <c>// &lt;name&gt;</c> and <c>// &lt;/name&gt;</c>.
/// </summary>
public sealed partial class QuotationTests
{
    public static TheoryData<string> Pages =>
        [.. ((string[])[Repository.At("README.md"), .. Repository.Files("docs/howto", "*.md")]).Select(Repository.Relative)];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Code_is_quoted_from_files_that_run(string page)
    {
        string[] lines = File.ReadAllLines(Repository.At(page));
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i] != "```csharp")
            {
                continue;
            }

            Match source = Source().Match(i > 0 ? lines[i - 1] : "");
            Assert.True(source.Success, $"{page}:{i + 1}: a line <!-- file.cs#name --> must say where this code comes from.");
            string[] quoted = [.. lines.Skip(i + 1).TakeWhile(l => l != "```")];
            Assert.Equal(Region(source.Groups["file"].Value, source.Groups["name"].Value), quoted);
        }
    }

    [Fact]
    public void Links_lead_somewhere()
    {
        List<string> problems = [];
        foreach (string file in (string[])[Repository.At("README.md"), .. Repository.Files("docs", "*.md")])
        {
            foreach (string target in Link().Matches(File.ReadAllText(file)).Select(m => m.Groups["target"].Value).Where(t => !t.Contains("://", StringComparison.Ordinal)))
            {
                if (!Path.Exists(Path.Combine(Path.GetDirectoryName(file)!, target)))
                {
                    problems.Add($"{Repository.Relative(file)}: {target}");
                }
            }
        }

        Assert.Empty(problems);
    }

    [Fact]
    public void README_counts_the_operators() =>
        Assert.Contains($"| Operators | {OperatorCatalog.Standard.Schemas.Count()} (", File.ReadAllText(Repository.At("README.md")), StringComparison.Ordinal);

    [Fact]
    public void README_counts_the_operators_that_are_imported_as_others() =>
        Assert.Contains($"; {OperatorCatalog.Standard.ForeignSchemas.Count()} more of [com.microsoft](docs/community-operators.md)", File.ReadAllText(Repository.At("README.md")), StringComparison.Ordinal);

    /// <summary>The page has a row for each, under its name, and no other.</summary>
    [Fact]
    public void The_page_of_community_operators_is_complete()
    {
        string[] rows = [.. File.ReadLines(Repository.At("docs/community-operators.md")).Where(l => l.StartsWith("| `", StringComparison.Ordinal)).SelectMany(l => CodeName().Matches(l.Split('|')[1]).Select(m => m.Groups["name"].Value))];
        Assert.Equal(OperatorCatalog.Standard.ForeignSchemas.Select(s => s.Name).Order(StringComparer.Ordinal), rows.Order(StringComparer.Ordinal));
    }

    private static string[] Region(string file, string name)
    {
        string[] lines = [.. File.ReadLines(Repository.At(file)).SkipWhile(l => l.Trim() != $"// <{name}>").Skip(1).TakeWhile(l => l.Trim() != $"// </{name}>")];
        Assert.True(lines.Length > 0, $"{file} has no region {name}.");
        int indent = lines.Where(l => l.Length > 0).Min(l => l.Length - l.TrimStart().Length);
        return [.. lines.Select(l => l.Length == 0 ? l : l[indent..])];
    }

    [GeneratedRegex(@"^<!-- (?<file>[\w./-]+\.cs)#(?<name>[\w-]+) -->$", RegexOptions.ExplicitCapture)]
    private static partial Regex Source();

    [GeneratedRegex("`(?<name>[A-Za-z0-9]+)`", RegexOptions.ExplicitCapture)]
    private static partial Regex CodeName();

    [GeneratedRegex(@"\]\((?<target>[^)#\s]+)(#[^)]*)?\)", RegexOptions.ExplicitCapture)]
    private static partial Regex Link();
}
