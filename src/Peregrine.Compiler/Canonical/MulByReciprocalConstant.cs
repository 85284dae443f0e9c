using Peregrine.Compiler.Fusions;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Canonical;

/// <summary>x / c → x · (1/c) where every element of the constant c is a power of two between 2⁻¹⁴ and 2¹⁴: then both round alike in every float type.</summary>
public sealed class MulByReciprocalConstant : Rewrite
{
    private const int MaxLength = 4096, MaxExponent = 14;

    private static readonly Var X = new(), C = new();

    public override Pattern Pattern { get; } = Op<Div>(X.Where(v => v.Constant is null), C.Constant());

    public override IEnumerable<string> Examples => ["graph(%x: f32[N,3]) { %y = Div(%x, @f32[3]{8,-0.25,2}) return %y }"];

    public override bool When(Match m) =>
        m[C].Constant!.Data.Type is DataType.Float16 or DataType.BFloat16 or DataType.Float32 or DataType.Float64
        && ConstantArithmetic.Elements(m[C], MaxLength) is { } elements && Array.TrueForAll(elements, IsPowerOfTwo);

    public override Value? Apply(Match m, GraphBuilder g) => g.Call(new Mul(), m[X], ConstantArithmetic.Compute(g, new Reciprocal(), m[C]));

    private static bool IsPowerOfTwo(double value) =>
        value != 0 && double.IsFinite(value) && Math.Abs(value) == Math.ScaleB(1, Math.ILogB(value)) && Math.Abs(Math.ILogB(value)) <= MaxExponent;
}
