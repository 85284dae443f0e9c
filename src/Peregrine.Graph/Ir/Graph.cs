using Peregrine.Operators;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Ir;

/// <summary>
/// A network: nodes in topological order over typed SSA values. It may be read freely; it is changed only by a <see cref="GraphBuilder"/> that adds to it
/// and by a patch. Subgraphs (bodies of If, Loop, …) are closed: what they capture from outside is passed as explicit inputs.
/// </summary>
public sealed class Graph
{
    private readonly List<Node> _nodes = [];
    private readonly List<Value> _inputs = [];
    private readonly List<Value> _constants = [];
    private readonly List<GraphOutput> _outputs = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private int _nextNode;

    /// <summary>An empty graph. A subgraph shares <paramref name="symbols"/> and <paramref name="edits"/> with the graph around it.</summary>
    public Graph(string name, SymbolTable? symbols = null, EditLog? edits = null)
    {
        Name = name;
        Symbols = symbols ?? new();
        Edits = edits ?? new();
        IsBody = edits is not null;
    }

    public string Name { get; }

    /// <summary>Whether this is the body of an operator. A body may be impossible for the shapes at hand as long as it is never run.</summary>
    public bool IsBody { get; }

    /// <summary>The symbols in the types of this graph and of its subgraphs.</summary>
    public SymbolTable Symbols { get; }

    /// <summary>Every edit since the graph was made, shared with its subgraphs.</summary>
    public EditLog Edits { get; }

    /// <summary>In topological order.</summary>
    public IReadOnlyList<Node> Nodes => _nodes;

    public IReadOnlyList<Value> Inputs => _inputs;

    public IReadOnlyList<Value> Constants => _constants;

    public IReadOnlyList<GraphOutput> Outputs => _outputs;

    /// <summary>All values: inputs, constants, node outputs.</summary>
    public IEnumerable<Value> Values => _inputs.Concat(_constants).Concat(_nodes.SelectMany(n => n.Outputs).OfType<Value>());

    /// <summary>Nodes of this graph and of all its subgraphs.</summary>
    public IEnumerable<Node> AllNodes => _nodes.SelectMany(n => n.Operator is ISubgraphOperator s ? s.Subgraphs.SelectMany(g => g.AllNodes).Prepend(n) : [n]);

    /// <summary>A value name that is free: <paramref name="hint"/>, or with a number behind it. It is taken from then on.</summary>
    public string UniqueName(string hint)
    {
        if (_names.Add(hint))
        {
            return hint;
        }

        for (int i = 1; ; i++)
        {
            string name = $"{hint}_{i}";
            if (_names.Add(name))
            {
                return name;
            }
        }
    }

    internal Value AddInput(string name, IrType type)
    {
        Value value = new(UniqueName(name), type, null, 0);
        _inputs.Add(value);
        return value;
    }

    internal Value AddConstant(string name, Constant constant)
    {
        Value value = MakeConstant(name, constant);
        _constants.Add(value);
        return value;
    }

    /// <summary>A constant value that is not yet listed in <see cref="Constants"/>.</summary>
    internal Value MakeConstant(string name, Constant constant) =>
        new(UniqueName(name), new TensorType(constant.Data.Type, Shape.Of(constant.Data.Dims)), null, 0) { Constant = constant, Contents = ValueContents.Of(constant.Data) };

    internal void ListConstant(Value value) => _constants.Add(value);

    internal void AddOutput(string name, Value value)
    {
        value.MutableUses.Add(new(null, _outputs.Count));
        _outputs.Add(new(name, value));
    }

    /// <summary>A node that is not yet in the graph: it has outputs, but its inputs don't know of it.</summary>
    internal Node MakeNode(string name, Operator op, ReadOnlySpan<Value?> inputs, ReadOnlySpan<string?> outputNames, Provenance provenance)
    {
        Node node = new(_nextNode++, name, op, inputs, provenance);
        Value?[] outputs = new Value?[outputNames.Length];
        for (int i = 0; i < outputs.Length; i++)
        {
            outputs[i] = outputNames[i] is { } output ? new(UniqueName(output), IrType.Unknown, node, i) : null;
        }

        node.Outputs = outputs;
        return node;
    }

