using Peregrine.Diagnostics;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Runtime.Tuning;

/// <summary>Asks the backend's tactics and takes the one with the lowest estimate; ties go by the backend's order. Equal requests are asked once.</summary>
public sealed class TacticSelector(IBackend backend) : ITacticChooser
{
    private readonly Dictionary<KernelRequest, Selection> _selections = [];

    public Selection Select(KernelRequest request, Operator oracle, OperandExtents? extents = null) => Select(request);

    /// <summary>Chooses by the request alone.</summary>
    /// <exception cref="BackendException">No tactic takes the request.</exception>
    public Selection Select(KernelRequest request)
    {
        if (_selections.TryGetValue(request, out Selection? known))
        {
            return known;
        }

        CandidateList candidates = CandidateList.Of(request, backend);
        CandidateList.Entry best = candidates.Best;
        return _selections[request] = new(best.Tactic, best.Option, candidates.Declines, candidates.Untried(""), best.EstimatedSeconds);
    }
}
