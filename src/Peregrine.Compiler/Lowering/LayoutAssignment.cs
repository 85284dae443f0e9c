using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Tuning;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Lowering;

/// <summary>Which activations of a node lie in the backend's preferred layout instead of row-major.</summary>
[Flags]
internal enum NodeLayout
{
    RowMajor = 0,
    Inputs = 1,
    Outputs = 2,
    All = Inputs | Outputs,
}

/// <summary>
/// Decides per node whether its activations lie row-major or in the layout that the backend prefers for them, inputs and outputs for themselves. Each node's tactics say what that costs; a value
/// that a user wants otherwise than its producer leaves it costs a conversion, priced by the chooser: by a trial where it makes some. Starting from "preferred wherever possible" and from "row-major
/// everywhere", nodes change over while that lowers the sum (a local search: exact on chains up to ties, which go to the preferred layout). Where the two ends differ, each connected region of the graph
/// goes the way that is cheaper for it.
/// </summary>
internal sealed class LayoutAssignment
{
    private const int MaximumSweeps = 12;

    private static readonly NodeLayout[] Ways = [NodeLayout.All, NodeLayout.Outputs, NodeLayout.Inputs, NodeLayout.RowMajor];

    private readonly Graph _graph;
    private readonly ITacticChooser _chooser;
    private readonly SampleExtents _samples;
    private readonly Dictionary<Value, Layout> _preferred = [];
    private readonly Dictionary<Value, Layout> _overridden = [];
    // Seconds per way; infinite where no tactic goes it.
    private readonly Dictionary<Node, double[]> _costs = [];
    private readonly Dictionary<KernelRequest, double> _estimates = [];
    private readonly Dictionary<(Value Value, bool FromPreferred), double> _conversions = [];
    private Dictionary<Node, NodeLayout> _chosen = [];

    private LayoutAssignment(Graph graph, ITacticChooser chooser, SampleExtents samples) => (_graph, _chooser, _samples) = (graph, chooser, samples);

    /// <param name="samples">Typical extents, at which costs are compared where a dimension has no bound.</param>
    public static LayoutAssignment Of(Graph graph, ITacticChooser chooser, SampleExtents samples)
    {
        LayoutAssignment assignment = new(graph, chooser, samples);
        foreach (Node node in graph.Nodes)
        {
            assignment.Price(node);
        }

        assignment.Search();
        return assignment;
    }

    /// <summary>The layout in which a node reads or writes one of its values.</summary>
    public Layout LayoutOf(Node node, Value value) => LayoutOf(_chosen.GetValueOrDefault(node), node, value);

    /// <summary>Gives a value another layout wherever it lay in its preferred one: that of a part of something larger.</summary>
    public void Override(Value value, Layout layout)
    {
        _overridden.TryAdd(value, _preferred[value]);
        _preferred[value] = layout;
    }

    /// <summary>Takes <see cref="Override"/> back.</summary>
    public void Restore(Value value)
    {
        if (_overridden.Remove(value, out Layout? layout))
        {
            _preferred[value] = layout;
        }
    }

    /// <summary>Seconds that a node takes in the layouts that it has now; infinite if no tactic takes it so.</summary>
    public double Estimate(Node node) => Estimate(node, v => LayoutOf(node, v));

    /// <summary>Seconds that a copy of a value takes.</summary>
    public double Estimate(Value value, KernelRequest copy) => Estimate(copy, [value], [value]);

    /// <summary>Puts a node back to row-major.</summary>
    public void Revert(Node node) => _chosen.Remove(node);

    /// <summary>The request that converts a value.</summary>
    public static KernelRequest Conversion(KernelOperand operand, Layout from, Layout to) => new(null, [operand with { Layout = from }], [operand with { Layout = to }], new OperandExpr(0));

    private double Estimate(Node node, Func<Value, Layout> layouts) => Estimate(RequestBuilder.Of(node, _graph.Symbols, layouts), node.Inputs, node.Outputs);

    private double Estimate(KernelRequest request, IReadOnlyList<Value?> inputs, IReadOnlyList<Value?> outputs)
    {
        KernelRequest typical = _samples.Bound(request, inputs, outputs);
        if (!_estimates.TryGetValue(typical, out double seconds))
        {
            _estimates[typical] = seconds = _chooser.Estimate(typical);
        }

        return seconds;
    }

    private Layout LayoutOf(NodeLayout way, Node node, Value value) =>
        way.HasFlag(value.Producer == node ? NodeLayout.Outputs : NodeLayout.Inputs) && Preferred(value) is { } preferred ? preferred : Layout.RowMajor;

    private Layout? Preferred(Value value)
    {
        if (value.Constant is not null || value.Type is not TensorType { Shape.IsRanked: true } type || type.ElementType == DataType.String)
        {
            return null;
        }

        if (!_preferred.TryGetValue(value, out Layout? layout))
        {
            IReadOnlyList<Layout> offered = _chooser.Backend.LayoutsOf(type.ElementType, RequestBuilder.Dims(type, _graph.Symbols));
            _preferred[value] = layout = offered.Count == 0 ? Layout.RowMajor : offered[0];
        }

        return layout.IsRowMajor ? null : layout;
    }

    /// <summary>Asks the tactics about a node, where one of its activations has a preferred layout.</summary>
    private void Price(Node node)
    {
        if (node.Operator is IReshaping or DimTensor || (node.Operator is ISubgraphOperator and not IFusedOperator)
            || node.Inputs.Concat(node.Outputs).OfType<Value>().Any(v => v.Type is not TensorType { Shape.IsRanked: true } type || type.ElementType == DataType.String)
            || !node.Inputs.Concat(node.Outputs).OfType<Value>().Any(v => Preferred(v) is not null))
        {
            return;
        }

        double[] costs = new double[Ways.Length];
        for (int way = 0; way < costs.Length; way++)
        {
            costs[way] = Estimate(node, v => LayoutOf((NodeLayout)way, node, v));
        }

        if (costs.Any(double.IsFinite))
        {
            _costs[node] = costs;
        }
    }

