using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>(A - a_zero_point) · (B - b_zero_point) in int32 for 8-bit matrices; sums that exceed 32 bits wrap.</summary>
public sealed record MatMulInteger : Operator
{
    public static readonly Schema<MatMulInteger> Schema = new Schema<MatMulInteger>("MatMulInteger", since: 10, _ => new())
        .Inputs("A", "B", "a_zero_point?", "b_zero_point?").Outputs("Y");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (!c.Require(0, DataType.Int8, DataType.UInt8) || !c.Require(1, DataType.Int8, DataType.UInt8))
        {
            return;
        }

        for (int i = 0; i < 2; i++)
        {
            if (c.Has(i + 2))
            {
                if (!c.Require(i + 2, c.ElementType(i)))
                {
                    return;
                }

                MatrixQuantization.Check(c, i, i + 2, byRow: i == 0);
            }
        }

        c.Set(0, DataType.Int32, MatMul.InferShape(c, 0, 1));
    }

    public override void Evaluate(EvaluationScope c) =>
        MatMul.Multiply<int, int, int>(c, MatrixQuantization.Centered<int>(c, 0, 2, byRow: true), MatrixQuantization.Centered<int>(c, 1, 3, byRow: false), c.Write<int>(0));
}
