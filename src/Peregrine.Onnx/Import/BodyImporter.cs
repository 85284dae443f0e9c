using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Onnx.Wire;
using Peregrine.Operators;
using Peregrine.Symbolics;

namespace Peregrine.Onnx.Import;

/// <summary>
/// Makes closed graphs of a node's bodies. What they use of the graph around them is captured explicitly: all bodies of the node get the same captures, in order of
/// first use, as additional last inputs, and the node gets the captured values as additional last inputs. Captured constants become constants of the body that share
/// their contents. Nested bodies capture level by level.
/// </summary>
internal sealed class BodyImporter(ImportContext context, GraphBuilder outer, ImportEnvironment environment, BlockImporter block)
{
    private readonly List<(string Name, Value Value)> _captures = [];
    private readonly List<(string Name, Binding Binding)> _bindings = [];

    /// <summary>Whether all captured values exist.</summary>
    public bool IsComplete { get; private set; } = true;

    /// <summary>How many inputs <see cref="AppendCaptures"/> appends.</summary>
    public int CaptureCount => _captures.Count;

    /// <summary>A dimension of which the model says nothing.</summary>
    public Dim FreshDim() => outer.Graph.Symbols.Fresh(null);

    /// <summary>Looks up what the node's bodies use of the graph around them.</summary>
    public void Capture(OnnxNodeProto node, string name)
    {
        foreach (string free in context.FreeNames.Of(node))
        {
            if (!block.TryResolve(free, $"A body of {node.OperatorType} \"{name}\"", out Value? value))
            {
                IsComplete = false;
                _bindings.Add((free, Binding.Broken));
            }
            else if (value is null)
            {
                _bindings.Add((free, Binding.Absent));
            }
            else if (value.Constant is { } constant)
            {
                _bindings.Add((free, new Binding.Deferred(new SourceConstant(constant))));
            }
            else
            {
                _captures.Add((free, value));
            }
        }
    }

    /// <summary>The node's inputs with the captured values behind them; inputs that the node leaves out at the end keep their places.</summary>
    public Value?[] AppendCaptures(Value?[] inputs, OperatorSchema schema)
    {
        if (_captures.Count == 0)
        {
            return inputs;
        }

        int padding = Math.Max(0, schema.InputFormals.Count(f => !f.IsVariadic) - inputs.Length);
        return [.. inputs, .. new Value?[padding], .. _captures.Select(c => c.Value)];
    }

    /// <summary>Tells the operator how many of its last inputs are captures, where it cannot see that itself.</summary>
    public void CountCaptures(AttributeBag attributes, OperatorSchema schema)
    {
        const string Count = "capture_count";
        if (schema.Attributes.Any(a => a.Name == Count))
        {
            // Set in any case: the attribute is not ONNX's, so a file has no say in it.
            attributes[Count] = (long)_captures.Count;
        }
    }

    /// <summary>The body as a closed graph; null after reporting an error in it.</summary>
    public Graph? Import(OnnxGraphProto body, string name)
    {
        if (environment.Depth >= ImportEnvironment.MaxDepth)
        {
            context.Diagnostics.Error("PG2034", $"The body \"{name}\" is nested more than {ImportEnvironment.MaxDepth} deep.", suggestion: "Simplify the model's control flow.");
            return null;
        }

        int before = context.Diagnostics.Items.Count;
        Graph graph = new(body.Name.Length > 0 ? body.Name : name, outer.Graph.Symbols, outer.Graph.Edits);
        // The types here rest on hints; the operator infers its bodies again with the true ones, and reports. A branch that is never taken may even be impossible.
        GraphBuilder builder = new(graph, new DiagnosticBag());
        NameScope scope = new();
        foreach (OnnxValueInfoProto input in body.Inputs)
        {
            // What a body says of its inputs is a hint only: the operator states their types. So unknown extents are not the model's symbols.
            IrType? type = input.Type is { Kind: not OnnxTypeKind.Undefined } told ? TypeImporter.Import(told, $"Input \"{input.Name}\" of body \"{name}\"", (_, _) => FreshDim(), context.Diagnostics) : IrType.Unknown;
            Value value = builder.Input(input.Name, type ?? IrType.Unknown);
            if (!scope.TryBind(input.Name, new Binding.Known(value)))
            {
                context.Diagnostics.Error("PG2033", $"The body \"{name}\" has two inputs \"{input.Name}\".", suggestion: "Every name may be defined only once; rename one of them.");
            }
        }

        GraphImporter.BindInitializers(body, scope, context);
        foreach ((string free, Value value) in _captures)
        {
            // Another body of the node may be the one that needs it; a name of this body's own hides it.
            scope.TryBind(free, new Binding.Known(builder.Input(free, value.Type)));
        }

        foreach ((string free, Binding binding) in _bindings)
        {
            scope.TryBind(free, binding);
        }

        GraphImporter.Finish(context, builder, scope, environment with { Depth = environment.Depth + 1 }, body, $"body \"{name}\"");
        return context.ErrorsSince(before).Count > 0 ? null : graph;
    }
}
