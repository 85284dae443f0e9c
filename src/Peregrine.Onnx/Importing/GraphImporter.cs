using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Onnx.Wire;

namespace Peregrine.Onnx.Importing;

/// <summary>What the main graph and bodies have in common: initializers, nodes, outputs.</summary>
internal static class GraphImporter
{
    /// <summary>
    /// Binds initializers. Nothing is read before a node uses one. An initializer that is a graph input too (IR versions up to 3 demand that) is a constant:
    /// callers cannot override it.
    /// </summary>
    public static void BindInitializers(OnnxGraphProto graph, NameScope scope, ImportContext context)
    {
        foreach (OnnxTensorProto tensor in graph.Initializers)
        {
            Bind(tensor.Name, new(tensor.Name, () => context.Decoder.Decode(tensor)));
        }

        foreach (OnnxSparseTensorProto tensor in graph.SparseInitializers)
        {
            Bind(tensor.Name, new(tensor.Name, () => context.Decoder.Decode(tensor)));
        }

        void Bind(string name, SourceConstant source)
        {
            if (name.Length == 0)
            {
                context.Diagnostics.Error("PG2035", $"An initializer of \"{graph.Name}\" has no name.", suggestion: "The exporter is at fault.");
            }
            else if (!scope.TryBind(name, new Binding.Deferred(source)))
            {
                context.Diagnostics.Error("PG2033", $"The initializer \"{name}\" is defined already.", suggestion: "Every name may be defined only once; rename one of them.");
            }
        }
    }

    /// <summary>Imports the nodes and names the results.</summary>
    /// <param name="where">What messages call the graph.</param>
    public static void Finish(ImportContext context, GraphBuilder builder, NameScope scope, ImportEnvironment environment, OnnxGraphProto graph, string where)
    {
        bool isMain = environment.Depth == 0;
        Dictionary<string, OnnxTypeProto> declared = new(StringComparer.Ordinal);
        if (isMain)
        {
            // Types inside of bodies rest on what the body says of its inputs, which is a hint only; so they are not held against it.
            foreach (OnnxValueInfoProto info in graph.ValueInfos.Concat(graph.Outputs).Where(i => i.Type is not null))
            {
                declared[info.Name] = info.Type!;
            }
        }

        BlockImporter block = new(context, builder, scope, environment);
        block.Import(graph.Nodes, where, declared);
        if (graph.Outputs.Count == 0 && isMain)
        {
            context.Diagnostics.Error("PG2036", "The model has no outputs.", suggestion: "Export it again with the results that are wanted.");
        }

        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (OnnxValueInfoProto output in graph.Outputs)
        {
            if (!names.Add(output.Name) && isMain)
            {
                context.Diagnostics.Error("PG2037", $"Two outputs of {where} are named \"{output.Name}\".", suggestion: "Remove one of them.");
            }

            if (block.TryResolve(output.Name, $"The list of outputs of {where}", out Value? value) && value is not null)
            {
                builder.Output(output.Name, value);
            }
            else if (output.Name.Length == 0)
            {
                context.Diagnostics.Error("PG2038", $"An output of {where} has no name.", suggestion: "The exporter is at fault.");
            }
        }
    }
}
