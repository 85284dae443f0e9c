using Peregrine.Cli.Inspection;
using Peregrine.Runtime.Execution;
using Peregrine.Runtime.Planning;

namespace Peregrine.Cli.Benchmarking;

/// <summary>Adds up the time of each step over any number of runs. The time of a control step contains that of the steps inside it.</summary>
internal sealed class LayerTimer : IExecutionObserver
{
    private readonly Dictionary<(Plan Plan, int Step), TimeSpan> _times = [];

    public void OnStep(Plan plan, int stepIndex, TimeSpan elapsed)
    {
        _times.TryGetValue((plan, stepIndex), out TimeSpan sum);
        _times[(plan, stepIndex)] = sum + elapsed;
    }

    /// <summary>Every step that ran, in the order of the plan, with its mean time per run.</summary>
    public IReadOnlyList<LayerTime> Collect(Plan plan, int runs)
    {
        List<LayerTime> layers = [];
        Collect(plan, runs, layers);
        return layers;
    }

    private void Collect(Plan plan, int runs, List<LayerTime> layers)
    {
        for (int index = 0; index < plan.Steps.Count; index++)
        {
            Step step = plan.Steps[index];
            if (_times.TryGetValue((plan, index), out TimeSpan time))
            {
                string tactic = step is KernelStep kernel ? $"{kernel.Tactic} {kernel.Option}".TrimEnd() : "host";
                layers.Add(new(step.Name, step.Kind, tactic, EngineInspector.PrecisionOf(plan, step), time.TotalMilliseconds / runs));
            }

            foreach (Plan body in step.Subplans)
            {
                Collect(body, runs, layers);
            }
        }
    }
}
