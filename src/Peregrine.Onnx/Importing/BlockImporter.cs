using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Onnx.Wire;
using Peregrine.Operators;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Onnx.Importing;

/// <summary>Imports a list of nodes (of a graph, a body or a function) into a graph. A node that fails is reported; those that depend on it are passed over silently.</summary>
internal sealed class BlockImporter(ImportContext context, GraphBuilder builder, NameScope scope, ImportEnvironment environment)
{
    private readonly DiagnosticBag _diagnostics = context.Diagnostics;

    /// <param name="where">What messages call the list.</param>
    /// <param name="declared">Declared types of inner values, to be checked against inference.</param>
    public void Import(IReadOnlyList<OnnxNodeProto> nodes, string where, IReadOnlyDictionary<string, OnnxTypeProto> declared)
    {
        IReadOnlyList<int> order = NodeOrder.Sort(nodes, context.FreeNames, where, i => NameOf(nodes[i], i), n => scope.Find(n) is not null, _diagnostics);
        if (order.Count < nodes.Count)
        {
            HashSet<int> sorted = [.. order];
            for (int i = 0; i < nodes.Count; i++)
            {
                if (!sorted.Contains(i))
                {
                    BindOutputs(nodes[i], NameOf(nodes[i], i), null, declared);
                }
            }
        }

        foreach (int index in order)
        {
            ImportNode(nodes[index], NameOf(nodes[index], index), declared);
        }
    }

    /// <summary>The value that a name stands for in this block: null for an absent one; false if it is not defined (which is reported) or broken.</summary>
    public bool TryResolve(string name, string user, out Value? value)
    {
        value = null;
        switch (name.Length == 0 ? Binding.Absent : scope.Find(name))
        {
            case Binding.Known known:
                value = known.Value;
                return true;
            case Binding.Deferred deferred when deferred.Source.Get(_diagnostics) is { } constant:
                value = builder.Constant(environment.Prefix + name, constant);
                scope.Replace(name, new Binding.Known(value));
                return true;
            case null:
                _diagnostics.Error("PG2032", $"{user} uses \"{name}\", which nothing defines.", suggestion: "The model is incomplete, or the name is misspelt.");
                scope.Replace(name, Binding.Broken);
                return false;
            case { } other:
                return other == Binding.Absent;
        }
    }

    /// <summary>A constant that this block has not needed so far; null if the name stands for anything else.</summary>
    public Binding.Deferred? FindDeferred(string name) => scope.Find(name) as Binding.Deferred;

    private string NameOf(OnnxNodeProto node, int index) => environment.Prefix + (node.Name.Length > 0 ? node.Name : $"{node.OperatorType}_{index}");

    private void ImportNode(OnnxNodeProto node, string name, IReadOnlyDictionary<string, OnnxTypeProto> declared)
    {
        context.NodeCount++;
        int before = _diagnostics.Items.Count;
        IReadOnlyList<Binding>? outputs = null;
        try
        {
            outputs = Convert(node, name);
        }
        catch (ModelException e)
        {
            foreach (Diagnostic diagnostic in e.Diagnostics)
            {
                _diagnostics.Add(diagnostic);
            }
        }
        catch (Exception e) when (e is OverflowException or DimException or DivideByZeroException)
        {
            _diagnostics.Error("PG2104", $"{node.OperatorType} \"{name}\": its dimensions cannot be computed ({e.Message}).");
        }

        IReadOnlyList<Diagnostic> errors = context.ErrorsSince(before);
        if (errors.Count > 0)
        {
            outputs = null;
            // A call is not unsupported because a node inside it is: that one is listed already.
            if (context.Functions.Find(node) is null)
            {
                string domain = OpsetTable.Normalize(node.Domain);
                context.Unsupported.Add(new(name, node.OperatorType, domain, environment.Opsets.GetValueOrDefault(domain), errors));
            }
        }

        BindOutputs(node, name, outputs, declared);
    }

    private void BindOutputs(OnnxNodeProto node, string name, IReadOnlyList<Binding>? outputs, IReadOnlyDictionary<string, OnnxTypeProto> declared)
    {
        for (int i = 0; i < node.Outputs.Count; i++)
        {
            string output = node.Outputs[i];
            if (output.Length == 0)
            {
                continue;
            }

            Binding binding = outputs is not null && i < outputs.Count ? outputs[i] : Binding.Broken;
            if (!scope.TryBind(output, binding))
            {
                if (scope.Find(output) == Binding.Broken && binding != Binding.Broken)
                {
                    // An undefined name was used before: reported then.
                    scope.Replace(output, binding);
                    continue;
                }

                _diagnostics.Error("PG2033", $"{node.OperatorType} \"{name}\" defines \"{output}\", which is defined already.", suggestion: "Every name may be defined only once; rename one of them.");
            }
            else if (binding is Binding.Known known && declared.TryGetValue(output, out OnnxTypeProto? type))
            {
                DeclaredTypes.Check(output, type, known.Value.Type, _diagnostics);
            }
        }
    }

