using Peregrine.Ir;
using Peregrine.Operators;

namespace Peregrine.Rewriting;

/// <summary>
/// A local simplification or fusion: where <see cref="Pattern"/> and <see cref="When"/> hold, the root's outputs are replaced by what <see cref="Apply"/> builds.
/// It carries its own <see cref="Examples"/>, from which its tests are made.
/// <code>
/// public sealed class FuseMatMulBias : Rewrite
/// {
///     private static readonly Var X = new(), W = new(), B = new();
///     public override Pattern Pattern { get; } = Op&lt;Add&gt;(Op&lt;MatMul&gt;(X, W).SingleUse(), B.Constant(rank: 1));
///     public override Value? Apply(Match m, GraphBuilder g) => g.Call(new Linear(), m[X], m[W], m[B]);
///     public override IEnumerable&lt;string&gt; Examples => ["""graph(%x: f32[N,3]) { %m = MatMul(%x, @f32[3,2])  %y = Add(%m, @f32[2])  return %y }"""];
/// }
/// </code>
/// </summary>
public abstract class Rewrite
{
    /// <summary>Stands in the edit log and in options that switch it off.</summary>
    public virtual string Name => GetType().Name;

    /// <summary>Its root must be an operator pattern.</summary>
    public abstract Pattern Pattern { get; }

    /// <summary>Graphs in text form on which the rewrite must apply at least once and must not change the results.</summary>
    public abstract IEnumerable<string> Examples { get; }

    /// <summary>Whether the results of the examples must stay the same bit by bit; else they may differ by rounding.</summary>
    public virtual bool IsExact => true;

    /// <summary>Conditions beyond the pattern.</summary>
    public virtual bool When(Match m) => true;

    /// <summary>Builds what replaces the root's first output: a new value, or one that exists. Null declines after all.</summary>
    public virtual Value? Apply(Match m, GraphBuilder g) => throw new NotSupportedException($"{Name} overrides neither Apply nor ApplyAll.");

    /// <summary>As <see cref="Apply"/> for a root with several outputs: one value per output, null for one that is left as it is. Null declines.</summary>
    public virtual IReadOnlyList<Value?>? ApplyAll(Match m, GraphBuilder g) => Apply(m, g) is { } value ? [value] : null;

    /// <summary>A value made by an operator with these inputs; without patterns for inputs they may be anything.</summary>
    protected static OperatorPattern<TOperator> Op<TOperator>(params Pattern[] inputs) where TOperator : Operator => new(inputs);

    /// <summary>Any present value.</summary>
    protected static Pattern Any { get; } = new AnyPattern();

    /// <summary>The first of these patterns that fits.</summary>
    protected static Pattern OneOf(params Pattern[] choices) => new ChoicePattern(choices);
}
