using Peregrine.Compiler.Canonical;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>LayerNormalization or RMSNormalization with a scale of ones (and no bias) · s → the same with the scale s.</summary>
public sealed class FuseNormalizationScale : Rewrite
{
    private static readonly Var X = new(), Ones = new(), Scale = new();

    public override Pattern Pattern { get; } = Op<Mul>(OneOf(Op<LayerNormalization>(X, Ones.Constant()), Op<RMSNormalization>(X, Ones.Constant())).SingleUse(), Scale);

    public override bool IsExact => false;

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3,6]) { %n = LayerNormalization(%x, @f32[6]{1,1,1,1,1,1}) %y = Mul(%n, @f32[6]) return %y }",
        "graph(%x: f32[N,3,6], %s: f32[6]) { %n = RMSNormalization(%x, @f32[]{1}) %y = Mul(%s, %n) return %y }",
    ];

    public override bool When(Match m) =>
        m[X].HasTypeOf(m.Output) && Producer(m).Outputs.Skip(1).All(o => o is null or { Uses.Count: 0 }) && m[Scale].Tensor?.ElementType == m[X].Tensor!.ElementType
        && TrailingAxes.Covers(m[Scale], m[X], Axis(Producer(m).Operator))
        && ConstantArithmetic.Elements(m[Ones]) is { } ones && Array.TrueForAll(ones, one => one == 1);

    public override Value? Apply(Match m, GraphBuilder g) => g.Call(Producer(m).Operator, m[X], m[Scale]);

    private static Node Producer(Match m) => m.Nodes.First(n => n.Operator is LayerNormalization or RMSNormalization);

    private static long Axis(Operator op) => op is LayerNormalization layer ? layer.Axis : ((RMSNormalization)op).Axis;
}
