using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Passes;

/// <summary>
/// Replaces values that no input of the graph can change by constants: outputs of nodes whose inputs are all constant, and small integer tensors whose contents inference knows.
/// A constant that was computed carries its derivation. Random operators stay, and so does a node whose result would be large and larger than what it is made from.
/// </summary>
public sealed class FoldConstants : IGraphPass
{
    /// <summary>Results of at most this many bytes are folded whatever they are made from.</summary>
    public const long MaxGrowth = 16L << 20;

    /// <summary>Results of at most this many bytes are folded even where <see cref="LeavesShared"/> holds and what they are made from stays.</summary>
    public const long MaxCopy = 1L << 20;

    /// <summary>
    /// Whether a large result waits as long as what it is made from has other uses: it would be a second copy of the same weights (embeddings that are the output layer's
    /// weights, too), and a fusion may take the node in. The last folding of a pipeline has no such qualms, because at run time the node would cost on every call.
    /// </summary>
    public bool LeavesShared { get; init; }

    public string Name => nameof(FoldConstants);

    public IReadOnlyList<string> Establishes => ["constants-folded"];

    public void Run(Graph graph, PassContext context)
    {
        foreach (Node node in graph.Nodes.ToArray())
        {
            context.Cancellation.ThrowIfCancellationRequested();
            if (graph.Edits.IsExhausted)
            {
                return;
            }

            if (!node.IsRemoved)
            {
                Fold(graph, node, context);
                foreach (Graph body in !node.IsRemoved && node.Operator is ISubgraphOperator s ? s.Subgraphs : [])
                {
                    Run(body, context);
                }
            }
        }
    }

    private void Fold(Graph graph, Node node, PassContext context)
    {
        Value[] outputs = [.. node.Outputs.OfType<Value>()];
        bool isKnown = node.Inputs.All(i => i is null || i.Constant is not null) && node.Operator is not DimTensor && !IsRandom(node.Operator);
        Tensor?[]? results = ByContents(node);
        results ??= isKnown && Fits(node, outputs) && !(LeavesShared && IsSecondCopy(node, outputs)) ? Evaluate(graph, node, context) : null;
        if (results is null)
        {
            return;
        }

        Constant?[] inputs = [.. node.Inputs.Select(i => i?.Constant)];
        Patch patch = new(Name, graph);
        foreach (Value output in outputs)
        {
            Tensor data = results[output.OutputIndex]!;
            // Contents may be known although an input is not (a static dimension of an input): then the constant derives from nothing.
            Constant constant = isKnown ? new(output.Name, data, new(node.Operator, inputs, output.OutputIndex)) : new(output.Name, data);
            patch.Replace(output, patch.Builder.Constant(output.Name, constant));
        }

        patch.Apply();
    }

    /// <summary>The outputs, if inference knows every element of all of them.</summary>
    private static Tensor?[]? ByContents(Node node)
    {
        Tensor?[] results = [.. node.Outputs.Select(o => o is { Contents: { } contents, Tensor: { } type } ? ValueContents.ToTensor(contents, type) : null)];
        return node.Outputs.Select((o, i) => o is null || results[i] is not null).All(known => known) ? results : null;
    }

    private static bool IsSecondCopy(Node node, Value[] outputs) =>
        outputs.Sum(o => BytesOf(o.Tensor) ?? 0) > MaxCopy && node.Inputs.OfType<Value>().Any(i => BytesOf(i.Tensor) > MaxCopy && i.Uses.Any(u => u.Node != node));

    private static bool Fits(Node node, Value[] outputs)
    {
        long inputBytes = node.Inputs.OfType<Value>().Sum(v => BytesOf(v.Tensor) ?? 0), outputBytes = 0;
        foreach (Value output in outputs)
        {
            // What cannot be held as a constant tensor (a sequence, say) or has no known size stays.
            if (output.Tensor is null)
            {
                return false;
            }

            if (BytesOf(output.Tensor) is not { } bytes)
            {
                // A data-dependent extent of a constant input is bounded by what the input holds; a symbol without a bound is not.
                return inputBytes <= MaxGrowth && output.Tensor.Shape.IsRanked;
            }

            outputBytes += bytes;
        }

        return outputBytes <= Math.Max(MaxGrowth, inputBytes);
    }

    private static long? BytesOf(TensorType? type)
    {
        if (type is not { Shape: { IsRanked: true, IsStatic: true } shape })
        {
            return null;
        }

        try
        {
            return Tensor.CheckedBytes(type.ElementType, shape.ToStatic());
        }
        catch (ModelException)
        {
            return long.MaxValue / 4;
        }
    }

    /// <summary>The results; null where the node cannot be evaluated: then it stays, and the error shows when (and if) it runs.</summary>
    private static Tensor?[]? Evaluate(Graph graph, Node node, PassContext context)
    {
        try
        {
            bool[] wanted = [.. node.Outputs.Select(o => o is not null)];
            object?[] results = ReferenceEvaluator.Evaluate(node.Operator, node.Name, [.. node.Inputs.Select(i => (object?)i?.Constant!.Data)], [.. node.Inputs.Select(i => i?.Type)], wanted, graph.Symbols, context.Cancellation);
            return results.All(r => r is null or Tensor) ? Array.ConvertAll(results, r => (Tensor?)r) : null;
        }
        catch (ModelException e)
        {
            context.Log?.Invoke($"{nameof(FoldConstants)}: {node} is not folded: {e.Message}");
            return null;
        }
    }

    private static bool IsRandom(Operator op) => op is IRandomOperator || (op is ISubgraphOperator s && s.Subgraphs.SelectMany(g => g.AllNodes).Any(n => n.Operator is IRandomOperator));
}
