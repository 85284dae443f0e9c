using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Canonical;

/// <summary>Transpose(Transpose(x, p), q) → Transpose(x, p∘q).</summary>
public sealed class MergeTransposes : Rewrite
{
    private static readonly Var X = new();
    private static readonly Capture<Transpose> Inner = new(), Outer = new();

    public override Pattern Pattern { get; } = Op<Transpose>(Op<Transpose>(X).As(Inner)).As(Outer);

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,3,5]) { %a = Transpose(%x) {perm=[1,2,0]} %y = Transpose(%a) {perm=[0,2,1]} return %y }",
        "graph(%x: f32[N,3,5]) { %a = Transpose(%x) {perm=[2,0,1]} %y = Transpose(%a) return %y, %a }",
    ];

    public override bool When(Match m) => m[X].Tensor is { Shape.IsRanked: true };

    public override Value? Apply(Match m, GraphBuilder g)
    {
        int[] inner = TransposePermutation.Of(m.Get(Inner), m[X])!, outer = TransposePermutation.Of(m.Get(Outer), m[X])!;
        return g.Call(new Transpose(Ints.From(outer.Select(axis => (long)inner[axis]))), m[X]);
    }
}
