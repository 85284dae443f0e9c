using Peregrine.Diagnostics;

namespace Peregrine.Rewriting;

/// <summary>What a pass gets besides the graph.</summary>
public sealed class PassContext
{
    /// <summary>Findings about the model.</summary>
    public DiagnosticBag Diagnostics { get; init; } = new();

    public CancellationToken Cancellation { get; init; }

    /// <summary>Receives a line per edit; null if nobody listens.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>Names of passes and rewrites that are switched off.</summary>
    public IReadOnlySet<string> Disabled { get; init; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Whether the graph's invariants are checked after every pass.</summary>
    public bool Verify { get; init; }

    /// <summary>What the rewrites did so far.</summary>
    public RewriteStatistics Statistics { get; } = new();
}
