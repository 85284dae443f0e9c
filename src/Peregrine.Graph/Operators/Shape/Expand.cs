using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Repeats dimensions of extent 1 so that the input has the shape that it and <c>shape</c> broadcast to (in both directions).</summary>
public sealed record Expand : Operator
{
    public static readonly Schema<Expand> Schema = new Schema<Expand>("Expand", since: 8, _ => new()).Inputs("input", "shape").Outputs("output");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (!c.IsRanked(0) || c.ValueOf(1) is not { } wanted)
        {
            c.Set(0, c.ElementType(0), c.IsRanked(0) && c.ListLength(1) is { } rank ? c.FreshShape(Math.Max(rank, c.Shape(0).Rank)) : Shape.Unranked);
            return;
        }

        if (wanted.Any(c.IsNegative))
        {
            c.Error("PG2130", $"shape [{string.Join(',', wanted)}] holds a negative extent.");
            return;
        }

        c.Set(0, c.ElementType(0), c.Broadcast(c.Shape(0), Shape.From(wanted)));
        MovedContents.Propagate(this, c);
    }

    public override void Evaluate(EvaluationScope c)
    {
        Tensor source = c.Input(0), target = c.Output(0);
        int rank = target.Rank, added = rank - source.Rank;
        Span<long> own = rank <= 16 ? stackalloc long[rank] : new long[rank];
        Span<long> to = rank <= 16 ? stackalloc long[rank] : new long[rank];
        own.Clear();
        StridedCopy.RowMajor(source.Dims, own[added..]);
        StridedCopy.RowMajor(target.Dims, to);
        for (int i = 0; i < source.Rank; i++)
        {
            own[added + i] = source.Dims[i] == 1 ? 0 : own[added + i];
        }

        StridedCopy.Copy(source, 0, own, target, 0, to, target.Dims);
    }
}
