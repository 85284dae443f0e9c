using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Tuning;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Lowering;

/// <summary>
/// Joins convolutions that follow each other, the one's result being the other's data and nobody else's, into a <see cref="Chain"/> where the device takes less time for that than for them one by one: by
/// estimates, and, where kernels are tried, by trials of the chains that estimates speak for. Runs of convolutions are cut into chains of up to three so that the sum is least. A mean of the last one's
/// result is the end of a run, whoever else reads that result, and may join a single convolution.
/// </summary>
/// <param name="chooser">Whose tactics are asked.</param>
/// <param name="samples">Typical extents, at which chains are tried.</param>
internal sealed class FormChains(ITacticChooser chooser, SampleExtents samples) : IGraphPass
{
    private const int MostLinks = 3;

    private const double ClearlyLess = 0.99;

    private readonly Dictionary<KernelRequest, double> _estimates = [];

    public string Name => nameof(FormChains);

    public void Run(Graph graph, PassContext context)
    {
        HashSet<Node> seen = [];
        foreach (Node node in graph.Nodes.ToArray())
        {
            context.Cancellation.ThrowIfCancellationRequested();
            foreach (Graph body in node.Operator is ISubgraphOperator s and not IFusedOperator ? s.Subgraphs : [])
            {
                Run(body, context);
            }

            List<Node> run = [];
            for (Node? next = node; next is not null && IsLink(next) && seen.Add(next); next = Follower(next))
            {
                run.Add(next);
            }

            if (run.Count > 0 && MeanOf(run[^1]) is { } mean)
            {
                run.Add(mean);
            }

            Cut(graph, run);
        }
    }

    private static bool IsLink(Node node) => node.Operator is Conv or Region { Anchor.Operator: Conv } && node.Outputs.Count == 1 && node.Inputs.Concat(node.Outputs).All(IsKnown);

    /// <summary>Whether all extents but the first are known.</summary>
    private static bool IsKnown(Value? value) => value?.Tensor is { ElementType: DataType.Float32, Shape: { IsRanked: true } shape } && shape.Skip(1).All(d => d.IsConstant);

    /// <summary>The convolution whose data the node's result is, if it is nothing else.</summary>
    private static Node? Follower(Node node) => node.Outputs[0]!.Uses is [{ Node: { } user }] && user.Inputs[0] == node.Outputs[0] ? user : null;

    /// <summary>The mean of a convolution's result over the image; null if nobody takes it, or two do.</summary>
    private static Node? MeanOf(Node node) =>
        node.Outputs[0]!.Uses.Select(u => u.Node).OfType<Node>().Where(IsMean).ToArray() is [var mean] && mean.Inputs.Concat(mean.Outputs).All(IsKnown) ? mean : null;

    private static bool IsMean(Node node) => node.Operator is GlobalAveragePool;

    /// <summary>Whether a result does not fit into the device's second-level cache, if it tells the size; others need not be asked about, which takes time.</summary>
    private bool IsLarge(Node node)
    {
        long cache = chooser.Backend.Device.Facts.FirstOrDefault(f => f.Name == "l2").Value;
        return node.Outputs[0]!.Tensor!.Shape.Aggregate((double)sizeof(float), (product, d) => product * (d.IsConstant ? d.Constant : 1)) > cache;
    }

    /// <summary>Cuts a run of convolutions where the sum of what its parts cost is least.</summary>
    private void Cut(Graph graph, List<Node> run)
    {
        List<(int Begin, int End, double Seconds)> chains = [];
        for (int end = 2; end <= run.Count; end++)
        {
            int most = IsMean(run[end - 1]) ? MostLinks + 1 : MostLinks;
            for (int begin = end - 2; begin >= Math.Max(0, end - most); begin--)
            {
                List<Node> links = run[begin..end];
                // A convolution and the mean of its result have nothing else between them.
                int convolutions = links.Count(n => !IsMean(n));
                if (convolutions > 1 && !links.Take(convolutions - 1).Any(IsLarge))
                {
                    continue;
                }

                (Chain chain, Value?[] operands) = Join(links, graph);
                Value?[] results = ResultsOf(links);
                (KernelRequest request, double seconds) = Estimate(chain, operands, results, graph);
                if (seconds < ClearlyLess * links.Sum(n => Estimate(n.Operator, n.Inputs, n.Outputs, graph).Seconds))
                {
                    chains.Add((begin, end, Price(request, chain, operands, results) ?? seconds));
                }
            }
        }

        if (chains.Count == 0)
        {
            return;
        }

        double[] least = new double[run.Count + 1];
        int[] first = new int[run.Count + 1];
        for (int end = 1; end <= run.Count; end++)
        {
            (least[end], first[end]) = (least[end - 1] + Alone(run[end - 1]), end - 1);
            foreach ((int begin, _, double seconds) in chains.Where(c => c.End == end))
            {
                if (least[begin] + seconds < least[end])
                {
                    (least[end], first[end]) = (least[begin] + seconds, begin);
                }
            }
        }

        for (int end = run.Count; end > 0; end = first[end])
        {
            if (end - first[end] > 1)
            {
                Replace(graph, run[first[end]..end]);
            }
        }

        double Alone(Node node)
        {
            (KernelRequest request, double seconds) = Estimate(node.Operator, node.Inputs, node.Outputs, graph);
            // What no chain could take need not be tried here.
            return chains.Exists(c => run.IndexOf(node) is var at && at >= c.Begin && at < c.End) ? Price(request, node.Operator, node.Inputs, node.Outputs) ?? seconds : seconds;
        }
    }

