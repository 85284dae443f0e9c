using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>Pow(x, 2) → x·x for floats.</summary>
public sealed class SquareOfPow : Rewrite
{
    private static readonly Var X = new(), Power = new();

    public override Pattern Pattern { get; } = Op<Pow>(X, Power.ScalarConstant());

    public override bool IsExact => false;

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3]) { %y = Pow(%x, @f32[]{2}) return %y }",
        "graph(%x: f32[N,3]) { %y = Pow(%x, @s64[1]{2}) return %y }",
    ];

    public override bool When(Match m) => FloatOperand.KeepsType(m, X) && ConstantArithmetic.Scalar(m[Power]) == 2;

    public override Value? Apply(Match m, GraphBuilder g) => g.Call(new Mul(), m[X], m[X]);
}
