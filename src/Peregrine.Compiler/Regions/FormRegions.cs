using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Regions;

/// <summary>
/// Fuses an anchor with the pointwise operators behind it, and chains of pointwise operators with each other, into one <see cref="Region"/> each: one kernel, one write of the result. A region grows from its
/// first node along values that nobody outside uses; a value that is used twice inside (x · sigmoid(x)) is fine. The shape stays that of the first node, so that every element of the result
/// comes from one element of the anchor's.
/// </summary>
public sealed class FormRegions : IGraphPass
{
    // Longer expressions exhaust the registers of any kernel and make its first build slow.
    private const int MaxNodes = 24;

    public string Name => nameof(FormRegions);

    public void Run(Graph graph, PassContext context)
    {
        foreach (Node node in graph.Nodes.ToArray())
        {
            foreach (Graph body in node.Operator is ISubgraphOperator s and not IFusedOperator ? s.Subgraphs : [])
            {
                Run(body, context);
            }
        }

        HashSet<Node> fused = [];
        foreach (Node first in graph.Nodes.ToArray())
        {
            context.Cancellation.ThrowIfCancellationRequested();
            if (!fused.Contains(first) && Grow(first) is { Count: > 1 } members && Fuse(graph, members))
            {
                fused.UnionWith(members);
            }
        }
    }

    /// <summary>The region that starts at a node, in the graph's order; empty if it cannot start one.</summary>
    private static List<Node> Grow(Node first)
    {
        if (!IsAnchor(first) && !IsFusable(first))
        {
            return [];
        }

        TensorType shape = first.Outputs[0]!.Tensor!;
        List<Node> members = [first];
        Value result = first.Outputs[0]!;
        while (members.Count < MaxNodes && Next(result, shape, members) is { } next)
        {
            members.AddRange(next);
            result = next[^1].Outputs[0]!;
        }

        return members;
    }

    /// <summary>
    /// The nodes that can join behind <paramref name="result"/>: its one user, or two users of which one feeds only the other.
    /// </summary>
    private static List<Node>? Next(Value result, TensorType shape, List<Node> members)
    {
        Node?[] users = [.. result.Uses.Select(u => u.Node).Distinct()];
        if (users.Contains(null) || users.Length is 0 or > 2)
        {
            return null;
        }

        if (users.Length == 1)
        {
            return Joins(users[0]!) ? [users[0]!] : null;
        }

        Node inner = users[0]!, outer = users[1]!;
        if (inner.Outputs[0] is { } x && x.Uses.All(u => u.Node == outer) && Joins(inner) && Joins(outer))
        {
            return [inner, outer];
        }

        return outer.Outputs[0] is { } y && y.Uses.All(u => u.Node == inner) && Joins(inner) && Joins(outer) ? [outer, inner] : null;

        bool Joins(Node node) => IsFusable(node) && !members.Contains(node) && node.Outputs[0]!.Tensor!.Shape.Equals(shape.Shape);
    }

    /// <summary>Operators whose kernels finish each element of their one output in a register.</summary>
    private static bool IsAnchor(Node node) =>
        node.Operator is Conv or ScaledConv or ConvTranspose or Gemm or MatMul
        && node.Inputs.All(i => i is not null)
        && IsFloat(node.Outputs[0]);

    /// <summary>
    /// A pointwise operator on floats without jumps: fused arithmetic may round differently in the last place, which behind a rounding or a comparison would become a different result.
    /// </summary>
    private static bool IsFusable(Node node)
    {
        if (node.Operator is not PointwiseOperator op || node.Inputs.Any(i => i is null) || !IsFloat(node.Outputs[0]))
        {
            return false;
        }

        DataType[] types = [.. node.Inputs.Select(i => i!.Tensor?.ElementType ?? DataType.Undefined)];
        if (Array.Exists(types, t => t is not (DataType.Float32 or DataType.Bool)))
        {
            return false;
        }

        Expr body = op.Body(new(types));
        if (body.Parts.OfType<OperandExpr>().Select(o => o.Index).Distinct().Count() != node.Inputs.Count)
        {
            // A request tells the epilogue's operands from the anchor's by their use.
            return false;
        }

        return !body.Parts.Any(p => p is ConvertExpr
            or UnaryExpr { Function: UnaryFunction.RoundEven or UnaryFunction.Floor or UnaryFunction.Ceiling or UnaryFunction.Truncate or UnaryFunction.Sign }
            or BinaryExpr { Function: BinaryFunction.Modulo or BinaryFunction.Remainder });
    }

    /// <summary>A number that a kernel may have in its code: of a bound that is known not to be NaN one instruction is left of three.</summary>
    private static bool IsNumber(Value value) => value.Constant?.Data is { Type: DataType.Float32, Length: 1 };

    private static bool IsFloat(Value? value) => value?.Tensor is { ElementType: DataType.Float32, Shape.IsRanked: true };

    private bool Fuse(Graph graph, List<Node> members)
    {
        // The anchor's operands keep their places, also where it takes one value twice; the pointwise part has operands of its own, also where it takes one of the anchor's (x + convolution of x).
        Node? anchor = IsAnchor(members[0]) ? members[0] : null;
        HashSet<Value> made = [.. members.Select(m => m.Outputs[0]!)];
        Value[] further = [.. members.Where(m => m != anchor).SelectMany(m => m.Inputs.OfType<Value>()).Where(v => !made.Contains(v)).Distinct()];
        Value[] numbers = [.. further.Where(IsNumber)];
        List<Value> operands = [.. anchor?.Inputs.OfType<Value>() ?? [], .. further.Except(numbers)];
        if (operands.Count == 0)
        {
            return false;
        }

        int anchorOperands = anchor?.Inputs.Count ?? 0;
        Graph body = new(members[0].Name, graph.Symbols, graph.Edits);
        GraphBuilder builder = new(body, null);
        Value[] inputs = [.. operands.Select(o => builder.Input(o.Name, o.Type))];
        Dictionary<Value, Value> inner = [];
        for (int i = anchorOperands; i < inputs.Length; i++)
        {
            inner.Add(operands[i], inputs[i]);
        }

        foreach (Value number in numbers)
        {
            inner.Add(number, builder.Constant(number.Name, number.Constant!));
        }

        foreach (Node member in members)
        {
            builder.NodeName = member.Name;
            builder.Provenance = member.Provenance;
            Value?[] arguments = member == anchor ? inputs[..anchorOperands] : [.. member.Inputs.Select(v => inner[v!])];
            inner[member.Outputs[0]!] = builder.CallNamed(member.Operator, arguments, member.Outputs[0]!.Name)[0]!;
        }

        Value last = members[^1].Outputs[0]!;
        builder.Output(last.Name, inner[last]);
        Patch patch = new(Name, graph);
        patch.Builder.NodeName = string.Join("+", members.Select(m => m.Name));
        patch.Builder.Provenance = Provenance.Merge(members.Select(m => m.Provenance));
        patch.Replace(last, patch.Builder.Call(new Region(body), [.. operands]));
        return patch.Apply();
    }
}
