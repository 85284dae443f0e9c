using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Replaces the elements that equal one value (NaN equals NaN here) by another: one for all, or one for each feature (the last axis).</summary>
public sealed record Imputer(Floats ImputedFloats, Ints ImputedInts, float ReplacedFloat = 0, long ReplacedInt = 0) : Operator
{
    public static readonly Schema<Imputer> Schema = new Schema<Imputer>("Imputer", since: 1, a => new(a.Floats("imputed_value_floats"), a.Ints("imputed_value_int64s"), a.Float("replaced_value_float"), a.Int("replaced_value_int64")), MlDomain.Name)
        .Inputs("X").Outputs("Y")
        .Floats("imputed_value_floats", o => o.ImputedFloats, Floats.Empty).Ints("imputed_value_int64s", o => o.ImputedInts, Ints.Empty)
        .Float("replaced_value_float", o => o.ReplacedFloat, 0).Int("replaced_value_int64", o => o.ReplacedInt, 0);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (!c.RequireNumeric(0))
        {
            return;
        }

        bool isFloat = c.ElementType(0).IsFloat();
        if (MlDomain.RequirePerFeature(c, isFloat ? "imputed_value_floats" : "imputed_value_int64s", isFloat ? ImputedFloats.Count : ImputedInts.Count))
        {
            c.Set(0, c.ElementType(0), c.Shape(0));
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        int features = c.Input(0).Rank == 0 ? 1 : Math.Max((int)c.Dims(0)[^1], 1);
        if (c.Input(0).Type.IsFloat())
        {
            ReadOnlySpan<double> x = c.Read<double>(0);
            Span<double> y = c.Write<double>(0);
            for (int i = 0; i < y.Length; i++)
            {
                y[i] = x[i].Equals(ReplacedFloat) || (x[i] == 0 && ReplacedFloat == 0) ? ImputedFloats[ImputedFloats.Count == 1 ? 0 : i % features] : x[i];
            }

            return;
        }

        ReadOnlySpan<long> integers = c.Read<long>(0);
        Span<long> result = c.Write<long>(0);
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = integers[i] == ReplacedInt ? ImputedInts[ImputedInts.Count == 1 ? 0 : i % features] : integers[i];
        }
    }
}
