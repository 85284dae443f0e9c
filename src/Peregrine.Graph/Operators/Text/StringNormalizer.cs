using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>What StringNormalizer does to the strings that it keeps.</summary>
public enum CaseChange
{
    None,
    Lower,
    Upper,
}

/// <summary>Removes stop words from a list of strings ([C] or [1,C]) and changes the case of the others (by invariant rules, whatever the locale); if nothing is left, one empty string.</summary>
public sealed record StringNormalizer(CaseChange Change = CaseChange.None, bool IsCaseSensitive = false, string? Locale = null, Texts? StopWords = null) : Operator
{
    public static readonly Schema<StringNormalizer> Schema = new Schema<StringNormalizer>("StringNormalizer", since: 10, a => new(a.Choice<CaseChange>("case_change_action"), a.Flag("is_case_sensitive"), a.OptionalText("locale"), a.OptionalTexts("stopwords")))
        .Inputs("X").Outputs("Y")
        .Choice("case_change_action", o => o.Change, CaseChange.None, ("NONE", CaseChange.None), ("LOWER", CaseChange.Lower), ("UPPER", CaseChange.Upper))
        .Flag("is_case_sensitive", o => o.IsCaseSensitive, false)
        .OptionalText("locale", o => o.Locale)
        .OptionalTexts("stopwords", o => o.StopWords);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (!c.Require(0, DataType.String))
        {
            return;
        }

        if (c.IsRanked(0) && (c.Shape(0).Rank is not (1 or 2) || (c.Shape(0).Rank == 2 && Dim.ProvablyDifferent(c.Shape(0)[0], Dim.One))))
        {
            c.Error("PG2170", $"the input is {c.Shape(0)}, but must be [C] or [1,C].");
            return;
        }

        c.Set(0, DataType.String, !c.IsRanked(0) ? Shape.Unranked : c.Shape(0).With(c.Shape(0).Rank - 1, c.FreshSymbol(Dim.Max(c.Shape(0).ElementCount, 1))));
    }

    public override void Evaluate(EvaluationScope c)
    {
        HashSet<string> stops = new(StopWords ?? [], IsCaseSensitive ? StringComparer.Ordinal : StringComparer.InvariantCultureIgnoreCase);
        string[] kept = [.. c.Input(0).Strings.Where(s => !stops.Contains(s)).Select(Normalize)];
        kept = kept.Length == 0 ? [""] : kept;
        kept.CopyTo(c.Output(0, DataType.String, c.Input(0).Rank == 2 ? [1, kept.Length] : [kept.Length]).Strings, 0);
    }

    private string Normalize(string text) => Change switch
    {
        CaseChange.Lower => text.ToLowerInvariant(),
        CaseChange.Upper => text.ToUpperInvariant(),
        _ => text,
    };
}
