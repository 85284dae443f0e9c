using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Peregrine.Backends.Cpu;
using Peregrine.Compiler;
using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Onnx;
using Peregrine.Runtime.Format;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;
using Peregrine.Runtime.Tuning;
using Peregrine.Tensors;

namespace Peregrine;

/// <summary>How the CPU is used.</summary>
public sealed class CpuOptions
{
    /// <summary>Workers of one call, the caller's thread included; null for the processors that the process may use (affinity mask, container quota).</summary>
    public int? Threads { get; set; }
}

/// <summary>
/// Builds engines.
/// <code>
/// OnnxModel model = OnnxModel.Load("resnet50.onnx");
/// using Engine engine = new EngineBuilder()
///     .UseCpu(cpu => cpu.Threads = 8)
///     .Profile("batch", p => p.Input("data", min: [1, 3, 224, 224], opt: [8, 3, 224, 224], max: [32, 3, 224, 224]))
///     .Build(model);
/// engine.Save("resnet50.engine");
/// </code>
/// </summary>
public sealed class EngineBuilder
{
    private readonly CpuOptions _cpu = new();
    private readonly List<OptimizationProfile> _profiles = [];
    private readonly Dictionary<string, IReadOnlyList<long>> _shapes = new(StringComparer.Ordinal);
    private readonly HashSet<string> _disabled = new(StringComparer.Ordinal);
    private ILogger _logger = NullLogger.Instance;
    private int _level = 3;
    private int _stopAfterPatch = int.MaxValue;
    private bool _verify;
    private Action<string>? _passLog;
    private string? _timingCache;
    private bool _usesTimingCache = true;
    private long? _workspace;
    private bool _deterministic;
    private string? _tacticManifest;
    private TimeSpan? _tuningBudget;
    private Action<TuningReport>? _tuned;
    private bool _keepOriginals;

    /// <summary>Sets how the CPU is used; it is the only device so far.</summary>
    public EngineBuilder UseCpu(Action<CpuOptions> configure)
    {
        configure(_cpu);
        return this;
    }

    /// <summary>Allows precisions besides float32.</summary>
    /// <exception cref="NotSupportedException">The precision is not available yet.</exception>
    public EngineBuilder Allow(Precision precision) => precision == Precision.Float32 ? this : throw new NotSupportedException($"{precision} is not available yet; engines compute in float32.");

    /// <summary>Adds a range of input shapes for which the engine is built.</summary>
    public EngineBuilder Profile(string name, Action<ProfileBuilder> configure)
    {
        if (_profiles.Exists(p => p.Name == name))
        {
            throw new ArgumentException($"There is a profile \"{name}\" already.", nameof(name));
        }

        ProfileBuilder builder = new();
        configure(builder);
        _profiles.Add(new(name, ValueList.From(builder.Inputs)));
        return this;
    }

    /// <summary>Fixes the shape of an input.</summary>
    public EngineBuilder Shape(string input, params ReadOnlySpan<long> dims)
    {
        _shapes[input] = dims.ToArray();
        return this;
    }

    /// <summary>
    /// Builder optimization level, 0 (fastest build: tactics by their own estimates) to 5 (every candidate is tried); 3 is the default. From 1 on a kernel is used only after it has agreed with the
    /// reference on this machine.
    /// </summary>
    public EngineBuilder Level(int level)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(level, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(level, 5);
        _level = level;
        return this;
    }

    /// <summary>
    /// Keeps measured times in this file, so that a further build measures nothing that is known; null for no file. By default they are kept in the user's cache folder
    /// (<c>PEREGRINE_CACHE</c> moves it or, as <c>off</c>, switches it off).
    /// </summary>
    public EngineBuilder TimingCache(string? path)
    {
        (_timingCache, _usesTimingCache) = (path, path is not null);
        return this;
    }

    /// <summary>The most temporary memory that a kernel may take; tactics that want more are skipped, and the report says so.</summary>
    public EngineBuilder Workspace(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        _workspace = bytes;
        return this;
    }

    /// <summary>Chooses tactics without any measurement, so that two builds give the same bytes: by the manifest, or by estimate among those that are right.</summary>
    public EngineBuilder Deterministic(bool deterministic = true)
    {
        _deterministic = deterministic;
        return this;
    }

    /// <summary>Obeys the choices in this file and adds those that are missing in it; it is made if it does not exist. Null for none.</summary>
    public EngineBuilder TacticManifest(string? path)
    {
        _tacticManifest = path;
        return this;
    }

