using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;

namespace Peregrine.Rewriting;

/// <summary>
/// Applies a set of rewrites to a graph and its subgraphs until none applies any more. Nodes are visited in topological order and rules in the order of the list, so the
/// result is a function of the graph alone. After an edit the new nodes and their users are looked at again at once; the run ends with a round that changes nothing.
/// </summary>
public sealed class Rewriter
{
    private readonly string _name;
    private readonly IReadOnlyList<Rewrite> _rules;

    /// <param name="name">The pass, for messages.</param>
    public Rewriter(string name, IReadOnlyList<Rewrite> rules)
    {
        _name = name;
        _rules = rules;
        foreach (Rewrite rule in rules)
        {
            if (rule.Pattern.RootOperator is null)
            {
                throw new ArgumentException($"The root of the pattern of {rule.Name} must be an operator.", nameof(rules));
            }
        }
    }

    /// <summary>Applications allowed per node of the graph at the start (at least 1000 in all); more means that rules undo each other.</summary>
    public int StepsPerNode { get; init; } = 50;

    /// <summary>Rewrites the graph; returns how many patches were applied.</summary>
    public int Run(Graph graph, PassContext context)
    {
        Dictionary<Type, Rewrite[]> index = [];
        int applied = 0;
        bool changed = true;
        int limit = Math.Max(1000, checked(StepsPerNode * graph.Nodes.Count));
        Queue<string> latest = new();
        while (changed && !graph.Edits.IsExhausted)
        {
            changed = false;
            Queue<Node> waiting = new(graph.Nodes);
            HashSet<Node> queued = [.. waiting];
            while (waiting.TryDequeue(out Node? node))
            {
                queued.Remove(node);
                context.Cancellation.ThrowIfCancellationRequested();
                while (!node.IsRemoved && !graph.Edits.IsExhausted && TryRules(graph, node, index, context) is { } edit)
                {
                    changed = true;
                    latest.Enqueue(edit.Name);
                    if (latest.Count > 100)
                    {
                        latest.Dequeue();
                    }

                    if (++applied > limit)
                    {
                        throw new InternalCompilerException($"{_name} does not come to an end on the graph \"{graph.Name}\" after {limit} patches; these rules undo each other: {string.Join(", ", latest.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))}.");
                    }

                    foreach (Node next in edit.Inserted.SelectMany(n => n.Outputs).OfType<Value>().SelectMany(v => v.Uses).Select(u => u.Node).OfType<Node>().Concat(edit.Inserted))
                    {
                        if (queued.Add(next))
                        {
                            waiting.Enqueue(next);
                        }
                    }
                }
            }
        }

        foreach (Graph subgraph in graph.Nodes.Select(n => n.Operator).OfType<ISubgraphOperator>().SelectMany(s => s.Subgraphs).ToArray())
        {
            applied += Run(subgraph, context);
        }

        return applied;
    }

    /// <summary>The patch of the first rule that applies at this root, or null.</summary>
    private Patch? TryRules(Graph graph, Node node, Dictionary<Type, Rewrite[]> index, PassContext context)
    {
        Type type = node.Operator.GetType();
        if (!index.TryGetValue(type, out Rewrite[]? rules))
        {
            index[type] = rules = [.. _rules.Where(r => r.Pattern.RootOperator!.IsAssignableFrom(type) && !context.Disabled.Contains(r.Name))];
        }

        foreach (Rewrite rule in rules)
        {
            if (Try(rule, graph, node, context.Statistics[rule.Name]) is { } patch)
            {
                return patch;
            }
        }

        return null;
    }

    private static Patch? Try(Rewrite rule, Graph graph, Node node, RuleStatistics statistics)
    {
        if (node.Outputs.FirstOrDefault(o => o is not null) is not { } root)
        {
            return null;
        }

        MatchState state = new();
        if (!rule.Pattern.Match(root, state, static () => true))
        {
            return Missed(state.Missed);
        }

        Match match = state.ToMatch(graph, node);
        if (!rule.When(match))
        {
            return Missed($"{node} does not satisfy the rule's condition");
        }

        Patch patch = new(rule.Name, graph);
        patch.Builder.NodeName = node.Name;
        IReadOnlyList<Value?>? replacements;
        try
        {
            replacements = rule.ApplyAll(match, patch.Builder);
        }
        catch (ModelException e)
        {
            throw new InternalCompilerException($"{rule.Name} builds an invalid replacement for {node}: {e.Message}", e);
        }

        if (replacements is null)
        {
            patch.Discard();
            return Missed($"{rule.Name} declined at {node}");
        }

        for (int i = 0; i < replacements.Count && i < node.Outputs.Count; i++)
        {
            if (replacements[i] is { } replacement && node.Outputs[i] is { } output)
            {
                patch.Replace(output, replacement);
            }
        }

        if (!patch.Apply())
        {
            return null;
        }

        statistics.Applied++;
        return patch;

        Patch? Missed(string? reason)
        {
            if (reason is not null)
            {
                statistics.NearMisses++;
                statistics.LastMiss = reason;
            }

            return null;
        }
    }
}
