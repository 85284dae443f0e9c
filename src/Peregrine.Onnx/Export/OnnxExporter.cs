using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Onnx.Wire;
using Peregrine.Operators;

namespace Peregrine.Onnx.Export;

/// <summary>
/// Writes a graph as a model in ONNX's format, driven by the operators' schemas. What the importer does to a model is undone: closed bodies get their captures back as
/// names of the graph around them, the attribute <see cref="ISubgraphOperator.CaptureCountAttribute"/> is dropped, constants become initializers, symbols named dimensions.
/// <see cref="DimTensor"/>, which is not ONNX's, becomes arithmetic on the shapes of values.
/// <para>
/// The operator set is the lowest one, from <see cref="ExportOptions.LowestOpset"/> on, in which every operator of the graph has its record's meaning
/// (<see cref="OperatorSchema.Since"/>).
/// </para>
/// </summary>
public static class OnnxExporter
{
    /// <summary>The first IR version that came with an operator set of ai.onnx.</summary>
    private static readonly (long Opset, long IrVersion)[] _irVersions = [(25, 13), (24, 12), (23, 11), (21, 10), (20, 9), (15, 8), (0, 7)];

    /// <summary>The model; its tensors refer to the graph's constants without a copy.</summary>
    /// <exception cref="ModelException">PG2080, PG2081, PG2082: the graph holds something that ONNX cannot express.</exception>
    public static OnnxModelProto Export(Graph graph, ExportOptions? options = null)
    {
        ExportContext context = new(options ?? ExportOptions.Default);
        context.Require("", context.Options.LowestOpset);
        OnnxGraphProto main = new GraphExporter(context, graph, null, 0).ExportMain();
        context.Diagnostics.ThrowIfErrors();
        long opset = context.Opsets[""];
        return new()
        {
            IrVersion = _irVersions.First(v => opset >= v.Opset).IrVersion,
            ProducerName = "peregrine",
            Graph = main,
            OperatorSets = [.. context.Opsets.Select(o => new OnnxOperatorSet { Domain = o.Key, Version = o.Value })],
        };
    }

    /// <summary>Exports to a file, which is either whole or untouched.</summary>
    /// <exception cref="ModelException">As <see cref="Export"/>; PG1036: the file cannot be written.</exception>
    public static void Save(Graph graph, string path, ExportOptions? options = null) => OnnxFile.Save(path, Export(graph, options));
}
