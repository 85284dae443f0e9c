using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>ONNX Size: the number of elements as an int64 scalar.</summary>
public sealed record SizeOf : Operator
{
    public static readonly Schema<SizeOf> Schema = new Schema<SizeOf>("Size", since: 1, _ => new()).Inputs("data").Outputs("size");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        c.Set(0, DataType.Int64, Shape.Scalar);
        if (c.IsRanked(0))
        {
            c.SetValue(0, [c.Shape(0).ElementCount]);
        }
    }

    public override void Evaluate(EvaluationScope c) => c.Write<long>(0)[0] = c.Input(0).Length;
}
