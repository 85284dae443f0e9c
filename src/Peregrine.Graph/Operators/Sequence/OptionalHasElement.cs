using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Whether there is an input and it is no empty optional: a bool scalar.</summary>
public sealed record OptionalHasElement : Operator
{
    public static readonly Schema<OptionalHasElement> Schema = new Schema<OptionalHasElement>("OptionalHasElement", since: 15, _ => new()).Inputs("input?").Outputs("output");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        c.Set(0, DataType.Bool, Shape.Scalar);
        if (!c.Has(0) || c.TypeOf(0) is not Ir.OptionalType)
        {
            c.SetValue(0, [c.Has(0) ? 1 : 0]);
        }
    }

    public override void Evaluate(EvaluationScope c) =>
        c.Output(0).Data.Span[0] = (byte)(c.Has(0) && c.InputValue(0) is not OptionalValue { HasValue: false } ? 1 : 0);
}
