using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>A sequence of its inputs.</summary>
public sealed record SequenceConstruct : Operator
{
    public static readonly Schema<SequenceConstruct> Schema = new Schema<SequenceConstruct>("SequenceConstruct", since: 11, _ => new()).Inputs("inputs...").Outputs("output_sequence");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        SequenceType? result = new(IrType.Unknown);
        for (int i = 0; i < c.InputCount && result is not null; i++)
        {
            if (!c.Has(i))
            {
                c.Error("PG2106", $"input {i} is absent.");
                return;
            }

            result = c.With(result, c.TypeOf(i));
        }

        c.Set(0, result ?? IrType.Unknown);
    }

    public override void Evaluate(EvaluationScope c)
    {
        object[] items = new object[c.InputCount];
        for (int i = 0; i < items.Length; i++)
        {
            items[i] = c.InputValue(i);
        }

        c.Set(0, new TensorSequence(items));
    }
}
