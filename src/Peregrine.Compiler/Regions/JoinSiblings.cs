using Peregrine.Compiler.Fusions;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Regions;

/// <summary>
/// Horizontal fusion: convolutions, or products with constant matrices, that read one value and differ in nothing but their weights become one with all their outputs, and a split that leaves the parts where
/// they are. Pointwise operators that all of them have behind them move along. The input is read once, and few outputs no longer leave vectors empty.
/// <para>
/// Only where each part is read as it lies: channels of an image by convolutions and pools, which take any distance between pixels; columns of a matrix of one row. What is concatenated is left alone, because
/// it is computed in its place there; so are products of many rows (query, key and value of a transformer), whose parts a reshape could not view.
/// </para>
/// </summary>
public sealed class JoinSiblings : IGraphPass
{
    public string Name => nameof(JoinSiblings);

    public void Run(Graph graph, PassContext context)
    {
        foreach (Node node in graph.Nodes.ToArray())
        {
            foreach (Graph body in node.Operator is ISubgraphOperator s ? s.Subgraphs : [])
            {
                Run(body, context);
            }
        }

        Node[] candidates = [.. graph.Nodes.Where(IsCandidate)];
        foreach (IGrouping<(Value, Operator, string), Node> group in candidates.GroupBy(n => (n.Inputs[0]!, n.Operator, Kind(n))))
        {
            context.Cancellation.ThrowIfCancellationRequested();
            foreach (IReadOnlyList<Chain> chains in WithEqualTails([.. group]))
            {
                Join(graph, chains);
            }
        }
    }

    /// <summary>A product and the pointwise operators behind it that its siblings have too.</summary>
    private sealed record Chain(Node Root, List<Node> Tail)
    {
        public Value Result => (Tail.Count == 0 ? Root : Tail[^1]).Outputs[0]!;

        public long Width => Root.Outputs[0]!.Tensor!.Shape[ChannelAxis(Root)].Constant;
    }

    private static bool IsCandidate(Node node) =>
        node.Operator is Conv { Group: 1 } or Gemm or MatMul && node.Inputs[0] is { Constant: null, Tensor: { ElementType: DataType.Float32, Shape.IsRanked: true } } && node.Inputs.Skip(1).All(i => i is { Constant: not null })
        && node.Outputs[0]!.Tensor is { ElementType: DataType.Float32, Shape: { IsRanked: true, Rank: > 0 } shape } && shape[ChannelAxis(node)].IsConstant && node.Inputs[1]!.Constant!.Data.Rank >= 2
        // A bias has a number for each output.
        && node.Inputs.Skip(2).All(b => b!.Constant!.Data is { Rank: 1 } bias && bias.Length == shape[ChannelAxis(node)].Constant)
        && (node.Operator is Conv ? shape.Rank <= 5 : node.Inputs[1]!.Constant!.Data.Rank == 2 && shape.Take(shape.Rank - 1).All(d => d == 1));

    /// <summary>What else must be equal: the weights' extents apart from the outputs', and whether there is a bias.</summary>
    private static string Kind(Node node)
    {
        Ints dims = Ints.Create(node.Inputs[1]!.Constant!.Data.Dims);
        return $"{node.Inputs.Count} {string.Join(',', dims.Where((_, axis) => axis != OutputAxis(node)))}";
    }

    private static int ChannelAxis(Node node) => node.Operator is Conv ? 1 : Math.Max(0, node.Outputs[0]!.Tensor!.Shape.Rank - 1);

    /// <summary>The axis of the weights along which the outputs are.</summary>
    private static int OutputAxis(Node node) => node.Operator is Conv or Gemm { TransB: true } ? 0 : 1;

    /// <summary>Groups of siblings that can be joined, with as much behind them as all of a group have.</summary>
    private static IEnumerable<IReadOnlyList<Chain>> WithEqualTails(IReadOnlyList<Node> siblings)
    {
        if (siblings.Count < 2)
        {
            yield break;
        }

        // By what follows: chains that end differently cannot be joined with their activations.
        foreach (IGrouping<string, Chain> group in siblings.Select(ChainOf).Where(IsReadInPlace).GroupBy(c => string.Join('|', c.Tail.Select(t => t.Operator.ToString()))))
        {
            List<Chain> joined = [];
            foreach (Chain chain in group)
            {
                if (joined.Count == 0 || Operands([.. joined, chain]) is not null)
                {
                    joined.Add(chain);
                }
            }

            if (joined.Count > 1)
            {
                yield return joined;
            }
        }
    }

