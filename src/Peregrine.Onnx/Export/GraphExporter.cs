using Peregrine.Ir;
using Peregrine.Onnx.Wire;
using Peregrine.Operators;
using Peregrine.Symbolics;

namespace Peregrine.Onnx.Export;

/// <summary>Writes one graph: the main graph or a body.</summary>
/// <param name="around">The exporter of the graph around a body; null for the main graph.</param>
internal sealed class GraphExporter(ExportContext context, Graph graph, GraphExporter? around, int depth)
{
    /// <summary>As deep as an importer would follow.</summary>
    private const int MaxDepth = 64;

    private readonly Dictionary<Value, string> _names = [];
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private readonly HashSet<string> _nodeNames = new(StringComparer.Ordinal);
    private readonly Dictionary<Constant, string> _constants = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<string, (string Value, int Axis)> _symbols = new(StringComparer.Ordinal);
    private readonly List<OnnxNodeProto> _nodes = [];
    private readonly List<OnnxTensorProto> _initializers = [];

    public OnnxGraphProto ExportMain()
    {
        foreach (Value input in graph.Inputs)
        {
            Name(input, input.Name);
        }

        HashSet<string> outputs = new(StringComparer.Ordinal);
        foreach (GraphOutput output in graph.Outputs)
        {
            if (!outputs.Add(output.Name) || graph.Inputs.Any(i => i.Name == output.Name && i != output.Value))
            {
                context.Diagnostics.Error("PG2081", $"Output \"{output.Name}\" has the name of another output or of an input, which ONNX does not allow.", suggestion: "Rename one of them.");
            }
        }

        // A value bears the name of an output that it is: its own, if it is one, or else the first.
        foreach (GraphOutput output in graph.Outputs.OrderBy(o => o.Name != o.Value.Name))
        {
            if (!_names.ContainsKey(output.Value))
            {
                Name(output.Value, output.Name);
            }
        }

        _taken.UnionWith(outputs);
        ExportContents();
        List<OnnxValueInfoProto> results = [];
        foreach (GraphOutput output in graph.Outputs)
        {
            if (_names[output.Value] != output.Name)
            {
                Add(new() { OperatorType = "Identity", Name = output.Name, Inputs = [_names[output.Value]], Outputs = [output.Name] });
            }

            results.Add(TypeExporter.Named(output.Name, output.Value.Type, d => d.SymbolName is { } symbol && graph.Symbols.Find(symbol) is not { IsDataDependent: true } ? symbol : ""));
        }

        return Finish([.. graph.Inputs.Select(i => TypeExporter.Named(_names[i], i.Type, d => d.SymbolName ?? ""))], results);
    }

    /// <param name="captures">The values of the graph around this body that its last inputs stand for.</param>
    private OnnxGraphProto ExportBody(IReadOnlyList<Value?> captures)
    {
        int formals = graph.Inputs.Count - captures.Count;
        for (int i = 0; i < captures.Count; i++)
        {
            _names[graph.Inputs[formals + i]] = captures[i] is { } captured ? around!._names[captured] : "";
        }

        foreach (Value input in graph.Inputs.Take(formals))
        {
            Name(input, input.Name);
        }

        ExportContents();
        HashSet<string> outputs = new(StringComparer.Ordinal);
        List<OnnxValueInfoProto> results = [];
        foreach (GraphOutput output in graph.Outputs)
        {
            string name = _names[output.Value];
            // A body may not give a value of the graph around it, nor the same value twice.
            if (!_taken.Contains(name) || !outputs.Add(name))
            {
                string copy = context.UniqueName(output.Name);
                Add(new() { OperatorType = "Identity", Name = copy, Inputs = [name], Outputs = [copy] });
                name = copy;
            }

            results.Add(TypeExporter.Named(name, output.Value.Type, _ => ""));
        }

        return Finish([.. graph.Inputs.Take(formals).Select(i => TypeExporter.Named(_names[i], i.Type, _ => ""))], results);
    }

    private OnnxGraphProto Finish(IReadOnlyList<OnnxValueInfoProto> inputs, IReadOnlyList<OnnxValueInfoProto> outputs) => new()
    {
        Name = graph.Name.Length > 0 ? graph.Name : "main",
        Inputs = inputs,
        Outputs = outputs,
        Nodes = _nodes,
        Initializers = _initializers,
    };

    private void ExportContents()
    {
        foreach (Value constant in graph.Constants)
        {
            // What the importer copied into a body is shared again.
            if (around?.FindConstant(constant.Constant!) is { } name)
            {
                _names[constant] = name;
                continue;
            }

            Name(constant, constant.Name);
            _constants.TryAdd(constant.Constant!, _names[constant]);
            _initializers.Add(TensorEncoder.Encode(constant.Constant!.Data, _names[constant]));
        }

        // All names first: a name inside of a body must differ from every name around it, also from those that come later.
        foreach (Value output in graph.Nodes.SelectMany(n => n.Outputs).OfType<Value>())
        {
            Name(output, output.Name);
        }

        foreach (Value input in graph.Inputs)
        {
            FindSymbols(input);
        }

        foreach (Node node in graph.Nodes)
        {
            ExportNode(node);
            foreach (Value output in node.Outputs.OfType<Value>())
            {
                FindSymbols(output);
            }
        }
    }

