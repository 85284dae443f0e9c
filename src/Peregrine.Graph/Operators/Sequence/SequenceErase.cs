using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The sequence without the item at <c>position</c> in [−n, n − 1], or without its last one.</summary>
public sealed record SequenceErase : Operator
{
    public static readonly Schema<SequenceErase> Schema = new Schema<SequenceErase>("SequenceErase", since: 11, _ => new()).Inputs("input_sequence", "position?").Outputs("output_sequence");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c) =>
        c.Set(0, c.RequireSequence(0) is { } sequence && (!c.Has(1) || c.Require(1, DataType.Int32, DataType.Int64)) ? sequence : IrType.Unknown);

    public override void Evaluate(EvaluationScope c)
    {
        TensorSequence sequence = (TensorSequence)c.InputValue(0);
        if (sequence.Count == 0)
        {
            throw c.Fail("PG2161", "there is nothing to erase from an empty sequence.");
        }

        List<object> items = [.. sequence.Items];
        items.RemoveAt(c.Has(1) ? c.Position(1, sequence.Count, inserting: false) : sequence.Count - 1);
        c.Set(0, new TensorSequence(items));
    }
}
