using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Tuning;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Lowering;

/// <summary>
/// Takes fusions back that the device's tactics are worse at than at their parts, by their own estimates: pointwise operators behind an anchor that no kernel takes along (they get a step of their own, as
/// few of them as possible), and a scale of a convolution's data that costs less than one of its weights. Regions are formed without asking a device; this is what makes that safe.
/// </summary>
/// <param name="chooser">Whose tactics are asked.</param>
/// <param name="samples">Typical extents, at which costs are compared where a dimension has no bound.</param>
internal sealed class SplitRegions(ITacticChooser chooser, SampleExtents samples) : IGraphPass
{
    // Tactics count what they do behind an anchor in different ways; only a clear difference says that a kernel is missing.
    private const double ClearlyLess = 0.5;

    public string Name => nameof(SplitRegions);

    public void Run(Graph graph, PassContext context)
    {
        foreach (Node node in graph.Nodes.ToArray())
        {
            context.Cancellation.ThrowIfCancellationRequested();
            foreach (Graph body in node.Operator is ISubgraphOperator s and not IFusedOperator ? s.Subgraphs : [])
            {
                Run(body, context);
            }

            if (node.Operator is (ScaledConv or Region) && node.Inputs.Concat(node.Outputs).All(v => v?.Tensor is { Shape.IsRanked: true }))
            {
                Split(graph, node);
            }
        }
    }

    private void Split(Graph graph, Node node)
    {
        Region? region = node.Operator as Region;
        if (region is { Anchor: null })
        {
            return;
        }

        KernelRequest whole = RequestBuilder.Of(node, graph.Symbols);
        double cost = Cost(whole, node.Inputs, node.Outputs);
        if (whole.Anchor is ScaledConv scaled)
        {
            KernelOperand data = whole.Inputs[0], scale = whole.Inputs[1];
            KernelRequest scaling = new(null, [data, scale], [data], new OperandExpr(0) * new OperandExpr(1));
            KernelRequest rest = whole with { Anchor = scaled.Convolution, Inputs = ValueList.From(whole.Inputs.Where((_, i) => i != 1)) };
            if (Cost(scaling, [node.Inputs[0], node.Inputs[1]], [node.Inputs[0]]) + Cost(rest, [.. node.Inputs.Where((_, i) => i != 1)], node.Outputs) < cost)
            {
                ScaleData(graph, node, region);
                return;
            }
        }

        if (region is not null && BestCut(whole, node, region, cost) is int kept)
        {
            Cut(graph, node, region, kept);
        }
    }

    /// <summary>How many of the region's nodes are better computed together, the others behind them; null if all are.</summary>
    private int? BestCut(KernelRequest whole, Node node, Region region, double cost)
    {
        int? best = null;
        cost *= ClearlyLess;
        IReadOnlyList<Node> members = region.Body.Nodes;
        for (int kept = members.Count - 1; kept > 0; kept--)
        {
            Value between = members[kept - 1].Outputs[0]!;
            HashSet<Value> kept1 = [.. members.Take(kept - 1).Select(m => m.Outputs[0]!)];
            if (members.Skip(kept).Any(m => m.Inputs.Any(v => kept1.Contains(v!))))
            {
                // Two values would have to be stored.
                continue;
            }

            (Operator first, IReadOnlyList<int> firstInputs) = Part(region, 0, kept);
            (Operator second, IReadOnlyList<int> secondInputs) = Part(region, kept, members.Count);
            Value?[] given = [.. firstInputs.Select(i => node.Inputs[i])], taken = [node.Outputs[0], .. secondInputs.Select(i => node.Inputs[i])];
            KernelOperand result = whole.Outputs[0];
            double parts = Cost(Request(first, [.. firstInputs.Select(i => whole.Inputs[i])], result, between), given, node.Outputs)
                + Cost(Request(second, [result, .. secondInputs.Select(i => whole.Inputs[i])], result, region.Body.Outputs[0].Value), taken, node.Outputs);
            // The longest beginning comes first; a shorter one is to be clearly better.
            if (parts < cost)
            {
                (best, cost) = (kept, parts * ClearlyLess);
            }
        }

        return best;
    }

    private static KernelRequest Request(Operator op, KernelOperand[] inputs, KernelOperand like, Value output)
    {
        KernelForm form = KernelForm.Of(op, [.. inputs.Select(i => i.Type)]);
        return new(form.Anchor, ValueList.From(inputs), [like with { Type = output.Tensor!.ElementType }], form.Epilogue);
    }

