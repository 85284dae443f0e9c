using Peregrine.Onnx;

namespace Peregrine.Cli.Inspection;

/// <summary>What of a model is not supported, and who computes what is, as JSON shows it.</summary>
/// <param name="Kernels">What serves the model's nodes, by the kernels' own estimates; null where something is not supported.</param>
internal sealed record CapabilityInspection(
    string Model, bool Supported, int Nodes, IReadOnlyList<UnsupportedInspection> Unsupported, IReadOnlyList<string> Findings, KernelCoverage? Kernels)
{
    public static CapabilityInspection Of(string path, CapabilityReport report, KernelCoverage? kernels) => new(
        path,
        report.IsSupported,
        report.NodeCount,
        [.. report.Nodes.Select(n => new UnsupportedInspection(n.Node, n.OperatorType, n.Domain.Length == 0 ? "ai.onnx" : n.Domain, n.Opset, [.. n.Reasons.Select(r => r.ToString())]))],
        [.. report.Findings.Select(f => f.ToString())],
        kernels);

    public void Print(Session session)
    {
        session.Write(Supported ? $"{Model}: all {Nodes} nodes are supported" : $"{Model}: {Unsupported.Count} of {Nodes} nodes are not supported");
        foreach (UnsupportedInspection node in Unsupported)
        {
            session.Write($"  {node.Operator} \"{node.Node}\" (domain {node.Domain}, opset {node.Opset})");
            foreach (string reason in node.Reasons)
            {
                session.Write($"    {reason}");
            }
        }

        foreach (string finding in Findings.Except(Unsupported.SelectMany(n => n.Reasons), StringComparer.Ordinal))
        {
            session.Write($"  {finding}");
        }

        Kernels?.Print(session);
    }
}

/// <summary>A node that cannot be used.</summary>
internal sealed record UnsupportedInspection(string Node, string Operator, string Domain, long Opset, IReadOnlyList<string> Reasons);
