using Peregrine.Diagnostics;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;

namespace Peregrine.Runtime.Tuning;

/// <summary>Compiles the kernels of an engine on the machine at hand, one per distinct (request, tactic, option). Where the recorded tactic does not exist here, another is selected.</summary>
internal sealed class KernelCompiler(IBackend backend)
{
    private readonly Dictionary<(KernelRequest, TacticId, TacticOption), IKernel> _kernels = [];
    private readonly ITacticChooser _selector = new TacticSelector(backend);
    private readonly List<string> _reselected = [];

    public IReadOnlyList<string> Reselected => _reselected;

    /// <exception cref="EngineFormatException">The request is not for what the step computes.</exception>
    public IKernel Compile(KernelStep step)
    {
        if (KernelForm.WhyNot(step.Operator, step.Request) is { } why)
        {
            throw new EngineFormatException($"The engine is not consistent: step \"{step.Name}\" {why}. Build the engine again.");
        }

        if (_kernels.TryGetValue((step.Request, step.Tactic, step.Option), out IKernel? kernel))
        {
            return kernel;
        }

        ITactic? tactic = backend.Tactics.FirstOrDefault(t => t.Id == step.Tactic);
        TacticOption option = step.Option;
        if (tactic?.Consider(step.Request, backend.Device) is not Verdict.Accept accept || !accept.Options.Contains(option))
        {
            Selection selection = _selector.Select(step.Request, step.Operator);
            tactic = selection.Tactic;
            option = selection.Option;
            _reselected.Add($"\"{step.Name}\" was built with {step.Tactic} {step.Option}; this machine runs it with {tactic.Id} {option}.".Replace("  ", " ", StringComparison.Ordinal));
        }

        kernel = tactic.Compile(step.Request, option);
        _kernels[(step.Request, step.Tactic, step.Option)] = kernel;
        return kernel;
    }
}
