using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>
/// MaxPool(Pad(x)) → MaxPool with more padding, where the pad's elements never win: −∞, or 0 where no element of x is negative.
/// No window may lie in padding alone. Without the second output, whose positions count the padding.
/// </summary>
public sealed class FusePadMaxPool : Rewrite
{
    private static readonly Var X = new(), Pads = new(), Fill = new(), Axes = new();
    private static readonly Capture<Pad> Padding = new();
    private static readonly Capture<MaxPool> Pool = new();

    public override Pattern Pattern { get; } = Op<MaxPool>(Op<Pad>(X, Pads, Fill.Optional(), Axes.Optional()).As(Padding)).As(Pool);

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3,5,5]) { %p = Pad(%x, @s64[8]{0,0,1,1,0,0,1,1}, @f32[]{-inf}) %y = MaxPool(%p) {kernel_shape=[3,3], strides=[2,2]} return %y }",
        "graph(%x: f32[N,3,5,5]) { %r = Relu(%x) %p = Pad(%r, @s64[4]{1,1,1,0}, _, @s64[2]{2,3}) %y = MaxPool(%p) {kernel_shape=[3,2], strides=[2,2]} return %y }",
    ];

    public override bool When(Match m) =>
        (m.Root.Outputs.Count < 2 || m.Root.Outputs[1] is null or { Uses.Count: 0 }) && NeverWins(m) && Spatial(m) is { } pads && PadAbsorption.FitsPooling(m.Get(Pool), pads);

    public override Value? Apply(Match m, GraphBuilder g)
    {
        MaxPool pool = m.Get(Pool);
        return g.Call(pool with { AutoPad = AutoPad.NotSet, Pads = PadAbsorption.Grow(pool.Window, Spatial(m)!) }, m[X]);
    }

    private static bool NeverWins(Match m)
    {
        double? fill = m.Find(Fill) is { } value ? ConstantArithmetic.Scalar(value) : 0;
        return fill == double.NegativeInfinity || (fill == 0 && NonNegative.Holds(m[X]));
    }

    private static long[]? Spatial(Match m) => PadAbsorption.SpatialPads(m.Get(Padding), m[X], m[Pads], m.Find(Axes));
}
