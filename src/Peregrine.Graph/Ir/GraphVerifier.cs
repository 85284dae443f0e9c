using Peregrine.Diagnostics;
using Peregrine.Operators;

namespace Peregrine.Ir;

/// <summary>
/// Checks a graph's invariants: topological order (hence no cycle), one producer per value, exact use lists including graph outputs, unique names,
/// inferred types equal to stored ones, closed subgraphs. A violation is a bug of whoever edited the graph.
/// </summary>
public static class GraphVerifier
{
    /// <summary>Throws <see cref="InternalCompilerException"/> at the first violation; <paramref name="after"/> names the edit that is to blame.</summary>
    public static void Verify(Graph graph, string after = "construction")
    {
        HashSet<Value> defined = [.. graph.Inputs, .. graph.Constants];
        HashSet<string> names = new(StringComparer.Ordinal);
        Dictionary<Value, List<Use>> uses = [];
        foreach (Value value in graph.Values)
        {
            Check(names.Add(value.Name), $"two values are named \"{value.Name}\"");
            uses[value] = [];
        }

        foreach (Node node in graph.Nodes)
        {
            for (int i = 0; i < node.Inputs.Count; i++)
            {
                if (node.Inputs[i] is { } input)
                {
                    Check(defined.Contains(input), $"{node} uses %{input.Name} before it is made or from another graph");
                    uses[input].Add(new(node, i));
                }
            }

            for (int i = 0; i < node.Outputs.Count; i++)
            {
                if (node.Outputs[i] is { } output)
                {
                    Check(output.Producer == node && output.OutputIndex == i && defined.Add(output), $"output {i} of {node} has another producer");
                }
            }

            foreach (Graph subgraph in node.Operator is ISubgraphOperator s ? s.Subgraphs : [])
            {
                Check(subgraph.Symbols == graph.Symbols, $"a subgraph of {node} has a symbol table of its own");
                Verify(subgraph, after);
            }
        }

        for (int i = 0; i < graph.Outputs.Count; i++)
        {
            Check(defined.Contains(graph.Outputs[i].Value), $"output \"{graph.Outputs[i].Name}\" is not made in the graph");
            uses[graph.Outputs[i].Value].Add(new(null, i));
        }

        foreach ((Value value, List<Use> found) in uses)
        {
            Check(found.Count == value.Uses.Count && value.Uses.ToHashSet().SetEquals(found), $"the use list of %{value.Name} is not exact");
            Check(value.Constant is null || value.Type is TensorType t && t.ElementType == value.Constant.Data.Type && t.Shape.Equals(Symbolics.Shape.Of(value.Constant.Data.Dims)), $"constant %{value.Name} has the type {value.Type} but holds {value.Constant?.Data}");
        }

        void Check(bool holds, string violation)
        {
            if (!holds)
            {
                throw new InternalCompilerException($"After {after} the graph \"{graph.Name}\" is broken: {violation}.");
            }
        }
    }

    /// <summary>Checks that inferring every node anew gives the stored types. Data-dependent symbols are fresh each time and are compared by rank and element type only.</summary>
    public static void VerifyTypes(Graph graph, string after)
    {
        foreach (Node node in graph.Nodes)
        {
            IrType[] stored = [.. node.Outputs.Select(o => o?.Type ?? IrType.Unknown)];
            DiagnosticBag diagnostics = new();
            TypeInference.Infer(node, graph.Symbols, diagnostics);
            for (int i = 0; i < stored.Length; i++)
            {
                if (node.Outputs[i] is { } output && (diagnostics.HasErrors || !Matches(stored[i], output.Type)))
                {
                    throw new InternalCompilerException($"After {after}, {node} infers {output.Type} for output {i}, but {stored[i]} is stored. {string.Join(' ', diagnostics.Items)}");
                }

                if (node.Outputs[i] is { } restored)
                {
                    restored.Type = stored[i];
                }
            }
        }
    }

    private static bool Matches(IrType stored, IrType inferred)
    {
        if (stored is not TensorType a || inferred is not TensorType b)
        {
            return stored.GetType() == inferred.GetType();
        }

        if (a.ElementType != b.ElementType)
        {
            return false;
        }

        // A stored type may be more exact than an inferred one: a patch hands the knowledge of a replaced value on.
        return !b.Shape.IsRanked || (a.Shape.IsRanked && a.Shape.Rank == b.Shape.Rank && a.Shape.Zip(b.Shape).All(p => !Symbolics.Dim.ProvablyDifferent(p.First, p.Second)));
    }
}
