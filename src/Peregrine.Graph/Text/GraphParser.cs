using System.Globalization;
using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Text;

/// <summary>
/// Reads the text form that <see cref="GraphPrinter"/> writes. Types are inferred on the way; a stated one must fit the inferred one and replaces it. The type, the graph's
/// name and the names of constants may be left out. A constant without elements gets random data that depend only on its name, type and shape. The text may come from
/// anywhere: what is wrong with it is a <see cref="ModelException"/> with line and column.
/// </summary>
public sealed class GraphParser
{
    private const int MaxDepth = 32;

    private readonly TextScanner _scanner;
    private readonly OperatorCatalog _catalog;
    private readonly TypeParser _types;

    private GraphParser(string text, OperatorCatalog catalog)
    {
        _scanner = new(text);
        _catalog = catalog;
        _types = new(_scanner);
    }

    /// <summary>The graph that <paramref name="text"/> describes, with operators from <paramref name="catalog"/> (by default the standard ones).</summary>
    public static Graph Parse(string text, OperatorCatalog? catalog = null)
    {
        GraphParser parser = new(text, catalog ?? OperatorCatalog.Standard);
        Graph graph = parser.ParseGraph(null, 0);
        if (!parser._scanner.AtEnd)
        {
            throw parser._scanner.Error("nothing may follow the graph");
        }

        GraphVerifier.Verify(graph, "parsing");
        return graph;
    }

    private Graph ParseGraph(Graph? outer, int depth)
    {
        if (depth > MaxDepth)
        {
            throw _scanner.Error($"graphs nest deeper than {MaxDepth}");
        }

        if (!_scanner.TakeWord("graph"))
        {
            throw _scanner.Error("'graph' is expected here");
        }

        Graph graph = new(_scanner.Peek() == '"' ? _scanner.Quoted("a name") : "graph", outer?.Symbols, outer?.Edits);
        GraphBuilder builder = new(graph, null);
        Dictionary<string, Value> values = new(StringComparer.Ordinal);
        _scanner.Expect('(');
        while (!_scanner.Take(')'))
        {
            string name = FreeName(values);
            _scanner.Expect(':');
            values.Add(name, builder.Input(name, _types.Parse()));
            TakeSeparator(')');
        }

        if (_scanner.TakeWord("where"))
        {
            ParseSymbols(graph.Symbols);
        }

        _scanner.Expect('{');
        while (!_scanner.TakeWord("return"))
        {
            ParseNode(graph, builder, values, depth);
        }

        do
        {
            Value value = Operand(builder, values) ?? throw _scanner.Error("a result cannot be absent");
            builder.Output(_scanner.TakeWord("as") ? _scanner.Quoted("a name") : value.Name, value);
        }
        while (_scanner.Take(','));
        _scanner.Expect('}');
        return graph;
    }

