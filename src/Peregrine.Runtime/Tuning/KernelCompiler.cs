using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Peregrine.Diagnostics;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;

namespace Peregrine.Runtime.Tuning;

/// <summary>Compiles the kernels of an engine on the machine at hand, one per distinct (request, tactic, option). Where the recorded tactic does not exist here, another is selected.</summary>
/// <param name="origin">Which program built the engine, as <see cref="OriginOf"/> tells it; what this very program made for such a device before it makes again without checks.</param>
internal sealed class KernelCompiler(IBackend backend, string origin = "")
{
    private static readonly int[] UsualThreads = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 48, 64, 96, 128];

    private readonly Dictionary<KernelKey, IKernel> _kernels = [];
    private readonly ITacticChooser _selector = new TacticSelector(backend);
    private readonly List<string> _reselected = [];

    private readonly bool _isKnown = origin.Length > 0 && origin == OriginOf(backend);

    public IReadOnlyList<string> Reselected => _reselected;

    /// <summary>Identifies the code that makes a backend's kernels, and what the device offers it: the same recipes give the same kernels where it is equal.</summary>
    public static string OriginOf(IBackend backend) =>
        TimingCache.KeyOf($"{string.Join(' ', backend.Tactics.Select(t => t.GetType().Assembly).Distinct().Select(TacticStamp.Of))} {string.Join(' ', backend.Device.Features)}");

    /// <summary>Compiles the kernels of a plan and its sub-plans on several threads, but for those that need another tactic here; <see cref="Compile"/> then finds them.</summary>
    public void CompileAhead(Plan plan)
    {
        Dictionary<KernelKey, KernelStep> wanted = [];
        Collect(plan, wanted);
        ConcurrentDictionary<KernelKey, IKernel> compiled = [];
        try
        {
            // One by one: how long they take differs by two orders of magnitude.
            Parallel.ForEach(Partitioner.Create(wanted.Values, EnumerablePartitionerOptions.NoBuffering), step =>
            {
                if (KernelForm.WhyNot(step.Operator, step.Request) is null && Recorded(step) is { } tactic)
                {
                    compiled[KernelKey.Of(step)] = _isKnown ? tactic.Recompile(step.Request, step.Option) : tactic.Compile(step.Request, step.Option);
                }
            });
        }
        catch (AggregateException failures)
        {
            ExceptionDispatchInfo.Throw(failures.InnerExceptions[0]);
        }

        foreach ((KernelKey key, IKernel kernel) in compiled)
        {
            _kernels[key] = kernel;
        }
    }

    /// <exception cref="EngineFormatException">The request is not for what the step computes.</exception>
    public IKernel Compile(KernelStep step)
    {
        if (KernelForm.WhyNot(step.Operator, step.Request) is { } why)
        {
            throw new EngineFormatException($"The engine is not consistent: step \"{step.Name}\" {why}. Build the engine again.");
        }

        if (_kernels.TryGetValue(KernelKey.Of(step), out IKernel? kernel))
        {
            return kernel;
        }

        TacticOption option = step.Option;
        ITactic? tactic = Recorded(step);
        if (tactic is null)
        {
            Selection selection = _selector.Select(step.Request, step.Operator);
            tactic = selection.Tactic;
            option = selection.Option;
            _reselected.Add($"\"{step.Name}\" was built with {step.Tactic} {step.Option}; this machine runs it with {tactic.Id} {option}.".Replace("  ", " ", StringComparison.Ordinal));
        }

        kernel = tactic.Compile(step.Request, option);
        _kernels[KernelKey.Of(step)] = kernel;
        return kernel;
    }

    /// <summary>
    /// The tactic that the step was built with, if this machine has it and it takes the step as it did. What a tactic offers may depend on the number of threads; an engine keeps what it was built with
    /// however many it gets, because its results must not depend on them.
    /// </summary>
    private ITactic? Recorded(KernelStep step)
    {
        if (backend.Tactics.FirstOrDefault(t => t.Id == step.Tactic) is not { } tactic)
        {
            return null;
        }

        int threads = backend.Device.Parallelism;
        return Offers(threads) || UsualThreads.Any(other => other != threads && Offers(other)) ? tactic : null;

        bool Offers(int parallelism) => tactic.Consider(step.Request, backend.Device with { Parallelism = parallelism }) is Verdict.Accept accept && accept.Options.Contains(step.Option);
    }

    private static void Collect(Plan plan, Dictionary<KernelKey, KernelStep> wanted)
    {
        foreach (Step step in plan.Steps)
        {
            if (step is KernelStep kernel)
            {
                wanted.TryAdd(KernelKey.Of(kernel), kernel);
            }

            foreach (Plan inner in step.Subplans)
            {
                Collect(inner, wanted);
            }
        }
    }

    /// <summary>What decides on a kernel. A class: collections of it need no code of their own.</summary>
    private sealed record KernelKey(KernelRequest Request, string Tactic, int Version, string Option)
    {
        public static KernelKey Of(KernelStep step) => new(step.Request, step.Tactic.Name, step.Tactic.Version, step.Option.Text);
    }
}
