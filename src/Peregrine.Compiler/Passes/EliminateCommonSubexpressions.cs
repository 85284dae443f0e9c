using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Passes;

/// <summary>Lets nodes with equal operators and equal inputs share one result, and equal folded constants one copy. Original constants keep their names, because refit replaces them by name.</summary>
public sealed class EliminateCommonSubexpressions : IGraphPass
{
    public string Name => nameof(EliminateCommonSubexpressions);

    public void Run(Graph graph, PassContext context)
    {
        MergeConstants(graph);
        Dictionary<Key, Node> first = [];
        foreach (Node node in graph.Nodes.ToArray())
        {
            context.Cancellation.ThrowIfCancellationRequested();
            foreach (Graph body in node.Operator is ISubgraphOperator s ? s.Subgraphs : [])
            {
                Run(body, context);
            }

            // Bodies are compared by identity, so operators with bodies never merge; random results must stay different.
            if (node.Operator is IRandomOperator or ISubgraphOperator || first.TryAdd(new(node), node))
            {
                continue;
            }

            Node twin = first[new(node)];
            Patch patch = new(Name, graph);
            for (int i = 0; i < node.Outputs.Count; i++)
            {
                if (node.Outputs[i] is { } output)
                {
                    patch.Replace(output, twin.Outputs[i]!);
                }
            }

            patch.Apply();
        }
    }

    private void MergeConstants(Graph graph)
    {
        Dictionary<Tensor, Value> first = [];
        foreach (Value constant in graph.Constants.ToArray())
        {
            // Small originals (axes, shapes, scalars) repeat thousands of times in real models; nobody refits those.
            bool isMergeable = constant.Constant!.Derivation is not null || constant.Constant.Data.Length <= ValueContents.MaxElements;
            if (isMergeable && !first.TryAdd(constant.Constant.Data, constant))
            {
                Patch patch = new(Name, graph);
                patch.Replace(constant, first[constant.Constant.Data]);
                patch.Apply();
            }
        }
    }

    /// <summary>Equal for nodes that compute the same: operator, inputs, the outputs they have.</summary>
    private readonly struct Key(Node node) : IEquatable<Key>
    {
        private readonly Node _node = node;

        public bool Equals(Key other) => _node.Operator.Equals(other._node.Operator) && _node.Inputs.SequenceEqual(other._node.Inputs)
            && _node.Outputs.Select(o => o is null).SequenceEqual(other._node.Outputs.Select(o => o is null));

        public override bool Equals(object? obj) => obj is Key other && Equals(other);

        public override int GetHashCode()
        {
            HashCode hash = default;
            hash.Add(_node.Operator);
            foreach (Value? input in _node.Inputs)
            {
                hash.Add(input);
            }

            return hash.ToHashCode();
        }
    }
}