    private void Search()
    {
        double preferred = Sweep(_costs.ToDictionary(c => c.Key, c => Ways.First(w => double.IsFinite(c.Value[(int)w]))), out Dictionary<Node, NodeLayout> fromPreferred);
        double rowMajor = Sweep(_costs.ToDictionary(c => c.Key, c => Ways.Last(w => double.IsFinite(c.Value[(int)w]))), out Dictionary<Node, NodeLayout> fromRowMajor);
        (_chosen, Dictionary<Node, NodeLayout> other) = preferred <= rowMajor ? (fromPreferred, fromRowMajor) : (fromRowMajor, fromPreferred);
        if (Mix(_chosen, other))
        {
            Sweep(_chosen, out _chosen);
        }
    }

    /// <summary>
    /// Improves a choice by another: nodes that differ and touch the same values change over together where that costs less. Such groups do not share a value, so each is judged for itself.
    /// </summary>
    private bool Mix(Dictionary<Node, NodeLayout> chosen, Dictionary<Node, NodeLayout> other)
    {
        bool changed = false;
        HashSet<Node> seen = [];
        foreach (Node first in _graph.Nodes.Where(n => chosen.TryGetValue(n, out NodeLayout way) && way != other[n]))
        {
            if (!seen.Add(first))
            {
                continue;
            }

            List<Node> group = [first];
            HashSet<Value> values = [];
            for (int i = 0; i < group.Count; i++)
            {
                foreach (Value value in group[i].Inputs.Concat(group[i].Outputs).OfType<Value>().Where(v => v.Constant is null && values.Add(v)))
                {
                    group.AddRange(value.Uses.Select(u => u.Node).Append(value.Producer).OfType<Node>().Where(n => chosen.TryGetValue(n, out NodeLayout way) && way != other[n] && seen.Add(n)));
                }
            }

            double before = Cost();
            Swap();
            if (Cost() < before)
            {
                changed = true;
            }
            else
            {
                Swap();
            }

            double Cost() => group.Sum(n => _costs[n][(int)chosen[n]]) + values.Sum(v => ConversionOf(v, chosen));

            void Swap()
            {
                foreach (Node node in group)
                {
                    (chosen[node], other[node]) = (other[node], chosen[node]);
                }
            }
        }

        return changed;
    }

    private double Sweep(Dictionary<Node, NodeLayout> start, out Dictionary<Node, NodeLayout> chosen)
    {
        chosen = start;
        Node[] nodes = [.. _graph.Nodes.Where(_costs.ContainsKey)];
        bool changed = true;
        for (int sweep = 0; sweep < MaximumSweeps && changed; sweep++)
        {
            changed = false;
            foreach (Node node in sweep % 2 == 0 ? nodes : nodes.Reverse())
            {
                NodeLayout was = chosen[node], best = was;
                double lowest = double.PositiveInfinity;
                foreach (NodeLayout way in Ways)
                {
                    if (!double.IsFinite(_costs[node][(int)way]))
                    {
                        continue;
                    }

                    chosen[node] = way;
                    double cost = _costs[node][(int)way] + Conversions(node, chosen);
                    if (cost < lowest)
                    {
                        (lowest, best) = (cost, way);
                    }
                }

                chosen[node] = best;
                changed |= best != was;
            }
        }

        double total = 0;
        foreach (Value input in _graph.Inputs)
        {
            total += ConversionOf(input, chosen);
        }

        foreach (Node node in _graph.Nodes)
        {
            total += _costs.TryGetValue(node, out double[]? costs) ? costs[(int)chosen[node]] : 0;
            foreach (Value output in node.Outputs.OfType<Value>())
            {
                total += ConversionOf(output, chosen);
            }
        }

        return total;
    }

    /// <summary>Seconds of conversions at all values that a node touches.</summary>
    private double Conversions(Node node, Dictionary<Node, NodeLayout> chosen) => node.Inputs.Concat(node.Outputs).OfType<Value>().Distinct().Sum(v => ConversionOf(v, chosen));

    /// <summary>A value is converted once, however many want it otherwise.</summary>
    private double ConversionOf(Value value, Dictionary<Node, NodeLayout> chosen)
    {
        if (Preferred(value) is not { } preferred)
        {
            return 0;
        }

        bool made = value.Producer is { } producer && chosen.GetValueOrDefault(producer).HasFlag(NodeLayout.Outputs);
        foreach (Use use in value.Uses)
        {
            if ((use.Node is { } user && chosen.GetValueOrDefault(user).HasFlag(NodeLayout.Inputs)) != made)
            {
                return ConversionSeconds(value, preferred, made);
            }
        }

        return 0;
    }

    private double ConversionSeconds(Value value, Layout preferred, bool fromPreferred)
    {
        if (!_conversions.TryGetValue((value, fromPreferred), out double seconds))
        {
            (Layout from, Layout to) = fromPreferred ? (preferred, Layout.RowMajor) : (Layout.RowMajor, preferred);
            KernelRequest request = Conversion(RequestBuilder.Operand(value, _graph.Symbols), from, to);
            _conversions[(value, fromPreferred)] = seconds = (_samples.Of([value], [value], request) is { } extents ? _chooser.Price(request, new Identity(), extents) : null) ?? Estimate(value, request);
        }

        return seconds;
    }
}
