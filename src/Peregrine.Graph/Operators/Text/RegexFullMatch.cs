using System.Text;
using System.Text.RegularExpressions;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Whether each string as a whole matches a regular expression in RE2's syntax. Matching takes time linear in the text, whatever the pattern.</summary>
public sealed record RegexFullMatch(string Pattern) : Operator
{
    public static readonly Schema<RegexFullMatch> Schema = new Schema<RegexFullMatch>("RegexFullMatch", since: 20, a => new(a.Text("pattern"))).Inputs("X").Outputs("Y")
        .Text("pattern", o => o.Pattern);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (!c.Require(0, DataType.String))
        {
            return;
        }

        try
        {
            Compile();
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            c.Error("PG2171", $"the pattern \"{Pattern}\" is no regular expression that is supported: {e.Message}");
            return;
        }

        c.Set(0, DataType.Bool, c.Shape(0));
    }

    public override void Evaluate(EvaluationScope c)
    {
        Regex regex = (Regex)(c.State ??= Compile());
        Span<byte> target = c.Output(0).Data.Span;
        for (int i = 0; i < target.Length; i++)
        {
            target[i] = (byte)(regex.IsMatch(c.Input(0).Strings[i]) ? 1 : 0);
        }
    }

    private Regex Compile() => new($@"\A(?:{Translate(Pattern)})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);

    /// <summary>RE2's classes \d, \w and \s are ASCII and its named groups are written (?P&lt;name&gt;…); the rest of the two syntaxes agrees.</summary>
    private static string Translate(string pattern)
    {
        StringBuilder result = new();
        bool inClass = false;
        for (int i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] == '\\' && i + 1 < pattern.Length)
            {
                string? members = char.ToLowerInvariant(pattern[++i]) switch { 'd' => "0-9", 'w' => "0-9A-Za-z_", 's' => @"\t\n\f\r ", _ => null };
                bool negated = char.IsAsciiLetterUpper(pattern[i]);
                result.Append(members is null || (inClass && negated) ? $"\\{pattern[i]}" : inClass ? members : $"[{(negated ? "^" : "")}{members}]");
                continue;
            }

            inClass = inClass ? pattern[i] != ']' : pattern[i] == '[';
            result.Append(pattern[i]);
        }

        return result.Replace("(?P<", "(?<").ToString();
    }
}
