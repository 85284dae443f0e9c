using Peregrine.Compiler.Fusions;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Canonical;

/// <summary>x − c → x + (−c) for a float constant c; exact, signed zeros included. Patterns then need to know additions only.</summary>
public sealed class AddOfNegatedConstant : Rewrite
{
    // Longer constants are not worth a second copy.
    private const long MaxLength = 1 << 16;

    private static readonly Var X = new(), C = new();

    public override Pattern Pattern { get; } = Op<Sub>(X.Where(v => v.Constant is null), C.Constant());

    public override IEnumerable<string> Examples => ["graph(%x: f32[N,3]) { %y = Sub(%x, @f32[3]{0,1.5,-2}) return %y }"];

    public override bool When(Match m) => m[C].Constant!.Data is { Length: <= MaxLength } data && data.Type.IsFloat();

    public override Value? Apply(Match m, GraphBuilder g) => g.Call(new Add(), m[X], ConstantArithmetic.Compute(g, new Neg(), m[C]));
}
