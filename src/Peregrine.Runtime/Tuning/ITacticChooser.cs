using Peregrine.Diagnostics;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Tuning;

/// <summary>Decides which tactic serves a request: by the tactics' own estimates (<see cref="TacticSelector"/>) or by trying them (a tuner). Equal requests get equal answers.</summary>
public interface ITacticChooser
{
    /// <summary>Whose tactics are chosen from.</summary>
    IBackend Backend { get; }

    /// <summary>Chooses; null if no tactic takes the request, or none that does is right.</summary>
    /// <param name="oracle">What the request computes, as an operator over the request's operands in their order; its reference kernel decides what is right.</param>
    /// <param name="extents">Typical extents of the operands of a request with run-time dims; null where none are known (a static request needs none).</param>
    Selection? Find(KernelRequest request, Operator oracle, OperandExtents? extents = null);

    /// <summary>Chooses.</summary>
    /// <inheritdoc cref="Find"/>
    /// <exception cref="BackendException">No tactic takes the request, or none that does is right.</exception>
    Selection Select(KernelRequest request, Operator oracle, OperandExtents? extents = null) =>
        Find(request, oracle, extents) ?? throw new BackendException($"No tactic of {Backend.Device.Backend} serves {request}: {string.Join("; ", CandidateList.Of(request, Backend).Untried("not used"))}.");

    /// <summary>Seconds that the tactic which would be chosen was measured to take at typical extents; infinite if none serves the request, null if nothing is measured.</summary>
    /// <inheritdoc cref="Find"/>
    double? Price(KernelRequest request, Operator oracle, OperandExtents? extents = null) => null;

    /// <summary>Seconds that the best tactic is estimated to take; infinite if none takes the request.</summary>
    double Estimate(KernelRequest request) =>
        Backend.Tactics.Min(t => t.Consider(request, Backend.Device) is Verdict.Accept accept ? accept.EstimatedCost : double.PositiveInfinity);
}

/// <summary>Concrete extents of a request's operands, inputs and outputs in order; empty for an absent operand.</summary>
public sealed record OperandExtents(ValueList<Ints> Inputs, ValueList<Ints> Outputs)
{
    /// <summary>The extents of a static request; null if a dimension is known only at run time.</summary>
    public static OperandExtents? Of(KernelRequest request) => request.IsStatic ? new(Of(request.Inputs), Of(request.Outputs)) : null;

    /// <summary>Whether these extents are among those that the request allows.</summary>
    public bool Fit(KernelRequest request) => Fit(Inputs, request.Inputs) && Fit(Outputs, request.Outputs);

    public override string ToString() => $"{string.Join(' ', Inputs)} -> {string.Join(' ', Outputs)}";

    private static ValueList<Ints> Of(ValueList<KernelOperand> operands) => ValueList.From(operands.Select(o => Ints.From(o.Dims.Select(d => d.Min))));

    private static bool Fit(ValueList<Ints> extents, ValueList<KernelOperand> operands) =>
        extents.Count == operands.Count && Enumerable.Range(0, operands.Count).All(i => extents[i].Count == operands[i].Dims.Count
            && Enumerable.Range(0, extents[i].Count).All(axis => operands[i].Dims[axis] is var dim && extents[i][axis] >= dim.Min && extents[i][axis] <= dim.Max && extents[i][axis] % dim.Divisor == 0));
}
