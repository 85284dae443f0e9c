using Peregrine.Diagnostics;
using Peregrine.Onnx.Wire;

namespace Peregrine.Onnx.Importing;

/// <summary>Topological order of a node list. Lists that are in order (the standard demands it) stay as they are.</summary>
internal static class NodeOrder
{
    /// <summary>Indices of the nodes, producers first and otherwise in the given order. Nodes on a cycle, and those behind it, are reported and left out.</summary>
    /// <param name="isDefined">Whether a name is an input or initializer: a node that defines it anew is wrong, but nobody waits for it.</param>
    public static IReadOnlyList<int> Sort(IReadOnlyList<OnnxNodeProto> nodes, FreeNames freeNames, string where, Func<int, string> nameOf, Func<string, bool> isDefined, DiagnosticBag diagnostics)
    {
        Dictionary<string, int> producers = new(StringComparer.Ordinal);
        for (int i = 0; i < nodes.Count; i++)
        {
            foreach (string output in nodes[i].Outputs.Where(o => !isDefined(o)))
            {
                producers.TryAdd(output, i);
            }
        }

        producers.Remove("");
        int[][] needs = new int[nodes.Count][];
        bool ordered = true;
        for (int i = 0; i < nodes.Count; i++)
        {
            needs[i] = [.. nodes[i].Inputs.Concat(freeNames.Of(nodes[i])).Where(producers.ContainsKey).Select(n => producers[n]).Distinct()];
            ordered &= needs[i].All(p => p < i);
        }

        if (ordered)
        {
            return [.. Enumerable.Range(0, nodes.Count)];
        }

        List<int> sorted = SortByNeeds(needs);
        if (sorted.Count == nodes.Count)
        {
            diagnostics.Warning("PG2030", $"The nodes of {where} are not in topological order; they were sorted.", suggestion: "The exporter does not keep to the standard.");
            return sorted;
        }

        IReadOnlyList<int> cycle = FindCycle(needs, [.. sorted]);
        const int Shown = 10;
        string path = string.Join(" → ", cycle.Take(Shown).Append(cycle.Count > Shown ? -1 : cycle[0]).Select(i => i < 0 ? "…" : $"{nodes[i].OperatorType} \"{nameOf(i)}\""));
        diagnostics.Error("PG2031", $"The nodes of {where} form a cycle: {path}.", suggestion: "A node cannot depend on its own result; express loops with Loop or Scan.");
        return sorted;
    }

    /// <summary>Kahn's algorithm; of several nodes that are ready the first in the list comes first.</summary>
    private static List<int> SortByNeeds(int[][] needs)
    {
        List<int>[] users = [.. needs.Select(_ => new List<int>())];
        int[] missing = new int[needs.Length];
        PriorityQueue<int, int> ready = new();
        for (int i = 0; i < needs.Length; i++)
        {
            missing[i] = needs[i].Length;
            foreach (int producer in needs[i])
            {
                users[producer].Add(i);
            }

            if (missing[i] == 0)
            {
                ready.Enqueue(i, i);
            }
        }

        List<int> sorted = [];
        while (ready.TryDequeue(out int node, out _))
        {
            sorted.Add(node);
            foreach (int user in users[node])
            {
                if (--missing[user] == 0)
                {
                    ready.Enqueue(user, user);
                }
            }
        }

        return sorted;
    }

    /// <summary>One cycle among the nodes that could not be sorted, each node before its user.</summary>
    private static List<int> FindCycle(int[][] needs, HashSet<int> sorted)
    {
        int node = Enumerable.Range(0, needs.Length).First(i => !sorted.Contains(i));
        Dictionary<int, int> position = [];
        List<int> path = [];
        while (position.TryAdd(node, path.Count))
        {
            path.Add(node);
            // A node that is left over waits for at least one other that is left over.
            node = needs[node].First(p => !sorted.Contains(p));
        }

        List<int> cycle = path[position[node]..];
        cycle.Reverse();
        int first = cycle.IndexOf(cycle.Min());
        return [.. cycle[first..], .. cycle[..first]];
    }
}
