using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>ONNX Shape: the dimensions [start, end) of a tensor as an int64 vector. Negative bounds count from the end, and both are clamped to the rank.</summary>
public sealed record ShapeOf(long Start = 0, long? End = null) : Operator
{
    public static readonly Schema<ShapeOf> Schema = new Schema<ShapeOf>("Shape", since: 1, a => new(a.Int("start"), a.OptionalInt("end"))).Inputs("data").Outputs("shape")
        .Int("start", o => o.Start, 0)
        .OptionalInt("end", o => o.End)
        .Added(15, "start", "end");

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (!c.IsRanked(0))
        {
            c.Set(0, DataType.Int64, [c.FreshSymbol(null)]);
            return;
        }

        Dim[] dims = c.Shape(0).AsSpan()[Selected(c.Shape(0).Rank)].ToArray();
        c.Set(0, DataType.Int64, Shape.Of(dims.Length));
        c.SetValue(0, dims);
    }

    public override void Evaluate(EvaluationScope c) => c.Dims(0)[Selected(c.Input(0).Rank)].CopyTo(c.Write<long>(0));

    private Range Selected(int rank)
    {
        int start = Clamp(Start), end = Clamp(End ?? rank);
        return start..Math.Max(start, end);

        int Clamp(long bound) => (int)Math.Clamp(bound < 0 ? bound + rank : bound, 0, rank);
    }
}
