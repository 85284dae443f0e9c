using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;

namespace Peregrine.Rewriting;

/// <summary>
/// The one way to change a graph: a named set of values that are to be replaced by existing ones or by ones built with <see cref="Builder"/>. Nothing changes before
/// <see cref="Apply"/>, which checks the types, moves the uses, removes what became dead, merges provenance, passes names on, sharpens types downstream and numbers the edit.
/// </summary>
public sealed class Patch
{
    private readonly Graph _graph;
    private readonly List<(Value Old, Value New)> _replacements = [];
    private readonly List<Node> _removals = [];
    private readonly List<Node> _inserted = [];

    /// <param name="name">The pass or rewrite; it stands in the edit log.</param>
    public Patch(string name, Graph graph)
    {
        Name = name;
        _graph = graph;
        Builder = new(graph, staged: true);
    }

    public string Name { get; }

    /// <summary>Makes the new nodes and constants. They join the graph when the patch is applied, and vanish if nothing uses them.</summary>
    public GraphBuilder Builder { get; }

    /// <summary>The nodes that an applied patch put into the graph.</summary>
    public IReadOnlyList<Node> Inserted => _inserted;

    /// <summary>Sends all uses of <paramref name="old"/> to <paramref name="replacement"/>. New nodes that use <paramref name="old"/> themselves keep doing so.</summary>
    public void Replace(Value old, Value replacement)
    {
        if (old != replacement)
        {
            _replacements.Add((old, replacement));
        }
    }

    /// <summary>Removes a node if nothing uses it (once the replacements are made).</summary>
    public void Remove(Node node) => _removals.Add(node);

    /// <summary>Drops the patch: the names that its new values took are free again.</summary>
    public void Discard()
    {
        foreach (Value value in Builder.StagedNodes.SelectMany(n => n.Outputs).OfType<Value>().Concat(Builder.StagedConstants))
        {
            _graph.FreeName(value.Name);
        }
    }

    /// <summary>
    /// Changes the graph. False, with the graph as it was, if there is nothing to do or the edit log's limit is reached. A replacement that cannot stand for the
    /// old value is a bug of the patch's author (<see cref="InternalCompilerException"/>); types that become exact enough to prove the model wrong throw a <see cref="ModelException"/>.
    /// </summary>
    public bool Apply()
    {
        if ((_replacements.Count == 0 && _removals.Count == 0) || _graph.Edits.IsExhausted)
        {
            Discard();
            return false;
        }

        foreach ((Value old, Value replacement) in _replacements)
        {
            if (!TypeRefinement.CanStandFor(replacement.Type, old.Type))
            {
                throw Bug($"replaces {old} by {replacement}, whose type does not fit");
            }
        }

        string where = (_replacements.Count > 0 ? _replacements[0].Old.Producer?.ToString() ?? $"%{_replacements[0].Old.Name}" : _removals[0].ToString())!;
        int position = Position();
        foreach (Value constant in Builder.StagedConstants)
        {
            _graph.ListConstant(constant);
        }

        foreach ((Value old, Value replacement) in _replacements)
        {
            _graph.ReplaceUses(old, replacement);
        }

        foreach (Node node in Builder.StagedNodes)
        {
            _graph.InsertNode(position++, node);
        }

        List<Node> removed = RemoveDead();
        PassNamesOn(removed);
        Provenance sources = Provenance.Merge(removed.Select(n => n.Provenance));
        foreach (Node node in _inserted)
        {
            node.Provenance = Provenance.Merge([node.Provenance, sources]);
        }

        Order();
        _graph.Edits.Record(Name, where);
        Sharpen();
        return true;
    }

    /// <summary>Before the first replaced node, but after everything that the new nodes use.</summary>
    private int Position()
    {
        HashSet<Node> staged = [.. Builder.StagedNodes];
        if (staged.Count == 0)
        {
            return 0;
        }

        int position = _graph.Nodes.Count;
        foreach ((Value old, _) in _replacements)
        {
            foreach (Node node in old.Producer is { } producer ? [producer] : old.Uses.Select(u => u.Node).OfType<Node>())
            {
                position = Math.Min(position, _graph.IndexOf(node));
            }
        }

        foreach (Value input in Builder.StagedNodes.SelectMany(n => n.Inputs).OfType<Value>())
        {
            if (input.Producer is { } producer && !staged.Contains(producer))
            {
                position = Math.Max(position, _graph.IndexOf(producer) + 1);
            }
        }

        return position;
    }

