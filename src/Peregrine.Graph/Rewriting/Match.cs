using Peregrine.Ir;
using Peregrine.Operators;

namespace Peregrine.Rewriting;

/// <summary>Where a pattern fits: the values of its variables, the operators of its captures, the nodes that it covers.</summary>
public sealed class Match
{
    private readonly Dictionary<Var, Value> _values;
    private readonly Dictionary<object, Node> _captures;

    internal Match(Graph graph, Node root, Dictionary<Var, Value> values, Dictionary<object, Node> captures, IReadOnlyList<Node> nodes)
    {
        Graph = graph;
        Root = root;
        _values = values;
        _captures = captures;
        Nodes = nodes;
    }

    public Graph Graph { get; }

    /// <summary>The node whose outputs are replaced.</summary>
    public Node Root { get; }

    /// <summary>The root's first output.</summary>
    public Value Output => Root.Outputs[0]!;

    /// <summary>Every node that the pattern covers, the root first.</summary>
    public IReadOnlyList<Node> Nodes { get; }

    /// <summary>What a variable matched.</summary>
    public Value this[Var variable] => _values[variable];

    /// <summary>What a variable in an optional place matched, or null.</summary>
    public Value? Find(Var variable) => _values.GetValueOrDefault(variable);

    /// <summary>The captured operator.</summary>
    public TOperator Get<TOperator>(Capture<TOperator> capture) where TOperator : Operator => (TOperator)_captures[capture].Operator;

    /// <summary>The node of a captured operator.</summary>
    public Node NodeOf<TOperator>(Capture<TOperator> capture) where TOperator : Operator => _captures[capture];
}

/// <summary>Bindings while a pattern is tried; each is undone when what follows it fails.</summary>
internal sealed class MatchState
{
    private readonly Dictionary<Var, Value> _values = [];
    private readonly Dictionary<object, Node> _captures = [];
    private readonly List<Node> _nodes = [];

    /// <summary>The last condition that failed where the structure fitted; null if there was none.</summary>
    public string? Missed { get; private set; }

    public void Miss(string reason) => Missed = reason;

    public bool Bind(Var variable, Value value, Func<bool> next)
    {
        if (_values.TryGetValue(variable, out Value? bound))
        {
            return bound == value && next();
        }

        _values.Add(variable, value);
        if (next())
        {
            return true;
        }

        _values.Remove(variable);
        return false;
    }

    public bool Enter(Node node, object? capture, Func<bool> next)
    {
        if (capture is not null)
        {
            _captures[capture] = node;
        }

        _nodes.Add(node);
        if (next())
        {
            return true;
        }

        _nodes.RemoveAt(_nodes.Count - 1);
        return false;
    }

    public Match ToMatch(Graph graph, Node root) => new(graph, root, _values, _captures, _nodes);
}
