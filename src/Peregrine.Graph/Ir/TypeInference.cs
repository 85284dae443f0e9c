using Peregrine.Diagnostics;
using Peregrine.Operators;
using Peregrine.Symbolics;

namespace Peregrine.Ir;

/// <summary>Runs the operators' type inference over nodes and graphs and stores what it finds: types, and the contents of small integer tensors.</summary>
public static class TypeInference
{
    /// <summary>Infers all nodes of a graph in order.</summary>
    public static void Infer(Graph graph, DiagnosticBag diagnostics)
    {
        foreach (Node node in graph.Nodes)
        {
            Infer(node, graph.Symbols, diagnostics);
        }
    }

    /// <summary>Infers one node; its outputs get their types. An error leaves the outputs unknown and adds diagnostics that name the node.</summary>
    public static void Infer(Node node, SymbolTable symbols, DiagnosticBag diagnostics)
    {
        InferenceInput?[] inputs = new InferenceInput?[node.Inputs.Count];
        for (int i = 0; i < inputs.Length; i++)
        {
            if (node.Inputs[i] is { } value)
            {
                if (value.Type == IrType.Unknown)
                {
                    // The producer's own diagnostic has told why; a second one would only hide it.
                    return;
                }

                inputs[i] = new(value.Type, value.Constant?.Data, value.Contents);
            }
        }

        InferenceScope scope = new(node.Operator, node.Name, node.Provenance.ToString(), inputs, [.. node.Outputs.Select(o => o is not null)], symbols, diagnostics);
        scope.Run();
        for (int i = 0; i < node.Outputs.Count; i++)
        {
            if (node.Outputs[i] is { } output)
            {
                output.Type = scope.OutputType(i);
                output.Contents = scope.OutputContents(i);
            }
        }
    }
}
