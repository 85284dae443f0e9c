using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The number of items as an int64 scalar.</summary>
public sealed record SequenceLength : Operator
{
    public static readonly Schema<SequenceLength> Schema = new Schema<SequenceLength>("SequenceLength", since: 11, _ => new()).Inputs("input_sequence").Outputs("length");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (c.RequireSequence(0) is not null)
        {
            c.Set(0, DataType.Int64, Shape.Scalar);
        }
    }

    public override void Evaluate(EvaluationScope c) => c.Write<long>(0)[0] = ((TensorSequence)c.InputValue(0)).Count;
}
