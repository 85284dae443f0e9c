using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>An optional that holds the input; without one an empty optional of <paramref name="Type"/>.</summary>
public sealed record Optional(IrType? Type = null) : Operator
{
    public static readonly Schema<Optional> Schema = new Schema<Optional>("Optional", since: 15, a => new(a.OptionalType("type"))).Inputs("input?").Outputs("output")
        .OptionalType("type", o => o.Type);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (!c.Has(0) && Type is null)
        {
            c.Error("PG2164", "it has neither an input nor the attribute type.");
            return;
        }

        c.Set(0, new OptionalType(c.Has(0) ? c.TypeOf(0) : Type!));
    }

    public override void Evaluate(EvaluationScope c) => c.Set(0, c.Has(0) ? new OptionalValue(c.InputValue(0)) : OptionalValue.None);
}
