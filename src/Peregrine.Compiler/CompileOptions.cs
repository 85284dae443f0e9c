using Peregrine.Runtime.Planning;
using Peregrine.Runtime.Tuning;

namespace Peregrine.Compiler;

/// <summary>What the compiler may do and whom it tells.</summary>
public sealed record CompileOptions
{
    /// <summary>Shown in the engine's manifest.</summary>
    public string ModelName { get; init; } = "";

    /// <summary>How tactics are chosen: level, workspace, cache, pins.</summary>
    public TuningOptions Tuning { get; init; } = new();

    /// <summary>Receives what the tuner did, also where the build fails or is cancelled afterwards; null if nobody listens.</summary>
    public Action<TuningReport>? Tuned { get; init; }

    /// <summary>Ranges of input shapes; empty for any shape that the model allows.</summary>
    public IReadOnlyList<OptimizationProfile> Profiles { get; init; } = [];

    /// <summary>Names of passes and rewrites that are switched off.</summary>
    public IReadOnlySet<string> Disabled { get; init; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Whether the engine keeps, for each constant that was computed, the originals of the model that it was computed from: about as many bytes again.</summary>
    public bool KeepOriginals { get; init; }

    /// <summary>Past this many patches the graph is left as it is: for bisecting a wrong result.</summary>
    public int StopAfterPatch { get; init; } = int.MaxValue;

    /// <summary>Whether the graph's invariants are checked after every pass.</summary>
    public bool Verify { get; init; }

    /// <summary>Receives what each pass changed, line by line; null if nobody listens.</summary>
    public Action<string>? Log { get; init; }
}

/// <summary>How far a build is.</summary>
/// <param name="Stage">What is being done: the pass, the layer.</param>
/// <param name="Done">Units done, of <paramref name="Total"/>.</param>
public readonly record struct BuildProgress(string Stage, int Done, int Total);