    /// <summary>The nodes [first, end) of a region as an operator, and the region's inputs that it takes; where it does not begin the region, what comes before is its first input.</summary>
    private static (Operator Operator, IReadOnlyList<int> Inputs) Part(Region region, int first, int end)
    {
        IReadOnlyList<Node> members = region.Body.Nodes;
        HashSet<Value> used = [.. members.Skip(first).Take(end - first).SelectMany(m => m.Inputs).OfType<Value>()];
        List<int> inputs = [.. Enumerable.Range(0, region.Body.Inputs.Count).Where(i => used.Contains(region.Body.Inputs[i]))];
        bool hasNumbers = region.Body.Constants.Any(used.Contains);
        if (end - first == 1 && !hasNumbers && (first == 0 || members[first].Inputs.Count == inputs.Count + 1))
        {
            Value? before = first == 0 ? null : members[first - 1].Outputs[0];
            if (first == 0 || (members[first].Inputs[0] == before && members[first].Inputs.Skip(1).SequenceEqual(inputs.Select(i => region.Body.Inputs[i]))))
            {
                return (members[first].Operator, inputs);
            }
        }

        Graph body = new(members[first].Name, region.Body.Symbols, region.Body.Edits);
        GraphBuilder builder = new(body, null);
        Dictionary<Value, Value> inner = [];
        if (first > 0)
        {
            Value before = members[first - 1].Outputs[0]!;
            inner[before] = builder.Input(before.Name, before.Type);
        }

        foreach (Value input in inputs.Select(i => region.Body.Inputs[i]))
        {
            inner[input] = builder.Input(input.Name, input.Type);
        }

        AddNumbers(region, builder, inner);
        foreach (Node member in members.Skip(first).Take(end - first))
        {
            builder.NodeName = member.Name;
            builder.Provenance = member.Provenance;
            inner[member.Outputs[0]!] = builder.CallNamed(member.Operator, [.. member.Inputs.Select(v => inner[v!])], member.Outputs[0]!.Name)[0]!;
        }

        Value last = members[end - 1].Outputs[0]!;
        builder.Output(last.Name, inner[last]);
        return (new Region(body), inputs);
    }

    private void Cut(Graph graph, Node node, Region region, int kept)
    {
        (Operator first, IReadOnlyList<int> firstInputs) = Part(region, 0, kept);
        (Operator second, IReadOnlyList<int> secondInputs) = Part(region, kept, region.Body.Nodes.Count);
        Patch patch = PatchOf(graph, node);
        patch.Builder.NodeName = string.Join("+", region.Body.Nodes.Take(kept).Select(m => m.Name));
        Value between = patch.Builder.Call(first, [.. firstInputs.Select(i => node.Inputs[i])]);
        patch.Builder.NodeName = string.Join("+", region.Body.Nodes.Skip(kept).Select(m => m.Name));
        patch.Replace(node.Outputs[0]!, patch.Builder.Call(second, [between, .. secondInputs.Select(i => node.Inputs[i])]));
        patch.Apply();
    }

    /// <summary>Multiplies the data instead of the weights.</summary>
    private void ScaleData(Graph graph, Node node, Region? region)
    {
        Patch patch = PatchOf(graph, node);
        patch.Builder.NodeName = $"{node.Name} scale";
        Value data = patch.Builder.Call(new Mul(), node.Inputs[0], node.Inputs[1]);
        patch.Builder.NodeName = node.Name;
        Operator rest = region is null ? ((ScaledConv)node.Operator).Convolution : WithoutScale(region);
        patch.Replace(node.Outputs[0]!, patch.Builder.Call(rest, [data, .. node.Inputs.Skip(2)]));
        patch.Apply();
    }

    private static Region WithoutScale(Region region)
    {
        Graph body = new(region.Body.Name, region.Body.Symbols, region.Body.Edits);
        GraphBuilder builder = new(body, null);
        Dictionary<Value, Value> inner = region.Body.Inputs.Where((_, i) => i != 1).ToDictionary(i => i, i => builder.Input(i.Name, i.Type));
        AddNumbers(region, builder, inner);
        foreach (Node member in region.Body.Nodes)
        {
            ScaledConv? scaled = member.Operator as ScaledConv;
            Operator op = scaled is null ? member.Operator : scaled.Convolution;
            IEnumerable<Value?> inputs = member.Inputs.Where((_, i) => scaled is null || i != 1);
            builder.NodeName = member.Name;
            builder.Provenance = member.Provenance;
            inner[member.Outputs[0]!] = builder.CallNamed(op, [.. inputs.Select(v => inner[v!])], member.Outputs[0]!.Name)[0]!;
        }

        builder.Output(region.Body.Outputs[0].Name, inner[region.Body.Outputs[0].Value]);
        return new(body);
    }

    private static void AddNumbers(Region region, GraphBuilder builder, Dictionary<Value, Value> inner)
    {
        foreach (Value number in region.Body.Constants)
        {
            inner[number] = builder.Constant(number.Name, number.Constant!);
        }
    }

    private Patch PatchOf(Graph graph, Node node)
    {
        Patch patch = new(Name, graph);
        patch.Builder.Provenance = node.Provenance;
        return patch;
    }

    /// <summary>Seconds in the device's layouts or row-major, whichever is less.</summary>
    private double Cost(KernelRequest request, IReadOnlyList<Value?> inputs, IReadOnlyList<Value?> outputs)
    {
        KernelRequest typical = samples.Bound(request, inputs, outputs);
        return Math.Min(chooser.Estimate(typical), chooser.Estimate(typical with { Inputs = Preferred(typical.Inputs), Outputs = Preferred(typical.Outputs) }));
    }

    private ValueList<KernelOperand> Preferred(ValueList<KernelOperand> operands) =>
        ValueList.From(operands.Select(o => o.Role == OperandRole.Activation && chooser.Backend.LayoutsOf(o.Type, o.Dims) is [var layout, ..] ? o with { Layout = layout } : o));
}
