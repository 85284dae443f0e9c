namespace Peregrine.Ir;

/// <summary>The names of the source model's nodes that a node stands for. Patches merge it when they replace nodes, so nothing in an engine is ever nameless.</summary>
public sealed class Provenance
{
    private readonly string[] _sources;

    private Provenance(string[] sources) => _sources = sources;

    public static Provenance None { get; } = new([]);

    /// <summary>In ordinal order, without repetition.</summary>
    public IReadOnlyList<string> Sources => _sources;

    public static Provenance Of(params ReadOnlySpan<string> sources) => new([.. new SortedSet<string>(sources.ToArray(), StringComparer.Ordinal)]);

    public static Provenance Merge(IEnumerable<Provenance> parts) => new([.. new SortedSet<string>(parts.SelectMany(p => p._sources), StringComparer.Ordinal)]);

    /// <summary>The sources, separated by " + ".</summary>
    public override string ToString() => string.Join(" + ", _sources);
}
