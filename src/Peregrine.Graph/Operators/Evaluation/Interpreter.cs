using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Runs a graph node by node with the reference kernels: the oracle that every optimized engine must agree with. Values are dropped after their last use.</summary>
public static class Interpreter
{
    /// <inheritdoc cref="Run(Graph, IReadOnlyList{object}, Action{Value, object}, CancellationToken)"/>
    public static object?[] Run(Graph graph, IReadOnlyList<object?> inputs, CancellationToken cancellation = default) => Run(graph, inputs, null, cancellation);

    /// <summary>The results in the order of the graph's outputs.</summary>
    /// <param name="inputs">In the order of the graph's inputs: <see cref="Tensor"/>, <see cref="TensorSequence"/>, <see cref="OptionalValue"/>, or null for an absent optional capture.</param>
    /// <param name="observe">Called with every value as it is made.</param>
    public static object?[] Run(Graph graph, IReadOnlyList<object?> inputs, Action<Value, object>? observe, CancellationToken cancellation = default) => Run(graph, inputs, observe, null, cancellation);

    internal static object?[] Run(Graph graph, IReadOnlyList<object?> inputs, Action<Value, object>? observe, Func<string, long>? outer, CancellationToken cancellation)
    {
        if (inputs.Count != graph.Inputs.Count)
        {
            throw new BindingException($"The graph \"{graph.Name}\" takes {graph.Inputs.Count} inputs, not {inputs.Count}.");
        }

        SymbolBindings symbols = new(outer);
        Dictionary<Value, object?> values = [];
        Dictionary<Value, int> remaining = [];
        for (int i = 0; i < inputs.Count; i++)
        {
            values[graph.Inputs[i]] = inputs[i];
            symbols.Bind(graph.Inputs[i].Type, inputs[i]);
        }

        foreach (Node node in graph.Nodes)
        {
            cancellation.ThrowIfCancellationRequested();
            object?[] arguments = [.. node.Inputs.Select(Get)];
            bool[] wanted = [.. node.Outputs.Select(o => o is not null)];
            object?[] results = ReferenceEvaluator.Evaluate(node.Operator, node.Name, arguments, [.. node.Inputs.Select(i => i?.Type)], wanted, graph.Symbols, symbols.Resolve, cancellation);
            for (int i = 0; i < results.Length; i++)
            {
                if (node.Outputs[i] is { } output)
                {
                    values[output] = results[i];
                    symbols.Bind(output.Type, results[i]);
                    remaining[output] = output.Uses.Count;
                    observe?.Invoke(output, results[i]!);
                }
            }

            foreach (Value input in node.Inputs.OfType<Value>())
            {
                if (remaining.TryGetValue(input, out int uses) && (remaining[input] = uses - 1) == 0)
                {
                    values.Remove(input);
                }
            }
        }

        return [.. graph.Outputs.Select(o => Get(o.Value))];

        object? Get(Value? value) => value is null ? null : value.Constant is { } constant ? constant.Data : values[value];
    }
}
