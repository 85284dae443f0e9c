using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>What an optional holds; a tensor or sequence is passed on. An empty optional is an error.</summary>
public sealed record OptionalGetElement : Operator
{
    public static readonly Schema<OptionalGetElement> Schema = new Schema<OptionalGetElement>("OptionalGetElement", since: 15, _ => new()).Inputs("input").Outputs("output");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        IrType type = c.TypeOf(0) is OptionalType optional ? optional.Element : c.TypeOf(0);
        c.Set(0, type == IrType.Unknown ? new TensorType(DataType.Undefined, Symbolics.Shape.Unranked) : type);
        if (c.ValueOf(0) is { } contents)
        {
            c.SetValue(0, contents);
        }
    }

    public override void Evaluate(EvaluationScope c) =>
        c.Set(0, c.InputValue(0) is OptionalValue optional ? optional.Value ?? throw c.Fail("PG2164", "the optional is empty.") : c.InputValue(0));
}