    private void ExportNode(Node node)
    {
        OperatorSchema schema = node.Operator.Definition;
        if (node.Operator is DimTensor dims)
        {
            new DimExporter(context, Add, FindSymbol).Export(dims, node.Name, _names[node.Outputs[0]!]);
            return;
        }

        if (schema.Domain == DimTensor.Schema.Domain)
        {
            context.Diagnostics.Error("PG2080", $"{node} is an operator of Peregrine's own, which ONNX cannot express.", suggestion: "Export the graph before it is optimized.");
            return;
        }

        IReadOnlyList<Value?> inputs = node.Inputs, captures = [];
        if (node.Operator is ISubgraphOperator control)
        {
            if (depth >= MaxDepth)
            {
                context.Diagnostics.Error("PG2034", $"{node}: bodies are nested more than {MaxDepth} deep.", suggestion: "Simplify the model's control flow.");
                return;
            }

            (int first, int count) = Captures(control, node);
            captures = [.. Enumerable.Range(first, count).Select(i => i < node.Inputs.Count ? node.Inputs[i] : null)];
            inputs = [.. node.Inputs.Take(first)];
        }

        context.Require(schema.Domain, schema.SinceOf(node.Operator, i => i < inputs.Count && inputs[i] is not null));
        Add(new()
        {
            OperatorType = schema.Name,
            Domain = schema.Domain,
            Name = node.Name,
            Inputs = Trimmed([.. inputs.Select(v => v is null ? "" : _names[v])]),
            Outputs = [.. node.Outputs.Select(v => v is null ? "" : _names[v])],
            Attributes = AttributeExporter.Export(node.Operator, body => new GraphExporter(context, body, this, depth + 1).ExportBody(captures)),
        });
    }

    /// <summary>The place of a node's first captured input, and how many there are.</summary>
    private static (int First, int Count) Captures(ISubgraphOperator control, Node node)
    {
        OperatorSchema schema = node.Operator.Definition;
        if (schema.Attributes.Any(a => a.Name == ISubgraphOperator.CaptureCountAttribute))
        {
            int count = (int)schema.Describe(node.Operator).Int(ISubgraphOperator.CaptureCountAttribute, 0);
            return (control.Subgraphs[0].Inputs.Count - count, count);
        }

        // The operator's own inputs are fixed in number; those of an If's branches are all captures.
        int first = schema.InputFormals.Count(f => !f.IsVariadic);
        return (first, control is If ? control.Subgraphs[0].Inputs.Count : Math.Max(0, node.Inputs.Count - first));
    }

    private static List<string> Trimmed(List<string> names)
    {
        while (names.Count > 0 && names[^1].Length == 0)
        {
            names.RemoveAt(names.Count - 1);
        }

        return names;
    }

    private void Add(OnnxNodeProto node)
    {
        // ONNX Runtime refuses two nodes of one name.
        string name = node.Name;
        for (int i = 1; name.Length > 0 && !_nodeNames.Add(name); i++)
        {
            name = $"{node.Name}_{i}";
        }

        node.Name = name;
        _nodes.Add(node);
        foreach (string output in node.Outputs)
        {
            _taken.Add(output);
            context.Remember(output);
        }
    }

    /// <summary>Gives a value a name that differs from all others in this graph and around it; the hint, if that is free.</summary>
    private void Name(Value value, string hint)
    {
        if (_names.ContainsKey(value))
        {
            return;
        }

        string name = hint;
        if (name.Length == 0 || IsTaken(name))
        {
            name = context.UniqueName(hint.Length == 0 ? "value" : hint);
        }

        context.Remember(name);
        _names[value] = name;
        _taken.Add(name);
    }

    private bool IsTaken(string name) => _taken.Contains(name) || around?.IsTaken(name) == true;

    private string? FindConstant(Constant constant) => _constants.GetValueOrDefault(constant) ?? around?.FindConstant(constant);

    private (string Value, int Axis)? FindSymbol(string symbol) => _symbols.TryGetValue(symbol, out (string, int) found) ? found : around?.FindSymbol(symbol);

    /// <summary>Remembers which symbols can be read from a value's shape from now on.</summary>
    private void FindSymbols(Value value)
    {
        if (value.Type is TensorType { Shape: { IsRanked: true } shape } && _names[value].Length > 0)
        {
            for (int axis = 0; axis < shape.Rank; axis++)
            {
                if (shape[axis].SymbolName is { } symbol)
                {
                    _symbols.TryAdd(symbol, (_names[value], axis));
                }
            }
        }
    }
}