    private void ParseSymbols(SymbolTable symbols)
    {
        do
        {
            string name = DimParser.TryParse(SymbolText(), out Dim dim, out _) && dim.SymbolName is { } symbol ? symbol : throw _scanner.Error("a symbol is expected here");
            _scanner.Expect('[');
            long min = Bound();
            _scanner.Expect(',');
            long max = Bound();
            _scanner.Expect(']');
            if (min < 0 || max < min)
            {
                throw _scanner.Error($"the range [{min},{max}] of {name} is not within [0,inf]");
            }

            symbols.Define(name, min, max, _scanner.TakeWord("data"));
            if (_scanner.Take('<'))
            {
                _scanner.Expect('=');
                symbols.SetBound(name, DimParser.TryParse(_scanner.Dimension(), out Dim bound, out string? error) ? bound : throw _scanner.Error($"the bound of {name} is no dimension: {error.TrimEnd('.')}"));
            }
        }
        while (_scanner.Take(','));

        string SymbolText()
        {
            string text = _scanner.Peek() == '\'' ? _scanner.Symbol() : _scanner.Word("a symbol");
            return _scanner.TakeWord("in") ? text : throw _scanner.Error("'in' is expected here");
        }

        long Bound()
        {
            string text = _scanner.Number();
            return text == "inf" ? long.MaxValue : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long bound) ? bound : throw _scanner.Error($"{text} is no bound");
        }
    }

    private void ParseNode(Graph graph, GraphBuilder builder, Dictionary<string, Value> values, int depth)
    {
        List<string?> names = [];
        do
        {
            names.Add(_scanner.TakeWord("_") ? null : FreeName(values, names));
        }
        while (_scanner.Take(','));
        _scanner.Expect('=');
        OperatorSchema schema = Schema(_scanner.Word("an operator"));
        string? nodeName = _scanner.Peek() == '"' ? _scanner.Quoted("a name") : null;
        List<Value?> inputs = [];
        _scanner.Expect('(');
        while (!_scanner.Take(')'))
        {
            inputs.Add(Operand(builder, values));
            TakeSeparator(')');
        }

        // The comment that tells the sources ends the line, whatever optional part is left out before it.
        List<string> sources = [.. _scanner.TakeSources()];
        DiagnosticBag diagnostics = new();
        AttributeBag attributes = new AttributeParser(_scanner, _types, () => ParseGraph(graph, depth + 1)).Parse(schema);
        Operator op = schema.TryCreate(attributes, diagnostics, nodeName ?? schema.Name) ?? throw new ModelException(diagnostics.Items);
        sources.AddRange(_scanner.TakeSources());
        List<IrType?> stated = StatedTypes(names.Count);
        sources.AddRange(_scanner.TakeSources());
        Provenance provenance = Provenance.Of([.. sources]);
        builder.Provenance = provenance;
        builder.NodeName = nodeName ?? GraphPrinter.DefaultNodeName(op, provenance);

        int mark = graph.Symbols.FreshNames.Count;
        IReadOnlyList<Value?> outputs = builder.CallNamed(op, [.. inputs], [.. names]);
        Adopt(graph, outputs, stated, [.. graph.Symbols.FreshNames.Skip(mark)]);
        foreach (Value output in outputs.OfType<Value>())
        {
            values.Add(output.Name, output);
        }
    }

    private List<IrType?> StatedTypes(int count)
    {
        List<IrType?> stated = [];
        if (_scanner.Take(':'))
        {
            do
            {
                stated.Add(_scanner.TakeWord("_") ? null : _types.Parse());
            }
            while (_scanner.TakeRaw(','));
            if (stated.Count != count)
            {
                throw _scanner.Error($"{stated.Count} types are stated for {count} outputs");
            }
        }

        return stated;
    }

    /// <summary>Gives outputs their stated types; fresh symbols of inference become the symbols of the text.</summary>
    private void Adopt(Graph graph, IReadOnlyList<Value?> outputs, List<IrType?> stated, HashSet<string> fresh)
    {
        Dictionary<string, Dim> renamed = new(StringComparer.Ordinal);
        for (int i = 0; i < stated.Count; i++)
        {
            if (outputs[i] is not { } output || stated[i] is not { } type)
            {
                continue;
            }

            if (!TypeRefinement.CanStandFor(type, output.Type))
            {
                throw _scanner.Error("PG1202", $"{output.Producer} makes {output.Type} as output {i}, not {type}");
            }

            if (output.Tensor is { Shape.IsRanked: true } inferred && type is TensorType { Shape.IsRanked: true } wanted)
            {
                foreach ((Dim from, Dim to) in inferred.Shape.Zip(wanted.Shape))
                {
                    if (from.SymbolName is { } name && fresh.Contains(name) && from != to)
                    {
                        renamed[name] = to;
                    }
                }
            }

            output.Type = type;
        }

        if (renamed.Count > 0)
        {
            foreach (Value output in outputs.OfType<Value>())
            {
                output.Contents = output.Contents is { } contents ? [.. contents.Select(d => d.Substitute(s => renamed.TryGetValue(s, out Dim to) ? to : null))] : null;
            }
        }

        foreach (string name in renamed.Where(r => r.Value.SymbolName != r.Key).Select(r => r.Key))
        {
            graph.Symbols.Forget(name);
        }
    }

    /// <summary>A value that exists, a constant, or null for an absent one.</summary>
    private Value? Operand(GraphBuilder builder, Dictionary<string, Value> values)
    {
        if (_scanner.TakeWord("_"))
        {
            return null;
        }

        string? name = null;
        if (_scanner.Peek() == '%')
        {
            name = _scanner.Name();
            if (_scanner.PeekRaw() != '@')
            {
                return values.GetValueOrDefault(name) ?? throw _scanner.Error($"%{name} is not made before");
            }

            if (values.ContainsKey(name))
            {
                throw _scanner.Error($"there is already a value %{name}");
            }
        }

        Tensor data = new ConstantParser(_scanner, _types).Parse(name ?? $"const{values.Count}");
        Value constant = builder.Constant(name ?? "const", data);
        values[constant.Name] = constant;
        return constant;
    }

    private OperatorSchema Schema(string fullName)
    {
        int dot = fullName.LastIndexOf('.');
        string domain = dot < 0 ? "" : fullName[..dot], name = fullName[(dot + 1)..];
        return _catalog.Find(domain, name) ?? throw _scanner.Error("PG1203", $"there is no operator {fullName}{(_catalog.Similar(name) is { } similar ? $"; did you mean {similar}?" : "")}");
    }

    private string FreeName(Dictionary<string, Value> values, List<string?>? others = null)
    {
        string name = _scanner.Name();
        return values.ContainsKey(name) || others?.Contains(name) == true ? throw _scanner.Error($"there is already a value %{name}") : name;
    }

    private void TakeSeparator(char end)
    {
        if (!_scanner.Take(',') && _scanner.Peek() != end)
        {
            throw _scanner.Error($"',' or '{end}' is expected here");
        }
    }
}
