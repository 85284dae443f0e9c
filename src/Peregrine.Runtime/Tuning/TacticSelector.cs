using Peregrine.Operators;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Runtime.Tuning;

/// <summary>Asks the backend's tactics and takes the one with the lowest estimate; ties go by the backend's order. Equal requests are asked once.</summary>
public sealed class TacticSelector(IBackend backend) : ITacticChooser
{
    private readonly Dictionary<KernelRequest, Selection?> _selections = [];

    public IBackend Backend { get; } = backend;

    public Selection? Find(KernelRequest request, Operator oracle, OperandExtents? extents = null)
    {
        if (!_selections.TryGetValue(request, out Selection? known))
        {
            CandidateList candidates = CandidateList.Of(request, Backend);
            _selections[request] = known = candidates.Best is { } best ? new(best.Tactic, best.Option, candidates.Declines, candidates.Untried(""), best.EstimatedSeconds) : null;
        }

        return known;
    }
}
