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

    /// <summary>The operator sets of ai.onnx in which models are written: before 13 many operators have forms of their own, after 28 none is known.</summary>
    public const int OldestOpset = 13, NewestOpset = 28;

    /// <summary>The operator set that a model declares, within those that are written.</summary>
    public static int OpsetFor(OnnxModelProto model) => (int)Math.Clamp(model.OperatorSets.Where(o => o.Domain is "" or "ai.onnx").Select(o => o.Version).DefaultIfEmpty(1).Max(), OldestOpset, NewestOpset);

    /// <summary>The model; its tensors refer to the graph's constants without a copy.</summary>
    /// <exception cref="ModelException">PG2080 to PG2083: the graph holds something that ONNX cannot express.</exception>
    public static OnnxModelProto Export(Graph graph, ExportOptions? options = null)
    {
        ExportContext context = new(options ?? ExportOptions.Default);
        long bytes = AllConstants(graph).Distinct().Sum(c => (long)c.Data.Data.Length);
        if (bytes > int.MaxValue)
        {
            context.Diagnostics.Error("PG2083", $"The weights take {bytes} bytes, but a model in one file may have {int.MaxValue} at most.", suggestion: "Keep the original model, whose weights lie in files of their own.");
            context.Diagnostics.ThrowIfErrors();
        }

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

    private static IEnumerable<Constant> AllConstants(Graph graph) =>
        graph.Constants.Select(c => c.Constant!).Concat(graph.Nodes.SelectMany(n => n.Operator is ISubgraphOperator control ? control.Subgraphs.SelectMany(AllConstants) : []));
}
