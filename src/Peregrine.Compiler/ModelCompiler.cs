using Peregrine.Compiler.Fusions;
using Peregrine.Compiler.Lowering;
using Peregrine.Compiler.Passes;
using Peregrine.Compiler.Regions;
using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Rewriting;
using Peregrine.Runtime.Format;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;
using Peregrine.Runtime.Tuning;

namespace Peregrine.Compiler;

/// <summary>Turns a graph into an engine's content for one backend: the passes of <see cref="Pipeline"/>, then the plan.</summary>
public static class ModelCompiler
{
    /// <summary>Compiles. The graph is rewritten in place.</summary>
    /// <exception cref="ModelException">The model cannot be built, or a profile does not fit it.</exception>
    public static EngineContent Compile(Graph graph, IBackend backend, CompileOptions options, IProgress<BuildProgress>? progress = null, CancellationToken cancellation = default)
    {
        DiagnosticBag diagnostics = new();
        ApplyProfiles.Run(graph, options.Profiles, diagnostics);
        diagnostics.ThrowIfErrors();
        int sourceNodes = graph.AllNodes.Count();
        IReadOnlyList<IGraphPass> passes = Pipeline.Passes;
        Optimize(graph, options, diagnostics, progress, cancellation);
        progress?.Report(new("Plan", passes.Count, passes.Count + 1));
        RefuseOverflows(graph);
        ConstantTable constants = new();
        Dictionary<string, IReadOnlyList<string>> declines = new(StringComparer.Ordinal);
        Plan plan = Lower(graph, backend, options, diagnostics, constants, declines, progress, cancellation);
        progress?.Report(new("Plan", passes.Count + 1, passes.Count + 1));
        EngineManifest manifest = new(
            options.ModelName.Length > 0 ? options.ModelName : graph.Name,
            $"Peregrine {typeof(ModelCompiler).Assembly.GetName().Version?.ToString(3)}",
            "fp32",
            options.Tuning.Level,
            backend.Device.Fingerprint,
            backend.Device.Name,
            sourceNodes,
            [.. passes.Where(p => !options.Disabled.Contains(p.Name)).Select(p => p.Name)],
            declines);
        return new(plan, options.KeepOriginals ? constants.Constants : [.. constants.Constants.Select(c => c.WithoutDerivation())], options.Profiles, manifest);
    }

    /// <summary>Chooses tactics and makes the plan. Whatever was measured is saved, even if the build is cancelled: the next one goes on from there.</summary>
    private static Plan Lower(Graph graph, IBackend backend, CompileOptions options, DiagnosticBag diagnostics, ConstantTable constants, Dictionary<string, IReadOnlyList<string>> declines, IProgress<BuildProgress>? progress, CancellationToken cancellation)
    {
        Tuner tuner = new(backend, options.Tuning, cancellation);
        if (progress is not null)
        {
            int nodes = graph.AllNodes.Count();
            tuner.Progress = step => progress.Report(new($"Tune {step.Request}, {step.Candidate} of {step.Candidates} candidates", step.Done, nodes));
        }

        try
        {
            SampleExtents samples = new(graph, options.Profiles);
            GraphPasses.Run(new SplitRegions(tuner, samples), graph, Context(options, diagnostics, cancellation));
            GraphPasses.Run(new FormChains(tuner, samples), graph, Context(options, diagnostics, cancellation));
            return PlanLowering.Lower(graph, tuner, samples, constants, declines);
        }
        finally
        {
            options.Tuning.Cache?.Save();
            options.Tuned?.Invoke(tuner.Report());
        }
    }

    /// <summary>Estimates and strides multiply extents; a shape whose elements cannot be counted is refused before.</summary>
    private static void RefuseOverflows(Graph graph)
    {
        foreach (Value value in graph.AllNodes.SelectMany(n => n.Outputs).OfType<Value>())
        {
            if (value.Type is TensorType { Shape: { IsRanked: true, IsStatic: true } shape } type && shape.Aggregate(1.0, (product, d) => product * d.Constant) > long.MaxValue / 64)
            {
                Peregrine.Tensors.Tensor.CheckedBytes(type.ElementType, [.. shape.Select(d => d.Constant)]);
            }
        }
    }

    /// <summary>Runs the passes only.</summary>
    public static void Optimize(Graph graph, CompileOptions options, DiagnosticBag diagnostics, IProgress<BuildProgress>? progress = null, CancellationToken cancellation = default)
    {
        IReadOnlyList<IGraphPass> passes = Pipeline.Passes;
        CheckNames(options.Disabled);
        graph.Edits.Limit = options.StopAfterPatch;
        PassContext context = Context(options, diagnostics, cancellation);
        for (int i = 0; i < passes.Count; i++)
        {
            progress?.Report(new(passes[i].Name, i, passes.Count + 1));
            GraphPasses.Run(passes[i], graph, context);
        }

        // A fusion that stops matching shows here as near misses with their reason.
        foreach (string line in options.Log is null ? [] : context.Statistics.ToString().Split('\n'))
        {
            options.Log!(line);
        }

        diagnostics.ThrowIfErrors();
    }

    /// <summary>Runs the passes whose results ONNX can express: all but those that make operators of Peregrine's own.</summary>
    public static void OptimizeWithinStandard(Graph graph, CompileOptions options, DiagnosticBag diagnostics, IProgress<BuildProgress>? progress = null, CancellationToken cancellation = default) =>
        Optimize(graph, options with { Disabled = new HashSet<string>(options.Disabled, StringComparer.Ordinal) { KernelRewrites.Name, nameof(FormRegions) } }, diagnostics, progress, cancellation);

    private static PassContext Context(CompileOptions options, DiagnosticBag diagnostics, CancellationToken cancellation) =>
        new() { Diagnostics = diagnostics, Cancellation = cancellation, Log = options.Log, Disabled = options.Disabled, Verify = options.Verify };

    private static void CheckNames(IReadOnlySet<string> disabled)
    {
        HashSet<string> known = new(Pipeline.Names, StringComparer.Ordinal);
        if (disabled.FirstOrDefault(d => !known.Contains(d)) is { } unknown)
        {
            throw new ArgumentException($"There is no pass or rewrite \"{unknown}\"; there are {string.Join(", ", known.Order(StringComparer.Ordinal))}.", nameof(disabled));
        }
    }
}
