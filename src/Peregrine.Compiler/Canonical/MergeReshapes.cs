using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Canonical;

/// <summary>
/// A Reshape of something that was only reshaped before (Reshape, Flatten, Squeeze, Unsqueeze) reshapes the source instead. Its target must not copy extents
/// of the tensor in between (0 without allowzero).
/// </summary>
public sealed class MergeReshapes : Rewrite
{
    private static readonly Var X = new(), Target = new();
    private static readonly Capture<Reshape> Outer = new();

    public override Pattern Pattern { get; } = Op<Reshape>(OneOf(Op<Reshape>(X, Any), Op<Flatten>(X), Op<Squeeze>(X, Any.Optional()), Op<Unsqueeze>(X, Any)), Target).As(Outer);

    public override IEnumerable<string> Examples =>
    [
        "graph(%x: f32[N,6]) { %a = Reshape(%x, @s64[3]{-1,2,3}) %y = Reshape(%a, @s64[2]{3,-1}) return %y }",
        "graph(%x: f32[N,3,5]) { %a = Flatten(%x) %y = Reshape(%a, @s64[3]{-1,5,3}) return %y, %a }",
        "graph(%x: f32[N,1,6]) { %a = Squeeze(%x, @s64[1]{1}) %y = Reshape(%a, @s64[3]{-1,2,3}) return %y }",
        "graph(%x: f32[N,6]) { %a = Unsqueeze(%x, @s64[1]{0}) %y = Reshape(%a, @s64[3]{-1,2,3}) return %y }",
    ];

    public override bool When(Match m) => m.Get(Outer).AllowZero || m[Target].Contents?.All(d => d.IsProvablyPositive || (-d).IsProvablyPositive) == true;

    public override Value? Apply(Match m, GraphBuilder g) => g.Call(m.Get(Outer), m[X], m[Target]);
}
