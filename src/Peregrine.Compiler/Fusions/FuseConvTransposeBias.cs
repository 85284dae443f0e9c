using Peregrine.Compiler.Canonical;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>ConvTranspose(x, W, b) + c, c constant and one number per channel → ConvTranspose(x, W, b + c).</summary>
public sealed class FuseConvTransposeBias : Rewrite
{
    private static readonly Var X = new(), W = new(), B = new(), C = new();
    private static readonly Capture<ConvTranspose> Convolution = new();

    public override Pattern Pattern { get; } = Op<Add>(Op<ConvTranspose>(X, W.Constant(), B.Constant().Optional()).As(Convolution).SingleUse(), C.Constant());

    public override bool IsExact => false;

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3,4,4]) { %c = ConvTranspose(%x, %w@f32[3,2,3,3]) %y = Add(%c, @f32[1,2,1,1]) return %y }",
        "graph(%x: f32[N,4,4]) { %c = ConvTranspose(%x, %w@f32[4,3,3], @f32[6]) {group=2} %y = Add(%c, @f32[6,1]) return %y }",
    ];

    public override bool When(Match m) => m.NodeOf(Convolution).Outputs[0]!.HasTypeOf(m.Output) && ChannelConstant.Varies(m[C], m[W].Constant!.Data.Rank, 1, Channels(m));

    public override Value? Apply(Match m, GraphBuilder g)
    {
        g.NodeName = m.NodeOf(Convolution).Name;
        Value bias = ChannelConstant.ToVector(g, m[C], Channels(m));
        return g.Call(m.Get(Convolution), m[X], m[W], m.Find(B) is { } old ? ConstantArithmetic.Compute(g, new Add(), old, bias) : bias);
    }

    private static long Channels(Match m) => m[W].Constant!.Data.Dims[1] * m.Get(Convolution).Group;
}