    /// <summary>The node's outputs; null if it cannot be used (which is reported, here or at what it depends on).</summary>
    private IReadOnlyList<Binding>? Convert(OnnxNodeProto node, string name)
    {
        string domain = OpsetTable.Normalize(node.Domain);
        if (context.Functions.Find(node) is { } function)
        {
            return TryResolveAll(node, name, out Value?[] arguments) ? new FunctionInliner(context, builder, environment).Inline(function, node, name, arguments) : null;
        }

        if (domain.Length == 0 && node.OperatorType == "Constant")
        {
            IReadOnlyList<OnnxAttributeProto> given = new AttributeImporter(context, environment).Resolve(node);
            string output = node.Outputs.Count > 0 ? node.Outputs[0] : name;
            return ConstantNode.Read(given, name, context.Decoder, _diagnostics) is { } read ? [new Binding.Deferred(new SourceConstant(environment.Prefix + output, read))] : null;
        }

        if ((context.Catalog.Find(domain, node.OperatorType) ?? context.Catalog.FindForeign(domain, node.OperatorType)) is not { } schema)
        {
            ReportUnknown(node, name, domain);
            return null;
        }

        if (!environment.Opsets.TryGetValue(domain, out long opset))
        {
            _diagnostics.Error("PG2002", $"{node.OperatorType} \"{name}\" is of the domain \"{(domain.Length == 0 ? "ai.onnx" : domain)}\", of which the model imports no operator set.", suggestion: "Export the model again, or add the domain to opset_import.");
            return null;
        }

        bool resolved = TryResolveAll(node, name, out Value?[] inputs);
        BodyImporter bodies = new(context, builder, environment, this);
        AttributeBag? attributes = new AttributeImporter(context, environment).Import(node, name, bodies);
        if (attributes is null || !(resolved & bodies.IsComplete))
        {
            return null;
        }

        bodies.CountCaptures(attributes, schema);
        return Call(node, name, schema, (int)opset, attributes, bodies.AppendCaptures(inputs, schema));
    }

    private List<Binding>? Call(OnnxNodeProto node, string name, OperatorSchema schema, int opset, AttributeBag attributes, Value?[] inputs)
    {
        string?[] names = [.. node.Outputs.Select(o => o.Length == 0 ? null : environment.Prefix + o)];
        builder.NodeName = name;
        builder.Provenance = Provenance.Of(name);
        int firstNode = builder.Graph.Nodes.Count;
        IReadOnlyList<Value?>? outputs;
        if (schema is ForeignSchema foreign)
        {
            outputs = foreign.Import(new(foreign, name, attributes, inputs, [.. names.Select(n => n is not null)], builder, _diagnostics));
        }
        else if (schema.Bindings.FirstOrDefault(b => opset >= b.FromOpset && opset <= b.ToOpset) is { } binding)
        {
            outputs = binding.Rule(new ImportScope(schema, name, opset, attributes, inputs, names, builder, _diagnostics));
        }
        else if (opset < schema.Since)
        {
            _diagnostics.Error("PG2007", $"{schema.FullName} \"{name}\" exists in a form that is supported from opset {schema.Since} on, but the model imports opset {opset}.", suggestion: $"Convert the model to opset {schema.Since} or newer.");
            return null;
        }
        else
        {
            outputs = schema.TryCreate(attributes, _diagnostics, name) is { } op ? builder.CallNamed(op, inputs, names) : null;
        }

        return outputs is null ? null : [.. Enumerable.Range(0, names.Length).Select(i => i < outputs.Count && outputs[i] is { } value ? Name(value, names[i], firstNode) : Binding.Broken)];
    }

    /// <summary>Gives a value that the node has made the model's name of it.</summary>
    private Binding.Known Name(Value value, string? name, int firstNode)
    {
        if (name is not null && value.Name != name && value.Producer is { } producer && producer.Id >= (firstNode < builder.Graph.Nodes.Count ? builder.Graph.Nodes[firstNode].Id : int.MaxValue))
        {
            builder.Rename(value, name);
        }

        return new(value);
    }

    private bool TryResolveAll(OnnxNodeProto node, string name, out Value?[] inputs)
    {
        inputs = new Value?[node.Inputs.Count];
        bool resolved = true;
        for (int i = 0; i < inputs.Length; i++)
        {
            resolved &= TryResolve(node.Inputs[i], $"{node.OperatorType} \"{name}\"", out inputs[i]);
        }

        return resolved;
    }

    private void ReportUnknown(OnnxNodeProto node, string name, string domain)
    {
        string shown = domain.Length == 0 ? "ai.onnx" : domain;
        string version = environment.Opsets.TryGetValue(domain, out long opset) ? $"opset {opset}" : "of which no operator set is imported";
        string suggestion = context.Catalog.Similar(node.OperatorType) is { } similar
            ? $"Is {similar} meant?"
            : "Register the operator with a module, export the model with standard operators, or define it as a model-local function.";
        _diagnostics.Error("PG2001", $"{node.OperatorType} \"{name}\": the domain \"{shown}\" ({version}) has no operator {node.OperatorType} that is supported.", suggestion: suggestion);
    }
}
