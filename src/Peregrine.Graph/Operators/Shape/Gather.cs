using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Replaces one axis by the shape of <c>indices</c>: each index selects a slice of that axis. Negative indices count from the end.</summary>
public sealed record Gather(long Axis = 0) : Operator
{
    public static readonly Schema<Gather> Schema = new Schema<Gather>("Gather", since: 1, a => new(a.Int("axis"))).Inputs("data", "indices").Outputs("output")
        .Int("axis", o => o.Axis, 0);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (!c.Require(1, DataType.Int32, DataType.Int64))
        {
            return;
        }

        if (!c.IsRanked(0) || !c.IsRanked(1))
        {
            c.Set(0, c.ElementType(0), Shape.Unranked);
            return;
        }

        Shape data = c.Shape(0);
        int axis = c.Axis(Axis, data.Rank);
        if (data.Rank == 0)
        {
            return;
        }

        if (data[axis].IsConstant && c.ValueOf(1) is { } indices && indices.FirstOrDefault(i => i.IsConstant && (i.Constant >= data[axis].Constant || i.Constant < -data[axis].Constant), data[axis] - 1) is var bad
            && bad != data[axis] - 1)
        {
            c.Error("PG2128", $"index {bad} is outside of [-{data[axis]}, {data[axis]}) on axis {axis} of {data}.");
            return;
        }

        c.Set(0, c.ElementType(0), Shape.From([.. data.Take(axis), .. c.Shape(1), .. data.Skip(axis + 1)]));
        MovedContents.Propagate(this, c);
    }

    public override void Evaluate(EvaluationScope c)
    {
        Tensor data = c.Input(0), target = c.Output(0);
        int axis = c.Axis(Axis, data.Rank);
        ReadOnlySpan<long> indices = c.Read<long>(1);
        long extent = data.Dims[axis];
        long outer = Tensor.CountElements(data.Dims[..axis]), inner = Tensor.CountElements(data.Dims[(axis + 1)..]);
        foreach (long index in indices)
        {
            if (index < -extent || index >= extent)
            {
                throw c.Fail("PG2128", $"index {index} is outside of [-{extent}, {extent}) on axis {axis} of {data}.");
            }
        }

        ElementMover mover = new(data, target);
        long to = 0;
        for (long o = 0; o < outer && inner > 0; o++)
        {
            foreach (long index in indices)
            {
                mover.Copy(((o * extent) + (index < 0 ? index + extent : index)) * inner, to, inner);
                to += inner;
            }
        }
    }
}