    /// <summary>The most time for trying kernels; what is left then is chosen by estimate. By default the level decides (20 s at level 3).</summary>
    public EngineBuilder TuningBudget(TimeSpan budget)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(budget, TimeSpan.Zero);
        _tuningBudget = budget;
        return this;
    }

    /// <summary>Receives what was tried, how long it took and what was chosen, at the end of each build.</summary>
    public EngineBuilder TuningReport(Action<TuningReport>? receiver)
    {
        _tuned = receiver;
        return this;
    }

    /// <summary>
    /// Keeps, for each constant that the build computes (weights with a batch normalization in them, say), the model's originals and how it follows from them, so that it can be computed again from other
    /// weights. The engine grows by the originals; by default it holds what it runs on and nothing else.
    /// </summary>
    public EngineBuilder KeepOriginals(bool keep = true)
    {
        _keepOriginals = keep;
        return this;
    }

    /// <summary>Switches a pass or a rewrite off.</summary>
    public EngineBuilder Disable(string pass)
    {
        _disabled.Add(pass);
        return this;
    }

    /// <summary>Leaves the graph as it is after so many patches, to bisect a wrong result.</summary>
    public EngineBuilder StopAfterPatch(int count)
    {
        _stopAfterPatch = count;
        return this;
    }

    /// <summary>Checks the graph's invariants after every pass.</summary>
    public EngineBuilder VerifyPasses(bool verify = true)
    {
        _verify = verify;
        return this;
    }

    /// <summary>Receives what each pass changed, line by line.</summary>
    public EngineBuilder PassLog(Action<string>? log)
    {
        _passLog = log;
        return this;
    }

    public EngineBuilder Logger(ILogger logger)
    {
        _logger = logger;
        return this;
    }

    /// <summary>Builds an engine from a model.</summary>
    /// <exception cref="ModelException">The model, a shape or a profile is at fault; every finding is told.</exception>
    public Engine Build(OnnxModel model, IProgress<BuildProgress>? progress = null, CancellationToken cancellation = default)
    {
        DiagnosticBag findings = new();
        Graph graph = model.Import(new ImportOptions { Shapes = _shapes }, findings);
        foreach (Diagnostic finding in findings.Items)
        {
            _logger.Log(finding.Severity == Severity.Information ? LogLevel.Information : LogLevel.Warning, "{Diagnostic}", finding);
        }

        return Build(graph, Path.GetFileName(model.Name), progress, cancellation);
    }

    /// <summary>Builds an engine from a graph, which is rewritten in place.</summary>
    public Engine Build(Graph graph, IProgress<BuildProgress>? progress = null, CancellationToken cancellation = default) => Build(graph, graph.Name, progress, cancellation);

    private Engine Build(Graph graph, string name, IProgress<BuildProgress>? progress, CancellationToken cancellation)
    {
        IBackend backend = new CpuBackend(_cpu.Threads);
        try
        {
            CompileOptions options = Options(name);
            EngineContent content = ModelCompiler.Compile(graph, backend, options, progress, cancellation);
            if (_tacticManifest is not null)
            {
                options.Tuning.Manifest!.Write(_tacticManifest);
            }

            return new(content, backend, logger: _logger);
        }
        catch (OutOfMemoryException e)
        {
            backend.Dispose();
            throw new BackendException("This process has no memory left to build the engine. Use smaller shapes, or build on a larger machine.", e);
        }
        catch
        {
            backend.Dispose();
            throw;
        }
    }

    private CompileOptions Options(string name) => new()
    {
        ModelName = name,
        Tuning = new()
        {
            Level = _level,
            Workspace = _workspace,
            Deterministic = _deterministic,
            Cache = _level == 0 || _deterministic || !_usesTimingCache ? null : _timingCache is { } path ? Runtime.Tuning.TimingCache.Open(path) : Runtime.Tuning.TimingCache.OpenDefault(),
            Manifest = _tacticManifest is null ? null : File.Exists(_tacticManifest) ? Runtime.Tuning.TacticManifest.Read(_tacticManifest) : new(),
            Budget = _tuningBudget,
        },
        Tuned = OnTuned,
        Profiles = _profiles,
        Disabled = _disabled,
        KeepOriginals = _keepOriginals,
        StopAfterPatch = _stopAfterPatch,
        Verify = _verify,
        Log = _passLog,
    };

    private void OnTuned(TuningReport report)
    {
        foreach (string remark in report.Remarks)
        {
            _logger.LogWarning("{Remark}", remark);
        }

        _tuned?.Invoke(report);
    }
}

/// <summary>Collects the inputs of an optimization profile.</summary>
public sealed class ProfileBuilder
{
    private readonly List<ProfileInput> _inputs = [];

    internal IReadOnlyList<ProfileInput> Inputs => _inputs;

    /// <summary>The extents of one input: 0 ≤ min ≤ opt ≤ max per dimension.</summary>
    public ProfileBuilder Input(string name, ReadOnlySpan<long> min, ReadOnlySpan<long> opt, ReadOnlySpan<long> max)
    {
        _inputs.Add(new(name, Ints.Create(min), Ints.Create(opt), Ints.Create(max)));
        return this;
    }
}
