using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Inserts an axis of extent <c>depth</c>: <c>values[1]</c> where it equals the index (negative ones count from the end), <c>values[0]</c> elsewhere and where the index is out of range.</summary>
public sealed record OneHot(long Axis = -1) : Operator
{
    public static readonly Schema<OneHot> Schema = new Schema<OneHot>("OneHot", since: 9, a => new(a.Int("axis"))).Inputs("indices", "depth", "values").Outputs("output")
        .Int("axis", o => o.Axis, -1);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override void Infer(InferenceScope c)
    {
        if (c.IsRanked(2) && (c.Shape(2).Rank != 1 || Dim.ProvablyDifferent(c.Shape(2)[0], 2)))
        {
            c.Error("PG2139", $"values are {c.Shape(2)}, but must be [off, on].");
            return;
        }

        if (!c.IsRanked(0))
        {
            c.Set(0, c.ElementType(2), Shape.Unranked);
            return;
        }

        Dim? depth = c.ValueOf(1) is [var known] ? known : null;
        if (c.ConstantOf(1) is { Length: 1 } constant && constant.Type != DataType.String && !constant.Type.IsComplex())
        {
            Span<double> number = stackalloc double[1];
            ElementConversion.Load(constant, number);
            depth = (long)number[0];
        }

        if (depth is { } d && c.IsNegative(d))
        {
            c.Error("PG2139", $"depth is {d}.");
            return;
        }

        Shape indices = c.Shape(0);
        int axis = c.Axis(Axis, indices.Rank + 1);
        c.Set(0, c.ElementType(2), Shape.From([.. indices.Take(axis), depth ?? c.FreshSymbol(null), .. indices.Skip(axis)]));
    }

    public override void Evaluate(EvaluationScope c)
    {
        Tensor target = c.Output(0), values = c.Input(2);
        int axis = c.Axis(Axis, target.Rank);
        long depth = target.Dims[axis], inner = Tensor.CountElements(target.Dims[(axis + 1)..]);
        Span<long> indices = c.Scratch<long>(c.Input(0).Length);
        if (c.Input(0).Type.IsFloat())
        {
            ReadOnlySpan<double> floats = c.Read<double>(0);
            for (int i = 0; i < indices.Length; i++)
            {
                indices[i] = (long)floats[i];
            }
        }
        else
        {
            c.Read<long>(0).CopyTo(indices);
        }

        ElementMover mover = new(values, target);
        StridedCopy.Copy(values, 0, [0], target, 0, [1], [target.Length]);
        for (int i = 0; i < indices.Length && depth > 0; i++)
        {
            if (indices[i] >= -depth && indices[i] < depth)
            {
                long hot = indices[i] < 0 ? indices[i] + depth : indices[i];
                mover.Copy(1, (((i / inner * depth) + hot) * inner) + (i % inner), 1);
            }
        }
    }
}
