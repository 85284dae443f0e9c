using Peregrine.Onnx;

namespace Peregrine.Cli.Inspection;

/// <summary>What of a model is not supported, as JSON shows it.</summary>
internal sealed record CapabilityInspection(string Model, bool Supported, int Nodes, IReadOnlyList<UnsupportedInspection> Unsupported, IReadOnlyList<string> Findings)
{
    public static CapabilityInspection Of(string path, CapabilityReport report) => new(
        path,
        report.IsSupported,
        report.NodeCount,
        [.. report.Nodes.Select(n => new UnsupportedInspection(n.Node, n.OperatorType, n.Domain.Length == 0 ? "ai.onnx" : n.Domain, n.Opset, [.. n.Reasons.Select(r => r.ToString())]))],
        [.. report.Findings.Select(f => f.ToString())]);

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
    }
}

/// <summary>A node that cannot be used.</summary>
internal sealed record UnsupportedInspection(string Node, string Operator, string Domain, long Opset, IReadOnlyList<string> Reasons);
