using Peregrine.Compiler.Canonical;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>Conv(x, W, b) + c, c constant and one number per channel → Conv(x, W, b + c).</summary>
public sealed class FuseConvBias : Rewrite
{
    private static readonly Var X = new(), W = new(), B = new(), C = new();
    private static readonly Capture<Conv> Convolution = new();

    public override Pattern Pattern { get; } = Op<Add>(Op<Conv>(X, W.Constant(), B.Constant().Optional()).As(Convolution).SingleUse(), C.Constant());

    public override bool IsExact => false;

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3,5,5]) { %c = Conv(%x, %w@f32[4,3,3,3]) %y = Add(%c, @f32[1,4,1,1]) return %y }",
        "graph(%x: f32[N,3,5,5]) { %c = Conv(%x, %w@f32[4,3,3,3], @f32[4]) %y = Add(@f32[4,1,1], %c) return %y }",
        "graph(%x: f32[N,3,5]) { %c = Conv(%x, %w@f32[4,3,3]) %y = Add(%c, @f32[]{0.5}) return %y }",
    ];

    public override bool When(Match m) => m.NodeOf(Convolution).Outputs[0]!.HasTypeOf(m.Output) && ChannelConstant.Varies(m[C], m[W].Constant!.Data.Rank, 1, m[W].Constant!.Data.Dims[0]);

    public override Value? Apply(Match m, GraphBuilder g)
    {
        g.NodeName = m.NodeOf(Convolution).Name;
        Value bias = ChannelConstant.ToVector(g, m[C], m[W].Constant!.Data.Dims[0]);
        return g.Call(m.Get(Convolution), m[X], m[W], m.Find(B) is { } old ? ConstantArithmetic.Compute(g, new Add(), old, bias) : bias);
    }
}
