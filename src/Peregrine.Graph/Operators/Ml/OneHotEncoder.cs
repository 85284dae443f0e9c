using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Adds a last axis with 1 at the category that the element is and 0 elsewhere. Floats are cut off to integers. An unknown element gives zeros, or an error without <paramref name="AllowsUnknown"/>.</summary>
public sealed record OneHotEncoder(Ints? Integers = null, Texts? Strings = null, bool AllowsUnknown = true) : Operator
{
    public static readonly Schema<OneHotEncoder> Schema = new Schema<OneHotEncoder>("OneHotEncoder", since: 1, a => new(a.OptionalInts("cats_int64s"), a.OptionalTexts("cats_strings"), a.Flag("zeros")), MlDomain.Name).Inputs("X").Outputs("Y")
        .OptionalInts("cats_int64s", o => o.Integers).OptionalTexts("cats_strings", o => o.Strings).Flag("zeros", o => o.AllowsUnknown, true);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    private int Count => Integers is { Count: > 0 } integers ? integers.Count : Strings?.Count ?? 0;

    public override void Infer(InferenceScope c)
    {
        if (Integers is { Count: > 0 } == Strings is { Count: > 0 })
        {
            c.Error("PG2604", "exactly one of cats_int64s and cats_strings must be given.");
            return;
        }

        if (Strings is { Count: > 0 } ? c.Require(0, DataType.String) : c.RequireNumeric(0))
        {
            c.Set(0, DataType.Float32, c.IsRanked(0) ? Shape.From([.. c.Shape(0), Count]) : Shape.Unranked);
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        LabelTable table = (LabelTable)(c.State ??= new LabelTable(Integers is { Count: > 0 } integers ? Tensor.Vector(integers.AsSpan()) : new([Count], Strings!.Value.ToArray())));
        Tensor x = c.Input(0);
        Span<float> y = c.Write<float>(0);
        y.Clear();
        Span<long> numbers = x.Type == DataType.String ? default : c.Scratch<long>(x.Length);
        if (x.Type.IsFloat())
        {
            ReadOnlySpan<double> floats = c.Read<double>(0);
            for (int i = 0; i < numbers.Length; i++)
            {
                numbers[i] = (long)floats[i];
            }
        }
        else if (x.Type != DataType.String)
        {
            c.Read<long>(0).CopyTo(numbers);
        }

        for (int i = 0; i < (int)x.Length; i++)
        {
            int category = x.Type == DataType.String ? table.Find(x.Strings[i]) : table.Find(numbers[i]);
            if (category >= 0)
            {
                y[(i * Count) + category] = 1;
            }
            else if (!AllowsUnknown)
            {
                throw c.Fail("PG2605", $"element {i} of X is none of the {Count} categories, and zeros=0 forbids that.");
            }
        }
    }
}
