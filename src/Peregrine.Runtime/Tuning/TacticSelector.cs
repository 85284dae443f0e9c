using Peregrine.Diagnostics;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Runtime.Tuning;

/// <summary>The chosen tactic of a request, and why the others were not.</summary>
public sealed record Selection(ITactic Tactic, TacticOption Option, IReadOnlyList<string> Declines);

/// <summary>Asks the backend's tactics and takes the one with the lowest estimate; ties go by the backend's order. Equal requests are asked once.</summary>
public sealed class TacticSelector(IBackend backend)
{
    private readonly Dictionary<KernelRequest, Selection> _selections = [];

    public IBackend Backend { get; } = backend;

    /// <summary>Seconds that the best tactic is estimated to take; infinite if none takes the request.</summary>
    public double Estimate(KernelRequest request) =>
        Backend.Tactics.Min(t => t.Consider(request, Backend.Device) is Verdict.Accept accept ? accept.EstimatedCost : double.PositiveInfinity);

    public Selection Select(KernelRequest request)
    {
        if (_selections.TryGetValue(request, out Selection? known))
        {
            return known;
        }

        ITactic? best = null;
        Verdict.Accept? accepted = null;
        List<string> declines = [];
        foreach (ITactic tactic in Backend.Tactics)
        {
            switch (tactic.Consider(request, Backend.Device))
            {
                case Verdict.Accept accept when accepted is null || accept.EstimatedCost < accepted.EstimatedCost:
                    (best, accepted) = (tactic, accept);
                    break;
                case Verdict.Decline decline:
                    declines.Add($"{tactic.Id}: {decline.Reason}");
                    break;
            }
        }

        if (best is null)
        {
            throw new BackendException($"No tactic of {Backend.Device.Backend} takes {request}: {string.Join("; ", declines)}.");
        }

        return _selections[request] = new(best, accepted!.Options[0], declines);
    }
}
