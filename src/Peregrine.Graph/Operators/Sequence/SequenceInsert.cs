using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The sequence with a tensor inserted at <c>position</c> in [−n, n], or at the end.</summary>
public sealed record SequenceInsert : Operator
{
    public static readonly Schema<SequenceInsert> Schema = new Schema<SequenceInsert>("SequenceInsert", since: 11, _ => new()).Inputs("input_sequence", "tensor", "position?").Outputs("output_sequence");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c) =>
        c.Set(0, (c.RequireSequence(0) is { } sequence && (!c.Has(2) || c.Require(2, DataType.Int32, DataType.Int64)) ? c.With(sequence, c.TypeOf(1)) : null) ?? IrType.Unknown);

    public override void Evaluate(EvaluationScope c)
    {
        TensorSequence sequence = (TensorSequence)c.InputValue(0);
        int position = c.Has(2) ? c.Position(2, sequence.Count, inserting: true) : sequence.Count;
        List<object> items = [.. sequence.Items];
        items.Insert(position, c.InputValue(1));
        c.Set(0, new TensorSequence(items));
    }
}
