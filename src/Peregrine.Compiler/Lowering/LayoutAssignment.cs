using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Tuning;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Lowering;

/// <summary>
/// Decides per node whether its activations lie row-major or in the layout that the backend prefers for them. Each node's tactics say what either costs; a value that a user wants otherwise than its
/// producer leaves it costs a conversion. Starting from "preferred wherever possible" and from "row-major everywhere", nodes change over while that lowers the sum (a local search: exact on
/// chains up to ties, which go to the preferred layout); the cheaper end wins.
/// </summary>
internal sealed class LayoutAssignment
{
    // What copying a tensor into another layout achieves; until conversions are measured it only has to rank them against kernels.
    private const double ConversionBytesPerSecond = 8e9;
    private const int MaximumSweeps = 12;

    private readonly Graph _graph;
    private readonly ITacticChooser _chooser;
    private readonly Dictionary<Value, Layout> _preferred = [];
    private readonly Dictionary<Node, (double RowMajor, double Preferred)> _costs = [];
    private readonly HashSet<Node> _chosen = [];

    private LayoutAssignment(Graph graph, ITacticChooser chooser) => (_graph, _chooser) = (graph, chooser);

    public static LayoutAssignment Of(Graph graph, ITacticChooser chooser)
    {
        LayoutAssignment assignment = new(graph, chooser);
        foreach (Node node in graph.Nodes)
        {
            assignment.Price(node);
        }

        assignment.Search();
        return assignment;
    }

    /// <summary>The layout in which a node reads or writes one of its values.</summary>
    public Layout LayoutOf(Node node, Value value) => _chosen.Contains(node) && Preferred(value) is { } preferred ? preferred : Layout.RowMajor;

    /// <summary>Puts a node back to row-major.</summary>
    public void Revert(Node node) => _chosen.Remove(node);

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

    /// <summary>Asks the tactics about a node whose results have one rank with some of its activations.</summary>
    private void Price(Node node)
    {
        if (node.Operator is IReshaping or DimTensor || (node.Operator is ISubgraphOperator and not Region)
            || node.Inputs.Concat(node.Outputs).OfType<Value>().Any(v => v.Type is not TensorType { Shape.IsRanked: true } type || type.ElementType == DataType.String)
            || !node.Inputs.Concat(node.Outputs).OfType<Value>().Any(v => Preferred(v) is not null))
        {
            return;
        }

        double preferred = _chooser.Estimate(RequestBuilder.Of(node, _graph.Symbols, v => Preferred(v) ?? Layout.RowMajor));
        if (!double.IsPositiveInfinity(preferred))
        {
            _costs[node] = (_chooser.Estimate(RequestBuilder.Of(node, _graph.Symbols)), preferred);
        }
    }

    private void Search()
    {
        double preferred = Sweep([.. _costs.Keys], out HashSet<Node> fromPreferred), rowMajor = Sweep([], out HashSet<Node> fromRowMajor);
        _chosen.UnionWith(preferred <= rowMajor ? fromPreferred : fromRowMajor);
    }

    private double Sweep(HashSet<Node> start, out HashSet<Node> chosen)
    {
        chosen = start;
        Node[] nodes = [.. _graph.Nodes.Where(_costs.ContainsKey)];
        bool changed = true;
        for (int sweep = 0; sweep < MaximumSweeps && changed; sweep++)
        {
            changed = false;
            foreach (Node node in sweep % 2 == 0 ? nodes : nodes.Reverse())
            {
                (double rowMajor, double preferred) = _costs[node];
                bool was = chosen.Contains(node);
                chosen.Remove(node);
                double asRowMajor = rowMajor + Conversions(node, chosen);
                chosen.Add(node);
                double asPreferred = preferred + Conversions(node, chosen);
                bool stays = asPreferred <= asRowMajor;
                if (!stays)
                {
                    chosen.Remove(node);
                }

                changed |= stays != was;
            }
        }

        double total = 0;
        foreach (Node node in _graph.Nodes)
        {
            if (_costs.TryGetValue(node, out (double RowMajor, double Preferred) cost))
            {
                total += chosen.Contains(node) ? cost.Preferred : cost.RowMajor;
            }

            foreach (Value output in node.Outputs.OfType<Value>())
            {
                total += ConversionOf(output, chosen);
            }
        }

        foreach (Value input in _graph.Inputs)
        {
            total += ConversionOf(input, chosen);
        }

        return total;
    }

    /// <summary>Seconds of conversions at all values that a node touches.</summary>
    private double Conversions(Node node, HashSet<Node> chosen) => node.Inputs.Concat(node.Outputs).OfType<Value>().Distinct().Sum(v => ConversionOf(v, chosen));

    /// <summary>A value is converted once, however many want it otherwise.</summary>
    private double ConversionOf(Value value, HashSet<Node> chosen)
    {
        if (Preferred(value) is null)
        {
            return 0;
        }

        bool made = value.Producer is { } producer && chosen.Contains(producer);
        foreach (Use use in value.Uses)
        {
            if ((use.Node is { } user && chosen.Contains(user)) != made)
            {
                return Bytes(value) / ConversionBytesPerSecond;
            }
        }

        return 0;
    }

    private double Bytes(Value value)
    {
        const long Guess = 64;
        TensorType type = value.Tensor!;
        return RequestBuilder.Dims(type, _graph.Symbols).Aggregate(2.0 * type.ElementType.Bits() / 8, (product, d) => product * (d.IsStatic ? d.Min : Math.Clamp(d.Max, d.Min, Math.Max(d.Min, Guess))));
    }
}
