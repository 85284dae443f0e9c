using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>AveragePool(Pad(x) with zeros) → AveragePool with more padding that counts. The pool's own padding must count too, or be none.</summary>
public sealed class FusePadAveragePool : Rewrite
{
    private static readonly Var X = new(), Pads = new(), Fill = new(), Axes = new();
    private static readonly Capture<Pad> Padding = new();
    private static readonly Capture<AveragePool> Pool = new();

    public override Pattern Pattern { get; } = Op<AveragePool>(Op<Pad>(X, Pads, Fill.Optional(), Axes.Optional()).As(Padding)).As(Pool);

    public override bool IsExact => false;

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3,5,5]) { %p = Pad(%x, @s64[8]{0,0,1,1,0,0,1,1}) %y = AveragePool(%p) {kernel_shape=[3,3], strides=[2,2]} return %y }",
        "graph(%x: f32[N,3,5]) { %p = Pad(%x, @s64[2]{0,1}, @f32[]{0}, @s64[1]{2}) %y = AveragePool(%p) {count_include_pad=1, kernel_shape=[3], pads=[1,0]} return %y }",
    ];

    public override bool When(Match m) =>
        (m.Find(Fill) is not { } fill || ConstantArithmetic.Scalar(fill) == 0)
        && (m.Get(Pool).CountIncludePad || m.Get(Pool).AutoPad == AutoPad.Valid || m.Get(Pool).Pads.All(p => p == 0))
        && Spatial(m) is { } pads && PadAbsorption.FitsPooling(m.Get(Pool), pads);

    public override Value? Apply(Match m, GraphBuilder g)
    {
        AveragePool pool = m.Get(Pool);
        return g.Call(pool with { AutoPad = AutoPad.NotSet, CountIncludePad = true, Pads = PadAbsorption.Grow(pool.Window, Spatial(m)!) }, m[X]);
    }

    private static long[]? Spatial(Match m) => PadAbsorption.SpatialPads(m.Get(Padding), m[X], m[Pads], m.Find(Axes));
}
