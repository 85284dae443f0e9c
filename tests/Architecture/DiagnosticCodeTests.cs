using System.Text.RegularExpressions;

namespace Architecture;

/// <summary>docs/diagnostics explains every code that the source uses, once, and no other.</summary>
public sealed partial class DiagnosticCodeTests
{
    [Fact]
    public void Every_code_is_explained_exactly_once()
    {
        Dictionary<string, List<string>> explained = Explained();
        string[] used = [.. Repository.Files("src", "*.cs").SelectMany(f => QuotedCode().Matches(File.ReadAllText(f)).Select(m => m.Groups["code"].Value)).Distinct().Order(StringComparer.Ordinal)];
        Assert.NotEmpty(used);
        Assert.Empty(used.Except(explained.Keys).Select(c => $"{c} is not explained in docs/diagnostics."));
        Assert.Empty(explained.Keys.Except(used).Select(c => $"{c} is explained, but nothing uses it."));
        Assert.Empty(explained.Where(e => e.Value.Count > 1).Select(e => $"{e.Key} is explained {e.Value.Count} times: {string.Join("; ", e.Value)}"));
    }

    [Fact]
    public void Every_explanation_has_a_meaning() =>
        Assert.Empty(Rows().Where(r => r.Meaning.Length < 10).Select(r => string.Join(", ", r.Codes)));

    /// <summary>Up to PG21xx codes are shared; a later one that stands in two families of operators would have two meanings.</summary>
    [Fact]
    public void Codes_of_operators_belong_to_one_family()
    {
        IEnumerable<(string Code, string Family)> uses = Repository.Files("src/Peregrine.Graph/Operators", "*.cs")
            .SelectMany(f => QuotedCode().Matches(File.ReadAllText(f)).Select(m => (m.Groups["code"].Value, Path.GetFileName(Path.GetDirectoryName(f))!)));
        Assert.Empty(uses.Where(u => string.CompareOrdinal(u.Code, "PG2200") >= 0).Distinct().GroupBy(u => u.Code).Where(g => g.Count() > 1)
            .Select(g => $"{g.Key} is used by {string.Join(" and ", g.Select(u => u.Family))}."));
    }

    private static Dictionary<string, List<string>> Explained()
    {
        Dictionary<string, List<string>> explained = new(StringComparer.Ordinal);
        foreach ((string page, string[] codes, _) in Rows())
        {
            foreach (string code in codes)
            {
                (explained.TryGetValue(code, out List<string>? pages) ? pages : explained[code] = []).Add(page);
            }
        }

        return explained;
    }

    private static IEnumerable<(string Page, string[] Codes, string Meaning)> Rows()
    {
        foreach (string file in Repository.Files("docs/diagnostics", "*.md").Where(f => Path.GetFileName(f) != "README.md"))
        {
            foreach (string line in File.ReadLines(file).Where(l => l.StartsWith("| PG", StringComparison.Ordinal)))
            {
                string[] cells = line.Split('|', StringSplitOptions.TrimEntries);
                yield return (Path.GetFileName(file), cells[1].Split(',', StringSplitOptions.TrimEntries), cells[2]);
            }
        }
    }

    [GeneratedRegex("\"(?<code>PG[0-9]{4})\"", RegexOptions.ExplicitCapture)]
    private static partial Regex QuotedCode();
}
