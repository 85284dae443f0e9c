using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// Splits each string at <paramref name="Delimiter"/> (at runs of white space if it is absent or empty) at most <paramref name="MostSplits"/> times. Y has an axis more for the parts,
/// filled up with empty strings; Z holds the number of parts.
/// </summary>
public sealed record StringSplit(string? Delimiter = null, long? MostSplits = null) : Operator
{
    public static readonly Schema<StringSplit> Schema = new Schema<StringSplit>("StringSplit", since: 20, a => new(a.OptionalText("delimiter"), a.OptionalInt("maxsplit"))).Inputs("X").Outputs("Y", "Z")
        .OptionalText("delimiter", o => o.Delimiter)
        .OptionalInt("maxsplit", o => o.MostSplits);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (c.Require(0, DataType.String))
        {
            c.Set(0, DataType.String, c.IsRanked(0) ? Shape.From([.. c.Shape(0), c.FreshSymbol(null)]) : Shape.Unranked);
            c.Set(1, DataType.Int64, c.Shape(0));
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        Tensor source = c.Input(0);
        string[][] parts = Array.ConvertAll(source.Strings, Parts);
        int most = parts.Length == 0 ? 0 : parts.Max(p => p.Length);
        Tensor target = c.Output(0, DataType.String, [.. source.Dims, most]);
        StridedCopy.Clear(target);
        Span<long> counts = c.Wants(1) ? c.Output(1).Span<long>() : default;
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i].CopyTo(target.Strings, i * most);
            if (c.Wants(1))
            {
                counts[i] = parts[i].Length;
            }
        }
    }

    private string[] Parts(string text)
    {
        int most = MostSplits is { } splits and >= 0 and < int.MaxValue ? (int)splits + 1 : int.MaxValue;
        if (!string.IsNullOrEmpty(Delimiter))
        {
            return text.Split(Delimiter, most);
        }

        List<string> parts = [];
        string rest = text.TrimStart();
        while (rest.Length > 0)
        {
            int end = 0;
            while (end < rest.Length && !char.IsWhiteSpace(rest[end]))
            {
                end++;
            }

            if (parts.Count == most - 1)
            {
                end = rest.Length;
            }

            parts.Add(rest[..end]);
            rest = rest[end..].TrimStart();
        }

        return [.. parts];
    }
}
