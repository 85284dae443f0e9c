using Peregrine.Symbolics;

namespace Peregrine.Operators;

/// <summary>Inserts dimensions of extent 1 at the given axes of the output.</summary>
public sealed record Unsqueeze : Operator, IReshaping
{
    public static readonly Schema<Unsqueeze> Schema = new Schema<Unsqueeze>("Unsqueeze", since: 13, _ => new()).Inputs("data", "axes").Outputs("expanded")
        .Import(1, 12, s => s.WithInputs([s[0], s.ConstantInts("axes")], ("axes", null)));

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (!c.IsRanked(0) || c.ConstantInts(1) is not { } axes)
        {
            c.Set(0, c.ElementType(0), Shape.Unranked);
            return;
        }

        int rank = c.Shape(0).Rank + axes.Length;
        HashSet<int> inserted = [.. axes.Select(a => c.Axis(a, rank, "axes"))];
        if (inserted.Count != axes.Length)
        {
            c.Error("PG2120", $"axes [{string.Join(',', axes)}] name a dimension twice.");
            return;
        }

        Dim[] dims = new Dim[rank];
        for (int axis = 0, source = 0; axis < rank; axis++)
        {
            dims[axis] = inserted.Contains(axis) ? Dim.One : c.Shape(0)[source++];
        }

        c.Set(0, c.ElementType(0), Shape.Create(dims));
        if (c.ValueOf(0) is { } contents)
        {
            c.SetValue(0, contents);
        }
    }

    public override void Evaluate(EvaluationScope c) => c.CopyElements(0, 0);
}