    /// <summary>Puts a made node into the graph, before the node at <paramref name="position"/>.</summary>
    internal void InsertNode(int position, Node node)
    {
        for (int i = 0; i < node.Inputs.Count; i++)
        {
            node.Inputs[i]?.MutableUses.Add(new(node, i));
        }

        _nodes.Insert(position, node);
    }

    internal void AppendNode(Node node) => InsertNode(_nodes.Count, node);

    internal int IndexOf(Node node) => _nodes.IndexOf(node);

    /// <summary>Sends every use of <paramref name="old"/> to <paramref name="replacement"/>.</summary>
    internal void ReplaceUses(Value old, Value replacement)
    {
        foreach (Use use in old.MutableUses)
        {
            if (use.Node is { } node)
            {
                node.MutableInputs[use.Index] = replacement;
            }
            else
            {
                _outputs[use.Index] = _outputs[use.Index] with { Value = replacement };
            }

            replacement.MutableUses.Add(use);
        }

        old.MutableUses.Clear();
    }

    /// <summary>Removes a node whose outputs nobody uses, with the constants that only it used.</summary>
    internal void RemoveNode(Node node)
    {
        _nodes.Remove(node);
        node.IsRemoved = true;
        for (int i = 0; i < node.Inputs.Count; i++)
        {
            if (node.Inputs[i] is { } input)
            {
                input.MutableUses.Remove(new(node, i));
                if (input.Constant is not null && input.Uses.Count == 0)
                {
                    RemoveConstant(input);
                }
            }
        }

        foreach (Value output in node.Outputs.OfType<Value>())
        {
            _names.Remove(output.Name);
        }
    }

    internal void RemoveConstant(Value constant)
    {
        _constants.Remove(constant);
        _names.Remove(constant.Name);
    }

    internal void FreeName(string name) => _names.Remove(name);

    /// <summary>Puts the nodes into topological order, keeping the present order wherever that is possible. False, with nothing changed, if there is a cycle.</summary>
    internal bool TrySort()
    {
        Dictionary<Node, int> position = [];
        Dictionary<Node, int> waiting = [];
        PriorityQueue<Node, int> ready = new();
        for (int i = 0; i < _nodes.Count; i++)
        {
            position[_nodes[i]] = i;
            waiting[_nodes[i]] = _nodes[i].Inputs.Count(v => v?.Producer is not null);
            if (waiting[_nodes[i]] == 0)
            {
                ready.Enqueue(_nodes[i], i);
            }
        }

        List<Node> sorted = [];
        while (ready.TryDequeue(out Node? node, out _))
        {
            sorted.Add(node);
            foreach (Use use in node.Outputs.SelectMany(o => o?.Uses ?? []))
            {
                if (use.Node is { } user && --waiting[user] == 0)
                {
                    ready.Enqueue(user, position[user]);
                }
            }
        }

        if (sorted.Count < _nodes.Count)
        {
            return false;
        }

        _nodes.Clear();
        _nodes.AddRange(sorted);
        return true;
    }

    /// <summary>Gives <paramref name="value"/> the name of one that was removed.</summary>
    internal void Rename(Value value, string name)
    {
        if (_names.Add(name))
        {
            _names.Remove(value.Name);
            value.Name = name;
        }
    }

    /// <summary>Gives <paramref name="value"/> this very name; another value that bears it gets a number behind it.</summary>
    internal void TakeName(Value value, string name)
    {
        if (value.Name == name)
        {
            return;
        }

        if (!_names.Add(name) && Values.FirstOrDefault(v => v.Name == name) is { } other)
        {
            other.Name = UniqueName(name);
        }

        _names.Remove(value.Name);
        value.Name = name;
    }

    public override string ToString() => $"graph \"{Name}\": {_nodes.Count} nodes, {_inputs.Count} inputs, {_outputs.Count} outputs";
}

/// <summary>A result of the graph under the name by which callers ask for it.</summary>
public sealed record GraphOutput(string Name, Value Value);
