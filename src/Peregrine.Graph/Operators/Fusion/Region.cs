using System.Runtime.InteropServices;
using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// A fused region: an anchor (a convolution, a matrix product, a reduction, or none) followed by pointwise operators, computed as one. The body is closed and holds the fused
/// nodes in order; its inputs are those of the node, first the anchor's, then the further operands of the pointwise part, except for numbers,
/// which are constants of the body; it has one output, of the anchor's shape.
/// </summary>
public sealed record Region(Graph Body) : Operator, IFusedOperator
{
    public static readonly Schema<Region> Schema = new Schema<Region>("Region", since: 1, a => new(a.Graph("body")), "peregrine").Inputs("operands...").Outputs("result")
        .Graph("body", o => o.Body);

    public override OperatorSchema Definition => Schema;

    public IReadOnlyList<Graph> Subgraphs => [Body];

    public override Accuracy Accuracy => Body.Nodes.Max(n => n.Operator.Accuracy);

    /// <summary>The node around which the region is built; null if it is pointwise throughout.</summary>
    public Node? Anchor => Body.Nodes[0].Operator is PointwiseOperator ? null : Body.Nodes[0];

    /// <summary>What is wrong with the body, which may come from a file; null if it is as the class says.</summary>
    public string? WhyMalformed()
    {
        if (Body.Nodes.Count == 0 || Body.Outputs.Count != 1)
        {
            return "has no node, or not one output";
        }

        HashSet<Value> known = [.. Body.Inputs, .. Body.Constants.Where(IsNumber)];
        foreach (Node node in Body.Nodes)
        {
            bool isAnchor = node == Anchor;
            if (node.Outputs.Count != 1 || node.Outputs[0] is null || (!isAnchor && node.Operator is not PointwiseOperator) || node.Inputs.Any(i => i is null || !known.Contains(i)))
            {
                return $"cannot compute {node.Operator.Definition.Name} behind its anchor";
            }

            if (isAnchor)
            {
                if (!node.Inputs.SequenceEqual(Body.Inputs.Take(node.Inputs.Count)))
                {
                    return "does not give its first inputs to its anchor";
                }

                // The pointwise part has operands of its own, also where it takes one of the anchor's.
                known.ExceptWith(node.Inputs.OfType<Value>());
            }

            known.Add(node.Outputs[0]!);
        }

        return known.Contains(Body.Outputs[0].Value) && Body.Outputs[0].Value.Producer is not null ? null : "does not compute its output";
    }

    private static bool IsNumber(Value value) => value.Constant?.Data is { Type: DataType.Float32, Length: 1 };

    public override void Infer(InferenceScope c)
    {
        // Inference leaves its types in the body, which all contexts of an engine share.
        lock (Body)
        {
            if (c.InferSubgraph(Body, [.. Enumerable.Range(0, c.InputCount).Select(c.TypeOf)]) is { } outputs)
            {
                c.Set(0, outputs[0]);
            }
        }
    }

    /// <summary>
    /// The pointwise part as one expression. With an anchor operand 0 is the anchor's result, and operand i is the region's input <c>anchor inputs + i − 1</c>; without, operand i is the region's input i.
    /// </summary>
    public Expr Epilogue()
    {
        int anchorInputs = Anchor?.Inputs.Count ?? 0;
        Dictionary<Value, Expr> expressions = [];
        for (int i = anchorInputs; i < Body.Inputs.Count; i++)
        {
            expressions[Body.Inputs[i]] = new OperandExpr(Anchor is null ? i : i - anchorInputs + 1);
        }

        foreach (Value number in Body.Constants.Where(IsNumber))
        {
            expressions[number] = new ConstantExpr(MemoryMarshal.Read<float>(number.Constant!.Data.Data.Span));
        }

        foreach (Node node in Body.Nodes)
        {
            if (node == Anchor)
            {
                expressions[node.Outputs[0]!] = new OperandExpr(0);
                continue;
            }

            DataType[] types = [.. node.Inputs.Select(v => v?.Tensor?.ElementType ?? DataType.Undefined)];
            expressions[node.Outputs[0]!] = ((PointwiseOperator)node.Operator).Body(new(types)).Replace(i => expressions[node.Inputs[i]!]);
        }

        return expressions[Body.Outputs[0].Value];
    }

    public override void Evaluate(EvaluationScope c)
    {
        if (c.Result(0) is not Tensor)
        {
            // Without bound memory nobody has inferred the shapes for these inputs; the interpreter does.
            c.Set(0, c.Run(Body, [.. Enumerable.Range(0, c.InputCount).Select(c.InputValue)])[0]);
            return;
        }

        RegionEvaluation evaluation = (RegionEvaluation)(c.State ??= new RegionEvaluation(this, c));
        evaluation.Run(c);
    }
}
