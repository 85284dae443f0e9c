using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Fusions;

/// <summary>
/// (x + a) + b → x + (a + b) for constants. Integers wrap, so this is exact for them. Floats only where a and b have the same sign: (x + 2²³) − 2²³ rounds x, and must go on doing so.
/// </summary>
public sealed class MergeConstantAddends : Rewrite
{
    private static readonly Var X = new(), A = new(), B = new();

    public override Pattern Pattern { get; } = Op<Add>(Op<Add>(X, A.Constant()).SingleUse(), B.Constant());

    public override bool IsExact => false;

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3]) { %a = Add(%x, @f32[]{2}) %y = Add(%a, @f32[3]{3,0.7,5}) return %y }",
        "graph(%x: s32[N,3]) { %a = Add(%x, @s32[]{2147483647}) %y = Add(@s32[]{9}, %a) return %y }",
    ];

    public override bool When(Match m) =>
        ConstantFactor.KeepsSize(m[A], m[B], m[X], m.Output) && m[A].Tensor!.ElementType is DataType.Int32 or DataType.Int64 or DataType.Float16 or DataType.BFloat16 or DataType.Float32 or DataType.Float64
        && (m[A].Tensor!.ElementType.IsInteger() || HaveOneSign(m[A], m[B]));

    public override Value? Apply(Match m, GraphBuilder g) => g.Call(new Add(), m[X], ConstantArithmetic.Compute(g, new Add(), m[A], m[B]));

    private static bool HaveOneSign(Value a, Value b) =>
        ConstantArithmetic.Elements(a) is { } left && ConstantArithmetic.Elements(b) is { } right
        && (left.Concat(right).All(e => e >= 0 && double.IsFinite(e)) || left.Concat(right).All(e => e <= 0 && double.IsFinite(e)));
}
