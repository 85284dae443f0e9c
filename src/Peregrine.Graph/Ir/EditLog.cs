namespace Peregrine.Ir;

/// <summary>One applied patch.</summary>
/// <param name="Number">From 1, in order of application, over all passes and subgraphs.</param>
/// <param name="Name">The pass or rewrite.</param>
/// <param name="Where">The node at which it applied.</param>
public sealed record Edit(int Number, string Name, string Where);

/// <summary>Numbers every edit of a graph, so that a wrong result can be bisected: past <see cref="Limit"/> patches nothing changes any more.</summary>
public sealed class EditLog
{
    private readonly List<Edit> _edits = [];

    /// <summary>How many patches may be applied (<c>--stop-after-patch</c>).</summary>
    public int Limit { get; set; } = int.MaxValue;

    public IReadOnlyList<Edit> Edits => _edits;

    public bool IsExhausted => _edits.Count >= Limit;

    internal void Record(string name, string where) => _edits.Add(new(_edits.Count + 1, name, where));
}
