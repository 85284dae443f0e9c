namespace Peregrine.Onnx.Export;

/// <summary>How a graph becomes a model.</summary>
public sealed record ExportOptions
{
    public static ExportOptions Default { get; } = new();

    /// <summary>
    /// The operator set of ai.onnx that is used where no operator needs a newer one. The default is 25, which other runtimes know well: it holds the element types and
    /// attributes that were added to older operators without a change of meaning.
    /// </summary>
    public int LowestOpset { get; init; } = 25;
}
