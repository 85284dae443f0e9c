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

    /// <summary>Builder optimization level, 0 (fastest build) to 5 (search everything); 3 is the default.</summary>
    public EngineBuilder Level(int level)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(level, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(level, 5);
        _level = level;
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
            EngineContent content = ModelCompiler.Compile(graph, backend, Options(name), progress, cancellation);
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
        Level = _level,
        Profiles = _profiles,
        Disabled = _disabled,
        StopAfterPatch = _stopAfterPatch,
        Verify = _verify,
        Log = _passLog,
    };
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
