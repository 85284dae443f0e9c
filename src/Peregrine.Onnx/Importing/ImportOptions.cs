using Peregrine.Operators;

namespace Peregrine.Onnx;

/// <summary>How a model becomes a graph.</summary>
public sealed record ImportOptions
{
    public static ImportOptions Default { get; } = new();

    /// <summary>The operators that exist.</summary>
    public OperatorCatalog Catalog { get; init; } = OperatorCatalog.Standard;

    /// <summary>Fixed shapes by the input's name (<c>--shape NAME=1x3x224x224</c>). A symbol that is fixed thereby is fixed in every other input too.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<long>> Shapes { get; init; } = new Dictionary<string, IReadOnlyList<long>>(StringComparer.Ordinal);
}
