using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>Conv(Pad(x) with zeros) → Conv with more padding.</summary>
public sealed class FusePadConv : Rewrite
{
    private static readonly Var X = new(), Pads = new(), Fill = new(), Axes = new(), W = new(), B = new();
    private static readonly Capture<Pad> Padding = new();
    private static readonly Capture<Conv> Convolution = new();

    public override Pattern Pattern { get; } = Op<Conv>(Op<Pad>(X, Pads, Fill.Optional(), Axes.Optional()).As(Padding), W, B.Optional()).As(Convolution);

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3,5,5]) { %p = Pad(%x, @s64[8]{0,0,1,2,0,0,3,0}) %y = Conv(%p, %w@f32[4,3,3,3], @f32[4]) {pads=[1,0,0,1]} return %y }",
        "graph(%x: f32[N,3,5]) { %p = Pad(%x, @s64[2]{2,1}, @f32[]{0}, @s64[1]{-1}) %y = Conv(%p, %w@f32[4,3,3]) {auto_pad=\"VALID\"} return %y }",
    ];

    public override bool When(Match m) =>
        m.Output.Tensor is { Shape.IsRanked: true } && (m.Find(Fill) is not { } fill || ConstantArithmetic.Scalar(fill) == 0) && PadAbsorption.CanGrow(m.Get(Convolution).AutoPad) && Spatial(m) is not null;

    public override Value? Apply(Match m, GraphBuilder g)
    {
        Conv convolution = m.Get(Convolution);
        return g.Call(convolution with { AutoPad = AutoPad.NotSet, Pads = PadAbsorption.Grow(convolution.Window, Spatial(m)!) }, m[X], m[W], m.Find(B));
    }

    private static long[]? Spatial(Match m) => PadAbsorption.SpatialPads(m.Get(Padding), m[X], m[Pads], m.Find(Axes));
}
