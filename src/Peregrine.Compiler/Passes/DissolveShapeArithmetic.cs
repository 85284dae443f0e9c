using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Passes;

/// <summary>
/// Cuts shape arithmetic out of the graph: a small integer tensor whose contents are known as expressions over the input shapes becomes a <see cref="DimTensor"/>, and the chain of
/// Shape, Gather, Mul, Concat that computed it dies. Only symbols that the inputs of the graph tell count: a data-dependent one needs the order that the chain gives, and
/// in a loop's body it gets another name whenever the loop is inferred again.
/// </summary>
public sealed class DissolveShapeArithmetic : IGraphPass
{
    public string Name => nameof(DissolveShapeArithmetic);

    public void Run(Graph graph, PassContext context) => Run(graph, new HashSet<string>(), context);

    private void Run(Graph graph, IReadOnlySet<string> outer, PassContext context)
    {
        HashSet<string> known = [.. outer, .. graph.Inputs.Select(i => i.Tensor).OfType<TensorType>().Where(t => t.Shape.IsRanked).SelectMany(t => t.Shape).Where(d => !d.IsConstant)
            .Select(d => d.SymbolName).OfType<string>().Where(s => graph.Symbols.Find(s) is not { IsDataDependent: true })];
        foreach (Node node in graph.Nodes.Reverse().ToArray())
        {
            context.Cancellation.ThrowIfCancellationRequested();
            // From the end, so that a chain whose last value is replaced is dead before its inner values are looked at.
            if (!node.IsRemoved && node.Operator is not DimTensor && node.Outputs is [{ Uses.Count: > 0 } value] && IsExpressible(value, known) && IsNeeded(value, known))
            {
                Patch patch = new(Name, graph);
                patch.Builder.NodeName = node.Name;
                patch.Replace(value, patch.Builder.Call(DimTensor.Of(value.Contents!, value.Tensor!.Shape.ToStatic(), value.Tensor.ElementType)));
                patch.Apply();
            }

            foreach (Graph body in !node.IsRemoved && node.Operator is ISubgraphOperator s ? s.Subgraphs : [])
            {
                Run(body, known, context);
            }
        }
    }

    private static bool IsExpressible(Value value, HashSet<string> known) =>
        value is { Constant: null, Contents: { } contents, Tensor: { ElementType: DataType.Int64 or DataType.Int32, Shape: { IsRanked: true, IsStatic: true } } }
        && !contents.All(d => d.IsConstant)
        && contents.SelectMany(d => d.Symbols).All(known.Contains);

    /// <summary>Whether something needs the tensor that is not itself about to be replaced.</summary>
    private static bool IsNeeded(Value value, HashSet<string> known) =>
        value.Uses.Any(u => u.Node is null || u.Node.Operator is DimTensor || u.Node.Outputs is not [{ } output] || !IsExpressible(output, known));
}
