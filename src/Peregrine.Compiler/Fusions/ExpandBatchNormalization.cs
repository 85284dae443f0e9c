using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Fusions;

/// <summary>BatchNormalization with constant statistics that nothing before it absorbs → x · scale + shift, which regions absorb.</summary>
public sealed class ExpandBatchNormalization : Rewrite
{
    private static readonly Var X = new(), Gamma = new(), Beta = new(), Mean = new(), Variance = new();
    private static readonly Capture<BatchNormalization> Normalization = new();

    public override Pattern Pattern { get; } = Op<BatchNormalization>(X, Gamma.Constant(), Beta.Constant(), Mean.Constant(), Variance.Constant()).As(Normalization);

    public override bool IsExact => false;

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,2,3,M]) { %y = BatchNormalization(%x, @f32[2], @f32[2], @f32[2], @f32[2]{0.5,1.5}) return %y }",
        "graph(%x: f32[N,2]) { %r = Relu(%x) %y = BatchNormalization(%r, @f32[2], @f32[2], @f32[2], @f32[2]{0.5,1.5}) return %y }",
    ];

    public override bool When(Match m) =>
        ChannelAffine.IsOf(m.Get(Normalization), m.Output, m[Gamma].Constant!.Data.Length, m[Gamma], m[Beta], m[Mean], m[Variance]) && m[X].Tensor!.ElementType.IsFloat();

    public override Value? Apply(Match m, GraphBuilder g)
    {
        TensorType type = m[X].Tensor!;
        long[] dims = new long[type.Shape.Rank - 1];
        Array.Fill(dims, 1);
        dims[0] = m[Gamma].Constant!.Data.Length;
        ChannelAffine affine = ChannelAffine.Of(g, m.Get(Normalization).Epsilon, m[Gamma], m[Beta], m[Mean], m[Variance]);
        Value scaled = g.Call(new Mul(), m[X], Operand(affine.Scale));
        return g.Call(new Add(), scaled, Operand(affine.Shift));

        Value Operand(Value vector) => ConstantArithmetic.To(g, ConstantArithmetic.Reshape(g, vector, dims), type.ElementType);
    }
}
