using Peregrine.Ir;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// Convolutions, each with what is pointwise behind it, of which each reads what the one before makes and nobody else does: computed together, so that what is between them need never be in memory as a
/// whole. The body is closed and holds the links in order, each a <see cref="Conv"/> or a <see cref="Region"/> around one; its inputs are those of the first link, then the further ones of each other link.
/// Behind the last link may stand its <see cref="GlobalAveragePool"/>, which is the second result then: what squeeze-and-excite reads of an image that is written anyway. One link is enough then.
/// Two chains are equal if their links are: names do not matter.
/// </summary>
public sealed record Chain(Graph Body) : Operator, IFusedOperator
{
    public static readonly Schema<Chain> Schema = new Schema<Chain>("Chain", since: 1, a => new(a.Graph("body")), "peregrine").Inputs("operands...").Outputs("result", "mean?")
        .Graph("body", o => o.Body);

    private ValueList<ChainLink>? _links;

    public override OperatorSchema Definition => Schema;

    public IReadOnlyList<Graph> Subgraphs => [Body];

    public override Accuracy Accuracy => Body.Nodes.Max(n => n.Operator.Accuracy);

    /// <summary>The links in order; none if the body is malformed.</summary>
    public ValueList<ChainLink> Links => _links ??= WhyMalformed() is null ? ValueList.From(LinkNodes.Select(LinkOf)) : [];

    /// <summary>Whether the mean of each channel of the last link's result is a result, too.</summary>
    public bool HasMean => Body.Nodes is [.., { Operator: GlobalAveragePool }];

    /// <summary>The links as text, without names.</summary>
    public string Summary => $"Chain[{string.Join(" | ", Links)}{(HasMean ? " | mean" : "")}]";

    private IEnumerable<Node> LinkNodes => HasMean ? Body.Nodes.SkipLast(1) : Body.Nodes;

    /// <summary>What is wrong with the body, which may come from a file; null if it is as the class says.</summary>
    public string? WhyMalformed()
    {
        if (Body.Nodes.Count < 2 || Body.Outputs.Count != (HasMean ? 2 : 1))
        {
            return "has fewer than two links, or not one output for the last and one for its mean";
        }

        int taken = 0;
        Value? before = null;
        foreach (Node node in LinkNodes)
        {
            if (node.Outputs.Count != 1 || node.Outputs[0] is null || (node.Operator is Region region ? region.WhyMalformed() ?? (region.Anchor?.Operator is Conv ? null : "is around no convolution") : node.Operator is Conv ? null : "is no convolution") is not null)
            {
                return $"has a link that is no convolution: {node.Operator.Definition.Name}";
            }

            int own = before is null ? 0 : 1;
            if (node.Inputs.Count <= own || (before is not null && node.Inputs[0] != before) || !node.Inputs.Skip(own).SequenceEqual(Body.Inputs.Skip(taken).Take(node.Inputs.Count - own)))
            {
                return "does not give its inputs to its links in order";
            }

            taken += node.Inputs.Count - own;
            before = node.Outputs[0];
        }

        if (HasMean && !(Body.Nodes[^1] is { Inputs: [var averaged], Outputs: [{ } mean] } && averaged == before && Body.Outputs[1].Value == mean))
        {
            return "takes the mean of something else than its last link's result, or does not return it";
        }

        return taken == Body.Inputs.Count && Body.Outputs[0].Value == before ? null : "does not use all its inputs, or does not return its last link's result";
    }

    public bool Equals(Chain? other) => other is not null && (ReferenceEquals(Body, other.Body) || (Links.Count > 0 && HasMean == other.HasMean && Links.Equals(other.Links)));

    public override int GetHashCode() => HashCode.Combine(Links, HasMean);

    public override void Infer(InferenceScope c)
    {
        // Inference leaves its types in the body, which all contexts of an engine share.
        lock (Body)
        {
            if (c.InferSubgraph(Body, [.. Enumerable.Range(0, c.InputCount).Select(c.TypeOf)]) is { } outputs)
            {
                for (int i = 0; i < outputs.Count; i++)
                {
                    c.Set(i, outputs[i]);
                }
            }
        }
    }

    public override IReadOnlyList<Value?> Decompose(GraphBuilder g, IReadOnlyList<Value?> inputs, int outputCount)
    {
        Value? before = null;
        int taken = 0;
        foreach (Node node in LinkNodes)
        {
            int further = node.Inputs.Count - (before is null ? 0 : 1);
            IEnumerable<Value?> own = inputs.Skip(taken).Take(further);
            before = g.Call(node.Operator, [.. before is null ? own : own.Prepend(before)]);
            taken += further;
        }

        return HasMean ? [before, outputCount > 1 ? g.Call(Body.Nodes[^1].Operator, before) : null] : [before];
    }

    private static ChainLink LinkOf(Node node) => node.Operator is Region region ? new((Conv)region.Anchor!.Operator, region.Epilogue(), node.Inputs.Count) : new((Conv)node.Operator, null, node.Inputs.Count);
}

/// <summary>One convolution of a <see cref="Chain"/>.</summary>
/// <param name="Epilogue">What happens to its result; operand 0 is the result, the others are the last of its inputs. Null: nothing.</param>
/// <param name="InputCount">Its inputs, what the link before makes included.</param>
public sealed record ChainLink(Conv Convolution, Expr? Epilogue, int InputCount)
{
    public override string ToString() => $"{Convolution} of {InputCount}{(Epilogue is null ? "" : $" then {Epilogue}")}";
}
