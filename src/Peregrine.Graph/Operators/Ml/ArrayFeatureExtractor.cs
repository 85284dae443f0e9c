using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The elements of the last axis at the positions in Y, in Y's order; a vector X counts as one row.</summary>
public sealed record ArrayFeatureExtractor : Operator
{
    public static readonly Schema<ArrayFeatureExtractor> Schema = new Schema<ArrayFeatureExtractor>("ArrayFeatureExtractor", since: 1, _ => new(), MlDomain.Name).Inputs("X", "Y").Outputs("Z");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (!c.Require(1, DataType.Int64))
        {
            return;
        }

        if (!c.IsRanked(0))
        {
            c.Set(0, c.ElementType(0), Shape.Unranked);
            return;
        }

        Shape x = c.Shape(0);
        if (x.Rank == 0)
        {
            c.Error("PG2600", "X is a scalar; it must have at least one axis.");
            return;
        }

        Dim count = c.IsRanked(1) ? c.Shape(1).ElementCount : c.FreshSymbol(null);
        c.Set(0, c.ElementType(0), x.Rank == 1 ? Shape.Create([Dim.One, count]) : x.With(x.Rank - 1, count));
    }

    public override void Evaluate(EvaluationScope c)
    {
        ReadOnlySpan<long> positions = c.Read<long>(1);
        long extent = c.Dims(0)[^1], rows = Tensor.CountElements(c.Dims(0)[..^1]);
        foreach (long position in positions)
        {
            if (position < 0 || position >= extent)
            {
                throw c.Fail("PG2603", $"Y asks for element {position}, but the last axis of X has {extent}.");
            }
        }

        ElementMover mover = new(c.Input(0), c.Output(0));
        for (long row = 0; row < rows; row++)
        {
            for (int i = 0; i < positions.Length; i++)
            {
                mover.Copy((row * extent) + positions[i], (row * positions.Length) + i, 1);
            }
        }
    }
}
