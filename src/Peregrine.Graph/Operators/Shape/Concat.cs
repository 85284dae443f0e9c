using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Joins tensors along one axis; all other dimensions are equal.</summary>
public sealed record Concat(long Axis) : Operator
{
    public static readonly Schema<Concat> Schema = new Schema<Concat>("Concat", since: 4, a => new(a.Int("axis"))).Inputs("inputs...").Outputs("concat_result")
        .Int("axis", o => o.Axis)
        .Import(1, 3, s => s.Default(("axis", s.Attributes.Int("axis", 1))));

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        Shape? result = null;
        Dim extent = Dim.Zero;
        bool complete = true;
        for (int i = 0; i < c.InputCount; i++)
        {
            if (!c.Has(i) || c.ElementType(i) != c.ElementType(0) || c.ElementType(i) == DataType.Undefined)
            {
                c.Error("PG2125", $"input {i} is {(c.Has(i) ? c.TypeOf(i) : "absent")}, input 0 is {c.TypeOf(0)}; all must be present and of one element type.");
                return;
            }

            if (!c.IsRanked(i))
            {
                complete = false;
                continue;
            }

            Shape shape = c.Shape(i);
            result ??= shape;
            if (shape.Rank != result.Rank || shape.Rank == 0)
            {
                c.Error("PG2126", $"input {i} is {shape}, another one {result}; ranks must be equal and at least 1.");
                return;
            }

            int axis = c.Axis(Axis, shape.Rank);
            extent += shape[axis];
            for (int d = 0; d < shape.Rank; d++)
            {
                if (d != axis)
                {
                    int input = i, at = d;
                    result = result.With(d, c.Unify(result[d], shape[d], () => $"input {input} is {shape}, the inputs before it have {result[at]} on axis {at}; they may differ on axis {axis} only."));
                }
            }
        }

        if (result is null)
        {
            c.Set(0, c.ElementType(0), Shape.Unranked);
            return;
        }

        c.Set(0, c.ElementType(0), result.With(c.Axis(Axis, result.Rank), complete ? extent : c.FreshSymbol(null)));
        MovedContents.Propagate(this, c, _ => true);
    }

    public override void Evaluate(EvaluationScope c)
    {
        Tensor target = c.Output(0);
        int rank = target.Rank, axis = c.Axis(Axis, rank);
        Span<long> from = rank <= 16 ? stackalloc long[rank] : new long[rank];
        Span<long> to = rank <= 16 ? stackalloc long[rank] : new long[rank];
        StridedCopy.RowMajor(target.Dims, to);
        long offset = 0;
        for (int i = 0; i < c.InputCount; i++)
        {
            Tensor source = c.Input(i);
            StridedCopy.RowMajor(source.Dims, from);
            StridedCopy.Copy(source, 0, from, target, offset * to[axis], to, source.Dims);
            offset += source.Dims[axis];
        }
    }
}
