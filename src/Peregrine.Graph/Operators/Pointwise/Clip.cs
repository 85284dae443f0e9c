using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>min(max(x, min), max); an absent bound does not limit. Opsets 1 to 10 had the bounds as attributes.</summary>
public sealed record Clip : PointwiseOperator
{
    public static readonly Schema<Clip> Schema = new Schema<Clip>("Clip", since: 11, _ => new()).Inputs("input", "min?", "max?").Outputs("output").Legacy("consumed_inputs")
        .Import(1, 10, s => s.WithInputs([s[0], Bound(s, "min"), Bound(s, "max")], ("min", null), ("max", null)));

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Exact;

    public override Expr Body(Operands x)
    {
        Expr result = x.Has(1) ? Expr.Max(x[0], x[1]) : x[0];
        return x.Has(2) ? Expr.Min(result, x[2]) : result;
    }

    protected override Shape ResultShape(InferenceScope c, Shape[] shapes)
    {
        for (int i = 1; i < shapes.Length; i++)
        {
            // One element in whatever rank: exporters write shape [1], too.
            if (shapes[i].IsRanked && shapes[i].Any(d => Dim.ProvablyDifferent(d, Dim.One)))
            {
                c.Error("PG2308", $"{Schema.InputFormals[i].Name} has the shape {shapes[i]}, but must be a scalar.");
            }
        }

        return shapes[0];
    }

    private static Value? Bound(ImportScope s, string name)
    {
        if (!s.Attributes.Has(name) || s[0]?.Tensor is not { } x)
        {
            return null;
        }

        Tensor bound = Tensor.Allocate(x.ElementType, []);
        ElementConversion.Store<float>([s.Attributes.Float(name, 0)], bound);
        return s.Constant(name, bound);
    }
}
