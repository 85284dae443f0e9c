using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Joins strings pairwise, with broadcasting.</summary>
public sealed record StringConcat : Operator
{
    public static readonly Schema<StringConcat> Schema = new Schema<StringConcat>("StringConcat", since: 20, _ => new()).Inputs("X", "Y").Outputs("Z");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (c.Require(0, DataType.String) && c.Require(1, DataType.String))
        {
            c.Set(0, DataType.String, c.Broadcast(c.Shape(0), c.Shape(1)));
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        Tensor target = c.Output(0);
        long[] left = Strides(c.Input(0), target.Rank), right = Strides(c.Input(1), target.Rank);
        for (int i = 0; i < target.Length; i++)
        {
            target.Strings[i] = c.Input(0).Strings[StridedCopy.Offset(i, target.Dims, left)] + c.Input(1).Strings[StridedCopy.Offset(i, target.Dims, right)];
        }
    }

    private static long[] Strides(Tensor tensor, int rank)
    {
        long[] strides = new long[rank];
        StridedCopy.RowMajor(tensor.Dims, strides.AsSpan(rank - tensor.Rank));
        for (int i = 0; i < tensor.Rank; i++)
        {
            strides[rank - tensor.Rank + i] *= tensor.Dims[i] == 1 ? 0 : 1;
        }

        return strides;
    }
}
