using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Its input: a tensor, a sequence or an optional.</summary>
public sealed record Identity : Operator, IReshaping
{
    public static readonly Schema<Identity> Schema = new Schema<Identity>("Identity", since: 1, _ => new()).Inputs("input").Outputs("output");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        c.Set(0, c.TypeOf(0));
        if (c.ValueOf(0) is { } contents)
        {
            c.SetValue(0, contents);
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        if (c.InputValue(0) is Tensor)
        {
            c.CopyElements(0, 0);
        }
        else
        {
            c.Set(0, c.InputValue(0));
        }
    }
}
