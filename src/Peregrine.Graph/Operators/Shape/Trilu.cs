using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The upper (or lower) triangle of each matrix, zero elsewhere. The optional scalar <c>k</c> shifts the diagonal to the right; the diagonal is part of both triangles.</summary>
public sealed record Trilu(bool Upper = true) : Operator
{
    public static readonly Schema<Trilu> Schema = new Schema<Trilu>("Trilu", since: 14, a => new(a.Flag("upper"))).Inputs("input", "k?").Outputs("output")
        .Flag("upper", o => o.Upper, true);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (c.IsRanked(0) && c.Shape(0).Rank < 2)
        {
            c.Error("PG2140", $"the input is {c.Shape(0)}, but must hold matrices (rank 2 or more).");
            return;
        }

        if (c.Has(1) && c.IsRanked(1) && Dim.ProvablyDifferent(c.Shape(1).ElementCount, Dim.One))
        {
            c.Error("PG2140", $"k is {c.TypeOf(1)}, but must be a scalar.");
            return;
        }

        c.Set(0, c.ElementType(0), c.Shape(0));
        MovedContents.Propagate(this, c);
    }

    public override void Evaluate(EvaluationScope c)
    {
        Tensor source = c.Input(0), target = c.Output(0);
        long rows = target.Dims[^2], columns = target.Dims[^1];
        long shift = c.Has(1) ? Math.Clamp(c.Read<long>(1)[0], -rows, columns) : 0;
        StridedCopy.Clear(target);
        ElementMover mover = new(source, target);
        for (long row = 0; row < (columns == 0 ? 0 : target.Length / columns); row++)
        {
            long diagonal = (row % rows) + shift;
            long first = Upper ? Math.Clamp(diagonal, 0, columns) : 0, end = Upper ? columns : Math.Clamp(diagonal + 1, 0, columns);
            mover.Copy((row * columns) + first, (row * columns) + first, end - first);
        }
    }
}
