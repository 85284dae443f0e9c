using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;

namespace Peregrine.Compiler.Passes;

/// <summary>Removes nodes that no output of the graph depends on. Graph inputs stay: they are the caller's contract.</summary>
public sealed class EliminateDeadNodes : IGraphPass
{
    public string Name => nameof(EliminateDeadNodes);

    public IReadOnlyList<string> Establishes => ["no-dead-nodes"];

    public void Run(Graph graph, PassContext context)
    {
        foreach (Node node in graph.Nodes.Reverse().ToArray())
        {
            if (!node.IsRemoved && node.Outputs.All(o => o is null || o.Uses.Count == 0))
            {
                Patch patch = new(Name, graph);
                patch.Remove(node);
                patch.Apply();
            }
        }

        foreach (Graph body in graph.Nodes.Select(n => n.Operator).OfType<ISubgraphOperator>().SelectMany(s => s.Subgraphs).ToArray())
        {
            Run(body, context);
        }
    }
}
