using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Planning;

/// <summary>One unit of execution. Operands are slot numbers of the plan; −1 is an absent optional operand.</summary>
/// <param name="Name">The node's name.</param>
/// <param name="Sources">The source model's nodes that it stands for.</param>
public abstract record Step(string Name, Texts Sources, Ints Inputs, Ints Outputs)
{
    /// <summary>The word by which listings call it.</summary>
    public abstract string Kind { get; }

    /// <summary>Plans of its branches or bodies.</summary>
    public virtual IReadOnlyList<Plan> Subplans => [];
}

/// <summary>A kernel on a device.</summary>
/// <param name="Operator">What the region computes, as an operator; its reference kernel is the oracle.</param>
/// <param name="Tactic">Who serves the request, and how.</param>
public sealed record KernelStep(string Name, Texts Sources, Ints Inputs, Ints Outputs, Operator Operator, KernelRequest Request, TacticId Tactic, TacticOption Option) : Step(Name, Sources, Inputs, Outputs)
{
    /// <summary>The operator, or the fused operators in order; an arrow stands between the links of a chain.</summary>
    public override string Kind => KindOf(Operator);

    private static string KindOf(Operator op) => op switch
    {
        Region region => string.Join('+', region.Body.Nodes.Select(n => n.Operator.Definition.Name)),
        Chain chain => string.Join('>', chain.Body.Nodes.Select(n => KindOf(n.Operator))),
        _ => op.Definition.Name,
    };
}

/// <summary>
/// An operator that the host evaluates with its reference kernel on managed values: strings, sequences, optionals, results whose shape only the data tell. It binds the symbols that
/// stand for such shapes.
/// </summary>
public sealed record HostStep(string Name, Texts Sources, Ints Inputs, Ints Outputs, Operator Operator) : Step(Name, Sources, Inputs, Outputs)
{
    public override string Kind => Operator.Definition.Name;
}

/// <summary>Runs one of two sub-plans. Input 0 is the condition, the others are the captures, which both branches take.</summary>
public sealed record IfStep(string Name, Texts Sources, Ints Inputs, Ints Outputs, Plan Then, Plan Else) : Step(Name, Sources, Inputs, Outputs)
{
    public override string Kind => "If";

    public override IReadOnlyList<Plan> Subplans => [Then, Else];
}

/// <summary>Runs a sub-plan again and again, as ONNX's Loop: inputs are trip count (or −1), condition (or −1), the carried values, the captures; outputs are the carried values, then the stacked scan outputs.</summary>
public sealed record LoopStep(string Name, Texts Sources, Ints Inputs, Ints Outputs, Plan Body, int CarriedCount) : Step(Name, Sources, Inputs, Outputs)
{
    public override string Kind => "Loop";

    public override IReadOnlyList<Plan> Subplans => [Body];
}
