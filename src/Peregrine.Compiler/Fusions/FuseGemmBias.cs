using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>Gemm(a, b) without a third operand + c, c constant and the same for all rows → Gemm(a, b, c).</summary>
public sealed class FuseGemmBias : Rewrite
{
    private static readonly Var A = new(), B = new(), C = new();
    private static readonly Capture<Gemm> Product = new();

    public override Pattern Pattern { get; } = Op<Add>(Op<Gemm>(A, B).As(Product).SingleUse(), C.Constant());

    public override bool IsExact => false;

    public override IEnumerable<string> Examples => ["graph(%x: f32[N,3]) { %c = Gemm(%x, %w@f32[2,3]) {alpha=0.5, beta=3, transB=1} %y = Add(%c, @f32[2]) return %y }"];

    public override bool When(Match m) => Columns(m) is { IsConstant: true } columns && m[C].Constant!.Data.Rank <= 2 && ChannelConstant.Varies(m[C], 2, 1, columns.Constant);

    public override Value? Apply(Match m, GraphBuilder g) => g.Call(m.Get(Product) with { Beta = 1 }, m[A], m[B], ChannelConstant.ToVector(g, m[C], Columns(m)!.Value.Constant));

    private static Symbolics.Dim? Columns(Match m) => m.NodeOf(Product).Outputs[0]!.Tensor is { Shape: { IsRanked: true } shape } ? shape[1] : null;
}
