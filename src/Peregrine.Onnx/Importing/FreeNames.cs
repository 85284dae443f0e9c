using Peregrine.Onnx.Wire;

namespace Peregrine.Onnx.Importing;

/// <summary>The names that a body uses without defining them: what it captures from the graph around it. Remembered per body, so that deep nesting stays cheap.</summary>
internal sealed class FreeNames
{
    private readonly Dictionary<OnnxGraphProto, IReadOnlyList<string>> _known = new(ReferenceEqualityComparer.Instance);

    /// <summary>The captures of all bodies of a node, in order of first use, each once.</summary>
    public IReadOnlyList<string> Of(OnnxNodeProto node)
    {
        List<OnnxGraphProto> bodies = [.. node.Attributes.Where(a => a.Graph is not null).Select(a => a.Graph!), .. node.Attributes.SelectMany(a => a.Graphs)];
        return bodies.Count == 0 ? [] : [.. bodies.SelectMany(Of).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>The captures of a body, bodies in it included.</summary>
    public IReadOnlyList<string> Of(OnnxGraphProto body)
    {
        if (_known.TryGetValue(body, out IReadOnlyList<string>? names))
        {
            return names;
        }

        HashSet<string> defined = new(StringComparer.Ordinal) { "" };
        defined.UnionWith(body.Inputs.Select(i => i.Name));
        defined.UnionWith(body.Initializers.Select(i => i.Name));
        defined.UnionWith(body.SparseInitializers.Select(i => i.Name));
        defined.UnionWith(body.Nodes.SelectMany(n => n.Outputs));
        List<string> free = [];
        HashSet<string> seen = new(StringComparer.Ordinal);
        IEnumerable<string> used = body.Nodes.SelectMany(n => n.Inputs.Concat(Of(n))).Concat(body.Outputs.Select(o => o.Name));
        foreach (string name in used)
        {
            if (!defined.Contains(name) && seen.Add(name))
            {
                free.Add(name);
            }
        }

        _known[body] = free;
        return free;
    }
}
