using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Maps strings to the integers at the same positions, or integers to the strings; which of the two the input's type says. An element that is not in the list becomes the default.</summary>
public sealed record CategoryMapper(Ints Integers, Texts Strings, long DefaultInteger = -1, string DefaultString = "_Unused") : Operator
{
    public static readonly Schema<CategoryMapper> Schema = new Schema<CategoryMapper>("CategoryMapper", since: 1, a => new(a.Ints("cats_int64s"), a.Texts("cats_strings"), a.Int("default_int64"), a.Text("default_string")), MlDomain.Name).Inputs("X").Outputs("Y")
        .Ints("cats_int64s", o => o.Integers, Ints.Empty).Texts("cats_strings", o => o.Strings, Texts.Empty).Int("default_int64", o => o.DefaultInteger, -1).Text("default_string", o => o.DefaultString, "_Unused");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (Integers.Count != Strings.Count)
        {
            c.Error("PG2604", $"cats_int64s holds {Integers.Count} categories, but cats_strings {Strings.Count}.");
        }
        else if (c.Require(0, DataType.String, DataType.Int64))
        {
            c.Set(0, c.ElementType(0) == DataType.String ? DataType.Int64 : DataType.String, c.Shape(0));
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        Tensor x = c.Input(0), y = c.Output(0);
        bool isText = x.Type == DataType.String;
        LabelTable table = (LabelTable)(c.State ??= new LabelTable(isText ? new([Strings.Count], Strings.ToArray()) : Tensor.Vector(Integers.AsSpan())));
        for (int i = 0; i < (int)x.Length; i++)
        {
            int position = table.Find(x, i);
            if (isText)
            {
                y.Span<long>()[i] = position < 0 ? DefaultInteger : Integers[position];
            }
            else
            {
                y.Strings[i] = position < 0 ? DefaultString : Strings[position];
            }
        }
    }
}