    /// <summary>A product with all pointwise operators behind it that have no other computed operand.</summary>
    private static Chain ChainOf(Node root)
    {
        List<Node> tail = [];
        Value result = root.Outputs[0]!;
        while (result.Uses.Select(u => u.Node).Distinct().ToArray() is [{ Operator: PointwiseOperator } next] && next.Inputs.All(i => i == result || i?.Constant is not null) && next.Outputs[0]!.Tensor is { } type
            && type.ElementType == DataType.Float32 && type.Shape.Equals(root.Outputs[0]!.Tensor!.Shape))
        {
            tail.Add(next);
            result = next.Outputs[0]!;
        }

        return new(root, tail);
    }

    /// <summary>Whether everybody who reads a chain's result takes it as a part of something larger.</summary>
    private static bool IsReadInPlace(Chain chain) => chain.Result.Uses.Count > 0 && chain.Result.Uses.All(use => use.Node is { } reader && (chain.Root.Operator is Conv
        ? reader.Operator is Conv or ScaledConv or ConvTranspose or MaxPool or AveragePool or GlobalMaxPool or GlobalAveragePool && reader.Inputs[0] == chain.Result && reader.Inputs.Skip(1).All(i => i != chain.Result)
        : reader.Operator is not Concat));

    /// <summary>The constant operands of the tails, joined: per node of the tail and operand the constants to join, one where all are equal; null if some fit neither way.</summary>
    private static List<Value?[][]>? Operands(IReadOnlyList<Chain> chains)
    {
        List<Value?[][]> all = [];
        for (int step = 0; step < chains[0].Tail.Count; step++)
        {
            Node[] nodes = [.. chains.Select(c => c.Tail[step])];
            if (Array.Exists(nodes, n => n.Inputs.Count != nodes[0].Inputs.Count))
            {
                return null;
            }

            Value?[][] operands = new Value?[nodes[0].Inputs.Count][];
            for (int i = 0; i < operands.Length; i++)
            {
                Value?[] values = [.. nodes.Select(n => n.Inputs[i] is { Constant: not null } constant ? constant : null)];
                if (Array.TrueForAll(values, v => v is null))
                {
                    operands[i] = [];
                }
                else if (Array.Exists(values, v => v is null))
                {
                    return null;
                }
                else if (values[0]!.Constant!.Data.Length == 1 && Array.TrueForAll(values, v => v!.Constant!.Data.Equals(values[0]!.Constant!.Data)))
                {
                    operands[i] = [values[0]];
                }
                else if (ChannelAxis(chains[0].Root) == chains[0].Root.Outputs[0]!.Tensor!.Shape.Rank - 1 && values.Zip(chains).All(p => p.First!.Constant!.Data is { Rank: 1 } data && data.Length == p.Second.Width))
                {
                    operands[i] = values;
                }
                else
                {
                    return null;
                }
            }

            all.Add(operands);
        }

        return all;
    }

    private void Join(Graph graph, IReadOnlyList<Chain> chains)
    {
        Node first = chains[0].Root;
        Patch patch = new(Name, graph);
        GraphBuilder g = patch.Builder;
        g.Provenance = Provenance.Merge(chains.SelectMany(c => c.Tail.Prepend(c.Root)).Select(n => n.Provenance));
        g.NodeName = string.Join('|', chains.Select(c => c.Root.Name));
        List<Value?> inputs = [first.Inputs[0], Concatenate([.. chains.Select(c => c.Root.Inputs[1])], OutputAxis(first))];
        for (int i = 2; i < first.Inputs.Count; i++)
        {
            inputs.Add(Concatenate([.. chains.Select(c => c.Root.Inputs[i])], 0));
        }

        Value result = g.Call(first.Operator, [.. inputs]);
        foreach ((int step, Value?[][] operands) in Operands(chains)!.Index())
        {
            g.NodeName = string.Join('|', chains.Select(c => c.Tail[step].Name));
            result = g.Call(chains[0].Tail[step].Operator, [.. operands.Select(o => o.Length == 0 ? result : o.Length == 1 ? o[0] : Concatenate(o, 0))]);
        }

        g.NodeName = $"{string.Join('|', chains.Select(c => c.Root.Name))} parts";
        IReadOnlyList<Value?> parts = g.CallMany(new Split(ChannelAxis(first)), [result, g.Constant("peregrine.lengths", [.. chains.Select(c => c.Width)])], chains.Count);
        for (int i = 0; i < chains.Count; i++)
        {
            patch.Replace(chains[i].Result, parts[i]!);
        }

        patch.Apply();

        Value Concatenate(Value?[] constants, int axis) => ConstantArithmetic.Compute(g, new Concat(axis), constants);
    }
}
