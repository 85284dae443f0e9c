using System.Globalization;

namespace Peregrine.Operators;

/// <summary>
/// A parsed Einsum equation. A label is a letter's code; dimension i from the right of an ellipsis has the label <c>-1 - i</c>, so that ellipses align at their end.
/// </summary>
/// <param name="Terms">The labels of each operand's dimensions.</param>
/// <param name="Output">The labels of the result's dimensions.</param>
internal sealed record EinsumEquation(IReadOnlyList<int[]> Terms, int[] Output)
{
    /// <summary>Parses the text for operands of these ranks; null and the reason if it is no equation for them.</summary>
    public static EinsumEquation? TryParse(string text, IReadOnlyList<int> ranks, out string problem)
    {
        string compact = text.Replace(" ", "", StringComparison.Ordinal);
        int arrow = compact.IndexOf("->", StringComparison.Ordinal);
        string[] left = (arrow < 0 ? compact : compact[..arrow]).Split(',');
        if (left.Length != ranks.Count)
        {
            problem = $"it has {left.Length} terms, but the node has {ranks.Count} inputs";
            return null;
        }

        List<int[]> terms = [];
        int ellipsis = 0;
        for (int i = 0; i < left.Length; i++)
        {
            int named = left[i].Replace("...", "", StringComparison.Ordinal).Length, dots = left[i].Contains("...", StringComparison.Ordinal) ? ranks[i] - named : 0;
            if (named + dots != ranks[i] || dots < 0)
            {
                problem = $"term {i} (\"{left[i]}\") names {named} dimensions, but input {i} has rank {ranks[i]}";
                return null;
            }

            if (Labels(left[i], dots) is not { } labels)
            {
                problem = $"term {i} (\"{left[i]}\") may hold letters and one \"...\" only";
                return null;
            }

            ellipsis = Math.Max(ellipsis, dots);
            terms.Add(labels);
        }

        int[]? output = arrow < 0 ? ImplicitOutput(terms, ellipsis) : Labels(compact[(arrow + 2)..], ellipsis);
        if (output is null || output.Distinct().Count() != output.Length)
        {
            problem = "its right side may hold each letter once, and one \"...\"";
            return null;
        }

        if (output.FirstOrDefault(label => !terms.Exists(t => t.Contains(label))) is var unknown and not 0)
        {
            problem = $"its right side uses \"{Print(unknown)}\", which no term has";
            return null;
        }

        problem = "";
        return new(terms, output);
    }

    /// <summary>A label as the equation writes it.</summary>
    public static string Print(int label) => label < 0 ? "..." : ((char)label).ToString(CultureInfo.InvariantCulture);

    private static int[]? Labels(string term, int dots)
    {
        List<int> labels = [];
        int at = term.IndexOf("...", StringComparison.Ordinal);
        for (int i = 0; i < term.Length; i++)
        {
            if (i == at)
            {
                labels.AddRange(Enumerable.Range(0, dots).Select(d => d - dots));
                i += 2;
            }
            else if (char.IsAsciiLetter(term[i]))
            {
                labels.Add(term[i]);
            }
            else
            {
                return null;
            }
        }

        return [.. labels];
    }

    /// <summary>Ellipsis first, then the letters that occur exactly once, in ASCII order.</summary>
    private static int[] ImplicitOutput(List<int[]> terms, int ellipsis) =>
    [
        .. Enumerable.Range(0, ellipsis).Select(d => d - ellipsis),
        .. terms.SelectMany(t => t).Where(l => l > 0).GroupBy(l => l).Where(g => g.Count() == 1).Select(g => g.Key).Order(),
    ];
}
