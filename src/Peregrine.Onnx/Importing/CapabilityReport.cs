using Peregrine.Diagnostics;

namespace Peregrine.Onnx;

/// <summary>A node that cannot be used, and why.</summary>
/// <param name="Node">The node's name; one without gets its operator's name and its position.</param>
/// <param name="Opset">The version that the model imports for the domain; 0 if it imports none.</param>
/// <param name="Reasons">At least one.</param>
public sealed record UnsupportedNode(string Node, string OperatorType, string Domain, long Opset, IReadOnlyList<Diagnostic> Reasons)
{
    public override string ToString() => $"{(Domain.Length == 0 ? "" : Domain + ".")}{OperatorType} \"{Node}\" (domain \"{(Domain.Length == 0 ? "ai.onnx" : Domain)}\", opset {Opset}): {string.Join(' ', Reasons.Select(r => r.Message))}";
}

/// <summary>What of a model is not supported.</summary>
/// <param name="NodeCount">Nodes that were looked at, those of bodies and of inlined functions included.</param>
/// <param name="Nodes">In the order of the model; a node that only depends on an unsupported one is not listed.</param>
/// <param name="Findings">Everything that importing told, also what concerns no node.</param>
public sealed record CapabilityReport(int NodeCount, IReadOnlyList<UnsupportedNode> Nodes, IReadOnlyList<Diagnostic> Findings)
{
    /// <summary>Whether the model can be used.</summary>
    public bool IsSupported => !Findings.Any(f => f.Severity == Severity.Error);
}
