using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>A sequence without items, whose items would be tensors of <paramref name="Type"/> (float by default).</summary>
public sealed record SequenceEmpty(DataType Type = DataType.Float32) : Operator
{
    public static readonly Schema<SequenceEmpty> Schema = new Schema<SequenceEmpty>("SequenceEmpty", since: 11, a => new(a.DataType("dtype"))).Inputs().Outputs("output")
        .DataType("dtype", o => o.Type, DataType.Float32);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c) => c.Set(0, new SequenceType(new TensorType(Type, Shape.Unranked)));

    public override void Evaluate(EvaluationScope c) => c.Set(0, TensorSequence.Empty);
}
