using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The values of a map in the order of a vocabulary of keys: [1, words], 0 or an empty string for a word that the map does not have. Keys that are no words are left out.</summary>
public sealed record DictVectorizer(Ints Integers, Texts Strings) : Operator
{
    public static readonly Schema<DictVectorizer> Schema = new Schema<DictVectorizer>("DictVectorizer", since: 1, a => new(a.Ints("int64_vocabulary"), a.Texts("string_vocabulary")), MlDomain.Name).Inputs("X").Outputs("Y")
        .Ints("int64_vocabulary", o => o.Integers, Ints.Empty).Texts("string_vocabulary", o => o.Strings, Texts.Empty);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    private ClassLabels Words => new(Strings, Integers);

    public override void Infer(InferenceScope c)
    {
        if (Strings.Count > 0 == Integers.Count > 0)
        {
            c.Error("PG2607", "exactly one of int64_vocabulary and string_vocabulary must be given.");
        }
        else if (c.TypeOf(0) is not MapType { Element: DataType.Int64 or DataType.Float32 or DataType.Float64 or DataType.String } map || map.Key != Words.Type)
        {
            c.Error("PG2103", $"input 0 is {c.TypeOf(0)}, but must be a map from {Words.Type.Name()}, as the vocabulary is, to s64, f32, f64 or str.");
        }
        else
        {
            c.Set(0, map.Element, Shape.Of([1, Words.Count]));
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        TensorMap map = (TensorMap)c.InputValue(0);
        LabelTable table = new(map.Keys);
        Tensor y = c.Output(0, map.Values.Type, 1, Words.Count);
        y.Data.Span.Clear();
        if (y.Type == DataType.String)
        {
            y.Strings.AsSpan().Fill("");
        }

        for (int word = 0; word < Words.Count; word++)
        {
            int found = Strings.Count > 0 ? table.Find(Strings[word]) : table.Find(Integers[word]);
            if (found >= 0)
            {
                MlDomain.CopyElement(map.Values, found, y, word);
            }
        }
    }
}
