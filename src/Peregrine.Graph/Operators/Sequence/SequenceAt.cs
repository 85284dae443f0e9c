using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The item at <c>position</c> in [−n, n − 1].</summary>
public sealed record SequenceAt : Operator
{
    public static readonly Schema<SequenceAt> Schema = new Schema<SequenceAt>("SequenceAt", since: 11, _ => new()).Inputs("input_sequence", "position").Outputs("tensor");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c) =>
        c.Set(0, c.RequireSequence(0) is { } sequence && c.Require(1, DataType.Int32, DataType.Int64) ? c.ItemType(sequence) : IrType.Unknown);

    public override void Evaluate(EvaluationScope c)
    {
        TensorSequence sequence = (TensorSequence)c.InputValue(0);
        c.Set(0, sequence.Items[c.Position(1, sequence.Count, inserting: false)]);
    }
}