    /// <summary>Measured seconds, where kernels are tried.</summary>
    private double? Price(KernelRequest request, Operator op, IReadOnlyList<Value?> inputs, IReadOnlyList<Value?> outputs) =>
        samples.Of(inputs, outputs, request) is { } extents ? chooser.Price(request, op, extents) : null;

    /// <summary>The estimate in the device's layouts; what comes from outside is row-major.</summary>
    private (KernelRequest Request, double Seconds) Estimate(Operator op, IReadOnlyList<Value?> inputs, IReadOnlyList<Value?> outputs, Graph graph)
    {
        KernelForm form = KernelForm.Of(op, [.. inputs.Select(i => i?.Tensor?.ElementType ?? DataType.Undefined)]);
        KernelRequest request = new(form.Anchor, ValueList.From(inputs.Select(v => Preferred(v, graph))), ValueList.From(outputs.Select(v => Preferred(v, graph))), form.Epilogue);
        if (!_estimates.TryGetValue(request, out double seconds))
        {
            _estimates[request] = seconds = chooser.Estimate(request);
        }

        return (request, seconds);
    }

    private KernelOperand Preferred(Value? value, Graph graph)
    {
        KernelOperand operand = RequestBuilder.Operand(value, graph.Symbols);
        return operand.Role == OperandRole.Activation && value!.Producer is not null && chooser.Backend.LayoutsOf(operand.Type, operand.Dims) is [var layout, ..] ? operand with { Layout = layout } : operand;
    }

    /// <summary>What a chain of some nodes returns: the last convolution's result, and its mean where that is the last node.</summary>
    private static Value?[] ResultsOf(List<Node> links) => IsMean(links[^1]) ? [links[^1].Inputs[0], links[^1].Outputs[0]] : [links[^1].Outputs[0]];

    /// <summary>The chain of some nodes, and its operands.</summary>
    private static (Chain Chain, Value?[] Operands) Join(List<Node> links, Graph graph)
    {
        Value[] operands = [.. links.SelectMany((n, i) => n.Inputs.Skip(i == 0 ? 0 : 1)).OfType<Value>()];
        Graph body = new(links[0].Name, graph.Symbols, graph.Edits);
        GraphBuilder builder = new(body, null);
        Queue<Value> inputs = new(operands.Select(o => builder.Input(o.Name, o.Type)));
        Value? result = null;
        foreach (Node link in links)
        {
            List<Value> own = result is null ? [] : [result];
            while (own.Count < link.Inputs.Count)
            {
                own.Add(inputs.Dequeue());
            }

            builder.NodeName = link.Name;
            builder.Provenance = link.Provenance;
            result = builder.CallNamed(link.Operator, [.. own], link.Outputs[0]!.Name)[0]!;
        }

        foreach (Node node in body.Nodes.TakeLast(IsMean(links[^1]) ? 2 : 1))
        {
            builder.Output(node.Outputs[0]!.Name, node.Outputs[0]!);
        }

        return (new(body), operands);
    }

    private void Replace(Graph graph, List<Node> links)
    {
        (Chain chain, Value?[] operands) = Join(links, graph);
        Patch patch = new(Name, graph);
        patch.Builder.NodeName = string.Join(" > ", links.Select(n => n.Name));
        patch.Builder.Provenance = Provenance.Merge(links.Select(n => n.Provenance));
        Value?[] results = ResultsOf(links);
        IReadOnlyList<Value?> made = patch.Builder.CallMany(chain, operands, results.Length);
        for (int i = 0; i < results.Length; i++)
        {
            patch.Replace(results[i]!, made[i]!);
        }

        patch.Apply();
    }
}
