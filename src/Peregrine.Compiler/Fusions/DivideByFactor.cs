using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Fusions;

/// <summary>a · (1/b) → a / b for floats: one rounding instead of two.</summary>
public sealed class DivideByFactor : Rewrite
{
    private static readonly Var A = new(), B = new();

    public override Pattern Pattern { get; } = Op<Mul>(A, OneOf(Op<Reciprocal>(B), Op<Div>(Near.To(1), B)).SingleUse());

    public override bool IsExact => false;

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3], %z: f32[3]) { %e = Abs(%z) %b = Add(%e, @f32[]{0.1}) %r = Reciprocal(%b) %y = Mul(%x, %r) return %y }",
        "graph(%x: f32[N,3], %z: f32[N,3]) { %e = Abs(%z) %b = Add(%e, @f32[]{0.1}) %r = Div(@f32[]{1}, %b) %y = Mul(%r, %x) return %y }",
    ];

    public override bool When(Match m) => m[B].Tensor?.ElementType.IsFloat() == true && m[B].Tensor!.Shape.IsRanked && m.Output.Tensor is { Shape.IsRanked: true };

    public override Value? Apply(Match m, GraphBuilder g)
    {
        Value quotient = g.Call(new Div(), m[A], m[B]);
        return quotient.Tensor!.Shape.Equals(m.Output.Tensor!.Shape) ? quotient : null;
    }
}
