using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Runtime.Execution;
using Peregrine.Runtime.Format;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;
using Peregrine.Runtime.Tuning;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine;

/// <summary>An input or output of an engine.</summary>
/// <param name="Type">Element type and shape; a symbol in the shape is a dimension that each call chooses, or (in an output) that the data decide.</param>
public sealed record EngineBinding(string Name, IrType Type);

/// <summary>
/// A built network, ready to run: immutable and thread-safe. Weights and kernels are shared; each concurrent call has an <see cref="InferenceContext"/> of its own.
/// One engine gives the same bits at any number of threads.
/// </summary>
public sealed class Engine : IDisposable
{
    private readonly bool _ownsBackend;
    private readonly IDisposable? _source;
    private readonly DeviceBuffer?[] _constantBuffers;
    private readonly PackedConstant[] _packed;
    private readonly PreparedPlan _prepared;
    private int _disposed;

    /// <summary>Prepares an engine's content to run on a backend. Steps whose tactic this backend lacks, or declines here, get another; <see cref="Reselected"/> tells.</summary>
    /// <param name="source">What holds the memory of the constants (a mapped file); disposed with the engine.</param>
    public Engine(EngineContent content, IBackend backend, bool ownsBackend = true, IDisposable? source = null, ILogger? logger = null)
    {
        Content = content;
        Backend = backend;
        _ownsBackend = ownsBackend;
        _source = source;
        Logger = logger ?? NullLogger.Instance;
        _constantBuffers = [.. content.Constants.Select(c => c.Data.Type == DataType.String ? null : backend.Wrap(c.Data.Data))];
        _packed = [.. content.Packed.Select(p => new PackedConstant(p.Constant, p.Key, backend.Wrap(p.Data)))];
        KernelCompiler compiler = new(backend, content.Manifest.Origin);
        compiler.CompileAhead(content.Plan);
        _prepared = new(content.Plan, backend, compiler.Compile, _constantBuffers, _packed);
        Reselected = compiler.Reselected;
        foreach (string change in Reselected)
        {
            Logger.LogWarning("{Change}", change);
        }

        Inputs = [.. content.Plan.Inputs.Select(s => new EngineBinding(content.Plan.Slots[s].Name, content.Plan.Slots[s].Type))];
        Outputs = [.. content.Plan.Outputs.Select(o => new EngineBinding(o.Name, content.Plan.Slots[o.Slot].Type))];
    }

    public EngineContent Content { get; }

    public IBackend Backend { get; }

    public IReadOnlyList<EngineBinding> Inputs { get; }

    public IReadOnlyList<EngineBinding> Outputs { get; }

    /// <summary>The profiles for which the engine was built; empty if any shape goes that the model allows.</summary>
    public IReadOnlyList<OptimizationProfile> Profiles => Content.Profiles;

    /// <summary>One sentence per step that runs with another tactic than it was built with.</summary>
    public IReadOnlyList<string> Reselected { get; }

    /// <summary>Bytes of all constants that the plan uses.</summary>
    public long WeightBytes => Content.Constants.Sum(c => (long)c.Data.Data.Length);

    internal ILogger Logger { get; }

    /// <summary>A context for one call at a time, under the named profile (by default the first).</summary>
    /// <exception cref="ArgumentException">There is no profile of that name.</exception>
    public InferenceContext CreateContext(string? profile = null)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        OptimizationProfile? chosen = profile is null
            ? Profiles.Count > 0 ? Profiles[0] : null
            : Profiles.FirstOrDefault(p => p.Name == profile) ?? throw new ArgumentException($"The engine has no profile \"{profile}\"; it has {(Profiles.Count == 0 ? "none" : string.Join(", ", Profiles.Select(p => $"\"{p.Name}\"")))}.", nameof(profile));
        RunnerServices services = new(Backend, Backend.CreateStream(), Content.Constants, _constantBuffers, new SymbolTable());
        return new(this, new PlanRunner(_prepared, services), services, chosen);
    }

    /// <summary>Writes the engine to a file, beside its target and then renamed: a failure leaves nothing half-written.</summary>
    public void Save(string path, CancellationToken cancellation = default) => EngineCodec.Save(Content with { Manifest = OwnManifest(), Packed = ConstantPacking.Of(Content, _prepared) }, path, null, cancellation);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        _prepared.Dispose();
        foreach (DeviceBuffer? buffer in _constantBuffers.Concat(_packed.Select(p => p.Buffer)))
        {
            buffer?.Dispose();
        }

        if (_ownsBackend)
        {
            Backend.Dispose();
        }

        _source?.Dispose();
    }

    /// <summary>Whoever loads the file learns that its recipes have been made into kernels here, and checked; not where other kernels took their place.</summary>
    private EngineManifest OwnManifest() => Reselected.Count == 0 ? Content.Manifest with { Origin = KernelCompiler.OriginOf(Backend) } : Content.Manifest;
}
