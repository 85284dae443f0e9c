using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Format;

/// <summary>
/// Graphs that operators hold as bodies. Values are numbered in the order inputs, constants, node outputs; a node refers only to values before it, so a graph that was read is
/// in topological order. Graphs that shared a symbol table share one again.
/// </summary>
internal static class GraphCodec
{
    public static void Write(StructureWriter w, Graph graph)
    {
        w.Enter();
        Dictionary<Value, int> numbers = new(ReferenceEqualityComparer.Instance);
        w.Text(graph.Name);
        w.SymbolTable(graph.Symbols);
        w.Bytes.WriteCount(graph.Inputs.Count);
        foreach (Value input in graph.Inputs)
        {
            w.Text(input.Name);
            w.Type(input.Type);
            numbers.Add(input, numbers.Count);
        }

        w.Bytes.WriteCount(graph.Constants.Count);
        foreach (Value constant in graph.Constants)
        {
            w.Text(constant.Name);
            w.Constant(constant.Constant!);
            numbers.Add(constant, numbers.Count);
        }

        w.Bytes.WriteCount(graph.Nodes.Count);
        foreach (Node node in graph.Nodes)
        {
            WriteNode(w, node, numbers);
        }

        w.Bytes.WriteCount(graph.Outputs.Count);
        foreach (GraphOutput output in graph.Outputs)
        {
            w.Text(output.Name);
            w.Bytes.WriteUnsigned((ulong)numbers[output.Value]);
        }

        w.Leave();
    }

    public static Graph Read(StructureReader r)
    {
        r.Bytes.Enter();
        string name = r.Text();
        Symbolics.SymbolTable symbols = r.SymbolTable();
        Graph graph = new(name, symbols, r.EditsOf(symbols));
        List<Value> values = [];
        for (int count = r.Bytes.ReadCount(2); count > 0; count--)
        {
            string input = r.Text();
            IrType type = r.Type();
            values.Add(Named(r, input, graph.AddInput(input, type)));
        }

        for (int count = r.Bytes.ReadCount(2); count > 0; count--)
        {
            string constant = r.Text();
            values.Add(Named(r, constant, graph.AddConstant(constant, r.Constant())));
        }

        for (int count = r.Bytes.ReadCount(6); count > 0; count--)
        {
            ReadNode(r, graph, values);
        }

        for (int count = r.Bytes.ReadCount(2); count > 0; count--)
        {
            string output = r.Text();
            graph.AddOutput(output, values[r.Bytes.ReadIndex(values.Count, "a value of a graph")]);
        }

        r.Bytes.Leave();
        return graph;
    }

    private static void WriteNode(StructureWriter w, Node node, Dictionary<Value, int> numbers)
    {
        w.Text(node.Name);
        w.Texts(Texts.From(node.Provenance.Sources));
        OperatorCodec.Write(w, node.Operator);
        w.Bytes.WriteCount(node.Inputs.Count);
        foreach (Value? input in node.Inputs)
        {
            w.Bytes.WriteUnsigned(input is null ? 0 : (ulong)numbers[input] + 1);
        }

        w.Bytes.WriteCount(node.Outputs.Count);
        foreach (Value? output in node.Outputs)
        {
            w.Bytes.WriteBoolean(output is not null);
            if (output is not null)
            {
                w.Text(output.Name);
                w.Type(output.Type);
                w.Bytes.WriteBoolean(output.Contents is not null);
                if (output.Contents is { } contents)
                {
                    w.Dims(contents);
                }

                numbers.Add(output, numbers.Count);
            }
        }
    }

    private static void ReadNode(StructureReader r, Graph graph, List<Value> values)
    {
        string name = r.Text();
        Provenance provenance = Provenance.Of(r.Texts().AsSpan());
        Operator op = OperatorCodec.Read(r);
        Value?[] inputs = new Value?[r.Bytes.ReadCount(1)];
        for (int i = 0; i < inputs.Length; i++)
        {
            int reference = r.Bytes.ReadIndex(values.Count + 1, "a value of a graph");
            inputs[i] = reference == 0 ? null : values[reference - 1];
        }

        int count = r.Bytes.ReadCount(1);
        string?[] names = new string?[count];
        IrType[] types = new IrType[count];
        Symbolics.Dim[]?[] contents = new Symbolics.Dim[]?[count];
        HashSet<string> seen = new(StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            if (r.Bytes.ReadBoolean())
            {
                string output = r.Text();
                names[i] = seen.Add(output) ? output : throw r.Error($"two outputs of a node are named \"{output}\"");
                types[i] = r.Type();
                contents[i] = r.Bytes.ReadBoolean() ? r.Dims() : null;
            }
        }

        Node node = graph.MakeNode(name, op, inputs, names, provenance);
        graph.AppendNode(node);
        for (int i = 0; i < count; i++)
        {
            if (node.Outputs[i] is { } output)
            {
                Named(r, names[i]!, output);
                output.Type = types[i];
                output.Contents = contents[i];
                values.Add(output);
            }
        }
    }

    private static Value Named(StructureReader r, string name, Value value) =>
        value.Name == name ? value : throw r.Error($"two values of a graph are named \"{name}\"");
}