    private List<Node> RemoveDead()
    {
        _inserted.AddRange(Builder.StagedNodes);
        for (int i = _inserted.Count - 1; i >= 0; i--)
        {
            if (IsDead(_inserted[i]))
            {
                _graph.RemoveNode(_inserted[i]);
                _inserted.RemoveAt(i);
            }
        }

        foreach (Value constant in Builder.StagedConstants.Where(c => c.Uses.Count == 0))
        {
            _graph.RemoveConstant(constant);
        }

        List<Node> removed = [];
        Stack<Node> candidates = new(_replacements.Select(r => r.Old.Producer).Concat(_removals).OfType<Node>().Reverse());
        while (candidates.TryPop(out Node? node))
        {
            if (node.IsRemoved || !IsDead(node))
            {
                continue;
            }

            Node[] producers = [.. node.Inputs.Select(v => v?.Producer).OfType<Node>()];
            _graph.RemoveNode(node);
            removed.Add(node);
            foreach (Node producer in producers)
            {
                candidates.Push(producer);
            }
        }

        foreach ((Value old, _) in _replacements)
        {
            if (old.Constant is not null && old.Uses.Count == 0)
            {
                _graph.RemoveConstant(old);
            }
        }

        return removed;
    }

    private void PassNamesOn(List<Node> removed)
    {
        HashSet<Value> renamed = [];
        HashSet<Value> made = [.. _inserted.SelectMany(n => n.Outputs).OfType<Value>(), .. Builder.StagedConstants];
        foreach ((Value old, Value replacement) in _replacements)
        {
            bool isGone = old.Producer is { } producer ? removed.Contains(producer) : old.Constant is not null && old.Uses.Count == 0;
            if (isGone && made.Contains(replacement) && renamed.Add(replacement))
            {
                _graph.Rename(replacement, old.Name);
            }
        }
    }

    /// <summary>Where a use now comes before its value, the nodes are sorted anew.</summary>
    private void Order()
    {
        foreach (Value replacement in _replacements.Select(r => r.New))
        {
            if (replacement.Producer is { } producer)
            {
                int made = _graph.IndexOf(producer);
                if (replacement.Uses.Any(u => u.Node is { } user && _graph.IndexOf(user) <= made))
                {
                    if (!_graph.TrySort())
                    {
                        throw Bug("makes a cycle");
                    }

                    return;
                }
            }
        }
    }

    private void Sharpen()
    {
        HashSet<Value> changed = [];
        HashSet<string> none = [];
        foreach ((Value old, Value replacement) in _replacements)
        {
            if (replacement.Constant is null)
            {
                // What was known of the old value holds for the new one.
                replacement.Type = old.Type is Ir.TensorType { Shape.IsRanked: true } && replacement.Tensor is { Shape.IsRanked: false } ? old.Type : replacement.Type;
                replacement.Contents ??= old.Contents;
            }

            if (TypeRefinement.Refine(old.Type, replacement.Type, none) != old.Type || !TypeRefinement.SameContents(old.Contents, replacement.Contents) || (replacement.Constant is not null && old.Constant is null))
            {
                changed.Add(replacement);
            }
        }

        if (changed.Count == 0)
        {
            return;
        }

        DiagnosticBag diagnostics = new();
        foreach (Node node in _graph.Nodes)
        {
            if (node.Inputs.Any(v => v is not null && changed.Contains(v)) && TypeRefinement.Reinfer(node, _graph.Symbols, diagnostics))
            {
                changed.UnionWith(node.Outputs.OfType<Value>());
            }
        }

        if (!_graph.IsBody)
        {
            diagnostics.ThrowIfErrors();
        }
    }

    private static bool IsDead(Node node) => node.Outputs.All(o => o is null || o.Uses.Count == 0);

    private InternalCompilerException Bug(string what) => new($"The patch {Name} (number {_graph.Edits.Edits.Count + 1}) of the graph \"{_graph.Name}\" {what}.");
}
