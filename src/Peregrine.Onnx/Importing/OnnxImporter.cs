using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Onnx.Wire;
using Peregrine.Symbolics;

namespace Peregrine.Onnx.Importing;

/// <summary>Makes graphs of models: main graph, bodies and functions become one <see cref="Graph"/> of the newest operators.</summary>
internal static class OnnxImporter
{
    public static Graph Import(OnnxModel model, ImportOptions options, DiagnosticBag findings)
    {
        DiagnosticBag diagnostics = new();
        Graph graph = Run(new(model, options, diagnostics));
        diagnostics.ThrowIfErrors();
        foreach (Diagnostic diagnostic in diagnostics.Items)
        {
            findings.Add(diagnostic);
        }

        GraphVerifier.Verify(graph, "import");
        return graph;
    }

    public static CapabilityReport Examine(OnnxModel model, ImportOptions options)
    {
        DiagnosticBag diagnostics = new();
        ImportContext context = new(model, options, diagnostics);
        Run(context);
        return new(context.NodeCount, context.Unsupported, diagnostics.Items);
    }

    private static Graph Run(ImportContext context)
    {
        OnnxGraphProto main = context.Model.Graph!;
        GraphBuilder builder = new(new Graph(main.Name.Length > 0 ? main.Name : "main"), context.Diagnostics);
        NameScope scope = new();
        GraphImporter.BindInitializers(main, scope, context);
        new InputImporter(context, builder, scope).Import(main);
        ImportEnvironment environment = new(OpsetTable.OfModel(context.Model, context.Diagnostics), null, "", 0);
        GraphImporter.Finish(context, builder, scope, environment, main, "the model");
        return builder.Graph;
    }
}
