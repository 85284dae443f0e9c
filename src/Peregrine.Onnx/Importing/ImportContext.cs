using Peregrine.Diagnostics;
using Peregrine.Onnx.Wire;
using Peregrine.Operators;

namespace Peregrine.Onnx.Importing;

/// <summary>What all graphs and functions of one import share.</summary>
internal sealed class ImportContext(OnnxModel model, ImportOptions options, DiagnosticBag diagnostics)
{
    public OnnxModelProto Model { get; } = model.Proto;

    public TensorDecoder Decoder { get; } = model.File.Decoder;

    public OperatorCatalog Catalog => Options.Catalog;

    public ImportOptions Options { get; } = options;

    public DiagnosticBag Diagnostics { get; } = diagnostics;

    public FunctionLibrary Functions { get; } = new(model.Proto.Functions, diagnostics);

    public FreeNames FreeNames { get; } = new();

    public List<UnsupportedNode> Unsupported { get; } = [];

    public int NodeCount { get; set; }

    /// <summary>The errors found since there were <paramref name="before"/> findings.</summary>
    public IReadOnlyList<Diagnostic> ErrorsSince(int before) =>
        before == Diagnostics.Items.Count ? [] : [.. Diagnostics.Items.Skip(before).Where(d => d.Severity == Severity.Error)];
}

/// <summary>What surrounds a list of nodes.</summary>
/// <param name="Opsets">Versions by domain; <c>""</c> is ai.onnx.</param>
/// <param name="Attributes">The attributes of the function call that the nodes belong to; null outside of functions.</param>
/// <param name="Prefix">What the names of nodes and inner values begin with: the path of calling nodes, each followed by a slash; empty outside of functions.</param>
/// <param name="Depth">Bodies and function calls around it.</param>
internal sealed record ImportEnvironment(IReadOnlyDictionary<string, long> Opsets, IReadOnlyDictionary<string, OnnxAttributeProto>? Attributes, string Prefix, int Depth)
{
    /// <summary>Bodies and calls may be nested this deep.</summary>
    public const int MaxDepth = 64;
}
