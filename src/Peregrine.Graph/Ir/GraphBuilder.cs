using Peregrine.Diagnostics;
using Peregrine.Operators;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Ir;

/// <summary>
/// Builds a network, or the replacement that a patch puts into one. Types are inferred as nodes are added; what cannot be inferred throws a <see cref="ModelException"/>
/// (or, for an importer, lands in its <see cref="DiagnosticBag"/>).
/// <code>
/// GraphBuilder g = new("mlp");
/// Value x = g.Input("x", DataType.Float32, ["N", 4]);
/// Value y = g.Call(new Relu(), g.Call(new MatMul(), x, g.Constant("w", weights)));
/// g.Output("y", y);
/// Graph graph = g.Build();
/// </code>
/// </summary>
public sealed class GraphBuilder
{
    private readonly bool _staged;
    private readonly DiagnosticBag? _diagnostics;
    private readonly List<Node> _stagedNodes = [];
    private readonly List<Value> _stagedConstants = [];

    /// <summary>Builds a new graph.</summary>
    public GraphBuilder(string name)
        : this(new Graph(name), null)
    {
    }

    /// <summary>Adds to a graph; problems go into <paramref name="diagnostics"/> if there is one.</summary>
    public GraphBuilder(Graph graph, DiagnosticBag? diagnostics)
    {
        Graph = graph;
        _diagnostics = diagnostics;
    }

    /// <summary>Collects nodes for a patch of <paramref name="graph"/>, which stays as it is until the patch is applied.</summary>
    internal GraphBuilder(Graph graph, bool staged)
    {
        Graph = graph;
        _staged = staged;
    }

    public Graph Graph { get; }

    /// <summary>What the nodes added from now on come from.</summary>
    public Provenance Provenance { get; set; } = Provenance.None;

    /// <summary>The name of the nodes added from now on; by default the operator's name.</summary>
    public string? NodeName { get; set; }

    internal IReadOnlyList<Node> StagedNodes => _stagedNodes;

    internal IReadOnlyList<Value> StagedConstants => _stagedConstants;

    public Value Input(string name, IrType type)
    {
        if (type is TensorType { Shape.IsRanked: true } tensor)
        {
            foreach (string symbol in tensor.Shape.SelectMany(d => d.Symbols))
            {
                Graph.Symbols.Define(symbol);
            }
        }

        return Graph.AddInput(name, type);
    }

    /// <summary>A tensor input; a text in <paramref name="dims"/> is a symbol, e.g. <c>["N", 3, 224, 224]</c>.</summary>
    public Value Input(string name, DataType type, params ReadOnlySpan<Extent> dims)
    {
        Dim[] shape = new Dim[dims.Length];
        for (int i = 0; i < shape.Length; i++)
        {
            shape[i] = dims[i].Dim;
        }

        return Input(name, new TensorType(type, Shape.Create(shape)));
    }

    public Value Constant(string name, Tensor data) => Constant(name, new Constant(name, data));

    public Value Constant(string name, Constant constant)
    {
        if (!_staged)
        {
            return Graph.AddConstant(name, constant);
        }

        Value value = Graph.MakeConstant(name, constant);
        _stagedConstants.Add(value);
        return value;
    }

    /// <summary>An int64 vector as a constant; the usual form of axes, shapes and pads.</summary>
    public Value Constant(string name, params ReadOnlySpan<long> values) => Constant(name, Tensor.Vector(values));

    /// <summary>Adds a node with one output and returns it.</summary>
    public Value Call(Operator op, params ReadOnlySpan<Value?> inputs) => CallMany(op, inputs, 1)[0]!;

    /// <summary>Adds a node with <paramref name="outputCount"/> outputs.</summary>
    public IReadOnlyList<Value?> CallMany(Operator op, ReadOnlySpan<Value?> inputs, int outputCount)
    {
        string[] names = new string[outputCount];
        string hint = NodeName ?? op.Definition.Name;
        for (int i = 0; i < outputCount; i++)
        {
            names[i] = outputCount == 1 ? $"{hint}.out" : $"{hint}.out{i}";
        }

        return CallNamed(op, inputs, names);
    }

    /// <summary>Adds a node with outputs of these names (made unique); null leaves an optional output out.</summary>
    public IReadOnlyList<Value?> CallNamed(Operator op, ReadOnlySpan<Value?> inputs, params ReadOnlySpan<string?> outputNames)
    {
        int count = inputs.Length;
        while (count > 0 && inputs[count - 1] is null)
        {
            count--;
        }

        Node node = Graph.MakeNode(NodeName ?? op.Definition.Name, op, inputs[..count], outputNames, Provenance);
        if (_staged)
        {
            _stagedNodes.Add(node);
        }
        else
        {
            Graph.AppendNode(node);
        }

        DiagnosticBag diagnostics = _diagnostics ?? new();
        TypeInference.Infer(node, Graph.Symbols, diagnostics);
        if (_diagnostics is null)
        {
            diagnostics.ThrowIfErrors();
        }

        return node.Outputs;
    }

    /// <summary>Gives <paramref name="value"/> this very name; another value that bears it (a generated one, say) gets a number behind it.</summary>
    public void Rename(Value value, string name) => Graph.TakeName(value, name);

    /// <summary>Makes <paramref name="value"/> a result of the graph.</summary>
    public void Output(string name, Value value) => Graph.AddOutput(name, value);

    /// <summary>The finished graph, verified.</summary>
    public Graph Build()
    {
        GraphVerifier.Verify(Graph);
        return Graph;
    }
}

/// <summary>A dimension as it is written in calls: a number, a symbol's name or a <see cref="Symbolics.Dim"/>.</summary>
public readonly record struct Extent(Dim Dim)
{
    public static implicit operator Extent(int value) => new((Dim)value);

    public static implicit operator Extent(long value) => new((Dim)value);

    public static implicit operator Extent(string symbol) => new(Dim.Symbol(symbol));

    public static implicit operator Extent(Dim dim) => new(dim);
}
