using Peregrine.Compiler.Canonical;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>
/// Conv(x · s, W, b), s computed, one number per image and channel, and the kernel 1×1 → ScaledConv(x, s, W, b): the end of a squeeze-and-excite block. <see cref="Lowering.SplitRegions"/> takes it back
/// where scaling the data is cheaper.
/// </summary>
public sealed class FuseScaledConv : Rewrite
{
    private static readonly Var X = new(), S = new(), W = new(), B = new();
    private static readonly Capture<Conv> Convolution = new();

    public override Pattern Pattern { get; } = Op<Conv>(Op<Mul>(X, S).SingleUse(), W.Constant(), B.Constant().Optional()).As(Convolution);

    public override bool IsExact => false;

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3,5,5], %s: f32[N,3,1,1]) { %m = Mul(%x, %s) %y = Conv(%m, %w@f32[4,3,1,1]) return %y }",
        "graph(%x: f32[N,3,5,5], %s: f32[1,3,1,1]) { %m = Mul(%s, %x) %y = Conv(%m, %w@f32[4,3,1,1], @f32[4]) return %y }",
    ];

    public override bool When(Match m)
    {
        Conv conv = m.Get(Convolution);
        return conv.Group == 1 && m[W].Constant!.Data.Rank >= 3 && m[W].Constant!.Data.Dims[2..].IndexOfAnyExcept(1) < 0 && Order(m) is (Value data, Value scale)
            && scale.Constant is null && m.NodeOf(Convolution).Inputs[0]!.HasTypeOf(data);
    }

    public override Value? Apply(Match m, GraphBuilder g)
    {
        (Value data, Value scale) = Order(m)!.Value;
        ScaledConv conv = ScaledConv.Of(m.Get(Convolution));
        g.NodeName = m.NodeOf(Convolution).Name;
        return m.Find(B) is { } bias ? g.Call(conv, data, scale, m[W], bias) : g.Call(conv, data, scale, m[W]);
    }

    /// <summary>Which factor is the data and which their scale; null if neither is a scale.</summary>
    private static (Value Data, Value Scale)? Order(Match m) => IsScale(m[S], m[X]) ? (m[X], m[S]) : IsScale(m[X], m[S]) ? (m[S], m[X]) : null;

    private static bool IsScale(Value scale, Value data) =>
        data.Tensor is { Shape: { IsRanked: true, Rank: >= 3 } x } && scale.Tensor is { Shape.IsRanked: true } s && s.Shape.Rank == x.Rank
        && (s.Shape[0] == x[0] || s.Shape[0] == 1) && s.Shape[1] == x[1] && s.Shape.Skip(2).All(d => d == 1);
}
