using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>Split(Transpose(x)) whose parts all go into one Transpose each → Split(x), one Transpose for each part.</summary>
public sealed class CancelTransposesAroundSplit : Rewrite
{
    private static readonly Var X = new(), Lengths = new();
    private static readonly Capture<Transpose> Moved = new();
    private static readonly Capture<Split> Parts = new();

    public override Pattern Pattern { get; } = Op<Split>(Op<Transpose>(X).As(Moved).SingleUse(), Lengths.Optional()).As(Parts);

    public override IEnumerable<string> Examples =>
    [
        """
        graph(%x: f32[N,3,4]) {
          %t = Transpose(%x) {perm=[0,2,1]} %a, %b = Split(%t, @s64[2]{1,3}) {axis=1}
          %y = Transpose(%a) {perm=[0,2,1]} %z = Transpose(%b) {perm=[2,1,0]}
          return %y, %z
        }
        """,
    ];

    public override bool When(Match m) => m[X].Tensor is { Shape.IsRanked: true } && m.Root.Outputs.All(o => o is { Uses: [{ Node.Operator: Transpose }] });

    public override IReadOnlyList<Value?>? ApplyAll(Match m, GraphBuilder g)
    {
        int[] permutation = TransposeMotion.Permutation(m.NodeOf(Moved).Outputs[0]!)!;
        Split split = m.Get(Parts);
        long axis = permutation[split.Axis < 0 ? split.Axis + permutation.Length : split.Axis];
        return [.. g.CallMany(split with { Axis = axis }, [m[X], m.Find(Lengths)], m.Root.Outputs.Count).Select(part => (Value?)TransposeMotion.Transpose(g, part!, permutation))];
    }
}
