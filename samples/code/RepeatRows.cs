using Peregrine.Operators;
using Peregrine.Symbolics;

namespace Samples;

// <native-operator>
/// <summary>[N,…] → [N·count,…]: every row <c>count</c> times, one after the other.</summary>
public sealed record RepeatRows(long Count) : Operator
{
    public static readonly Schema<RepeatRows> Schema = new Schema<RepeatRows>("RepeatRows", since: 1, a => new(a.Int("count")), domain: "samples")
        .Inputs("X").Outputs("Y")
        .Int("count", o => o.Count);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        Shape shape = c.Shape(0);
        if (!shape.IsRanked)
        {
            c.Set(0, c.ElementType(0), Shape.Unranked);
        }
        else if (shape.Rank == 0 || Count < 1)
        {
            c.Error("SAMPLE1", $"the input {shape} needs a first dimension, and count {Count} must be at least 1.");
        }
        else
        {
            c.Set(0, c.ElementType(0), Shape.Create([shape[0] * Count, .. shape.Skip(1)]));
        }
    }

    public override void Evaluate(EvaluationScope c)
    {
        Span<byte> source = c.Input(0).Data.Span, target = c.Output(0).Data.Span;
        int row = c.Dims(0)[0] == 0 ? 0 : source.Length / (int)c.Dims(0)[0];
        for (int to = 0; to < target.Length; to += row)
        {
            source.Slice(to / row / (int)Count * row, row).CopyTo(target[to..]);
        }
    }
}
// </native-operator>
