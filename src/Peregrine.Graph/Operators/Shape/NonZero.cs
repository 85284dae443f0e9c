using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The coordinates of all elements that are not zero, in row-major order, one column each: int64[rank, count].</summary>
public sealed record NonZero : Operator
{
    public static readonly Schema<NonZero> Schema = new Schema<NonZero>("NonZero", since: 9, _ => new()).Inputs("X").Outputs("Y");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (c.ElementType(0) == DataType.String || c.ElementType(0).IsComplex())
        {
            c.Error("PG2142", $"it does not take {c.TypeOf(0)}.");
            return;
        }

        c.Set(0, DataType.Int64, c.IsRanked(0) ? [c.Shape(0).Rank, c.FreshSymbol(c.Shape(0).ElementCount)] : [c.FreshSymbol(null), c.FreshSymbol(null)]);
    }

    public override void Evaluate(EvaluationScope c)
    {
        ReadOnlySpan<double> input = c.Read<double>(0);
        int count = input.Length - input.Count(0.0), rank = c.Input(0).Rank;
        Span<long> target = c.Output(0, DataType.Int64, rank, count).Span<long>();
        for (int i = 0, found = 0; i < input.Length; i++)
        {
            if (input[i] != 0)
            {
                long rest = i;
                for (int axis = rank - 1; axis >= 0; axis--)
                {
                    (rest, target[(axis * count) + found]) = Math.DivRem(rest, c.Dims(0)[axis]);
                }

                found++;
            }
        }
    }
}
