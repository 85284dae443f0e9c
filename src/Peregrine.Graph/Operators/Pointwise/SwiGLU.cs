using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>a · sigmoid(α·a) · b for a gate a and values b of one shape.</summary>
public sealed record SwiGLU(float Alpha = 1) : PointwiseOperator
{
    public static readonly Schema<SwiGLU> Schema = new Schema<SwiGLU>("SwiGLU", since: 28, a => new(a.Float("alpha"))).Inputs("A", "B").Outputs("Y")
        .Float("alpha", o => o.Alpha, 1);

    public override OperatorSchema Definition => Schema;

    public override Accuracy Accuracy => Accuracy.Approximate;

    public override bool Accepts(int index, DataType type) => type.IsFloat();

    public override Expr Body(Operands x) => x[0] * Expr.Sigmoid(Alpha * x[0]) * x[1];

    protected override Shape ResultShape(InferenceScope c, Shape[] shapes)
    {
        Shape a = shapes[0], b = shapes[1];
        if (a.IsRanked && b.IsRanked && (a.Rank != b.Rank || Enumerable.Range(0, a.Rank).Any(i => Dim.ProvablyDifferent(a[i], b[i]))))
        {
            c.Error("PG2308", $"A is {a}, but B is {b}; they must have one shape, for SwiGLU does not broadcast.");
        }

        return a.IsRanked ? a : b;
    }
}
