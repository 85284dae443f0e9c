using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Fusions;

/// <summary>Gemm(Transpose(a), b) and Gemm(a, Transpose(b)) → Gemm that reads the operand transposed.</summary>
public sealed class FuseTransposeGemm : Rewrite
{
    private static readonly Var A = new(), B = new(), C = new();
    private static readonly Capture<Gemm> Product = new();

    public override Pattern Pattern { get; } = Op<Gemm>(A, B, C.Optional()).WithSomeInput(Op<Transpose>()).As(Product);

    public override bool IsExact => false;

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[3,N]) { %t = Transpose(%x) %y = Gemm(%t, @f32[3,4], @f32[4]) return %y }",
        "graph(%x: f32[N,3], %w: f32[4,3]) { %t = Transpose(%w) {perm=[1,0]} %y = Gemm(%x, %t) {alpha=2} return %y }",
        "graph(%x: f32[N,3], %w: f32[3,4]) { %t = Transpose(%x) %u = Transpose(%w) %y = Gemm(%t, %u) {transA=1, transB=1} return %y }",
    ];

    public override bool When(Match m) => IsTransposed(m[A]) || IsTransposed(m[B]);

    public override Value? Apply(Match m, GraphBuilder g)
    {
        Gemm op = m.Get(Product);
        op = op with { TransA = op.TransA ^ IsTransposed(m[A]), TransB = op.TransB ^ IsTransposed(m[B]) };
        return g.Call(op, Straight(m[A]), Straight(m[B]), m.Find(C));
    }

    private static bool IsTransposed(Value value) => TransposeMotion.Permutation(value) is [1, 0];

    private static Value Straight(Value value) => IsTransposed(value) ? TransposeMotion.Source(value) : value;
}
