using System.Diagnostics;
using Peregrine.Diagnostics;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Runtime.Tuning;

/// <summary>
/// Finds the fastest right kernel of each request on the device at hand. Candidates are ordered by estimate and pruned; each is compared with the reference operator on random, adversarial and
/// saturating values, and only then timed. The winner must be faster than the noise; ties go by the backend's order. The reference is neither proved nor timed: it serves where nothing else does.
/// </summary>
public sealed class Tuner : ITacticChooser
{
    /// <summary>Times this close to the best are ties.</summary>
    private const double Noise = 0.02;

    /// <summary>Candidates that were never closer to the best than this are not measured further.</summary>
    private const double Hopeless = 1.4;

    /// <summary>Rounds before a candidate may be called hopeless.</summary>
    private const int TestRounds = 2;

    private const int OrderSeed = 1;

    /// <summary>Most bytes that the packed weights of all candidates of a request may take at the same time; otherwise one is measured after the other.</summary>
    private const long KeptBytes = 512L << 20;

    /// <summary>Candidates are measured in batches of runs that take about so long, or of one run: long enough for the clock, and short enough that many fit between two interruptions by the system.</summary>
    public static readonly TimeSpan BatchTime = TimeSpan.FromMicroseconds(500);

    private readonly IBackend _backend;
    private readonly TuningOptions _options;
    private readonly TuningEffort _effort;
    private readonly CancellationToken _cancellation;
    private readonly string _device;
    private readonly Dictionary<KernelRequest, Selection?> _selections = [];
    private readonly List<TunedRequest> _requests = [];
    private readonly List<string> _remarks = [];
    private TimeSpan _spent;
    private bool _budgetIsOver;

    public Tuner(IBackend backend, TuningOptions options, CancellationToken cancellation = default)
    {
        _backend = backend;
        _options = options;
        _effort = options.Effort;
        _cancellation = cancellation;
        _device = TimingCache.KeyOf(backend.Device.Fingerprint);
        options.Cache?.Name(_device, backend.Device.Fingerprint);
    }

    public IBackend Backend => _backend;

    /// <summary>Told before each candidate is tried; null if nobody listens.</summary>
    public Action<TuningProgress>? Progress { get; set; }

    /// <inheritdoc/>
    /// <exception cref="OperationCanceledException">Cancelled between two candidates; what was measured is in the cache.</exception>
    public Selection? Find(KernelRequest request, Operator oracle, OperandExtents? extents = null)
    {
        if (_selections.TryGetValue(request, out Selection? known))
        {
            return known;
        }

        _cancellation.ThrowIfCancellationRequested();
        long start = Stopwatch.GetTimestamp();
        RequestTuning tuning = new(this, request, oracle, OperandExtents.Of(request) ?? extents);
        Selection? selection;
        try
        {
            selection = tuning.Run();
        }
        finally
        {
            _spent += Stopwatch.GetElapsedTime(start);
        }

        if (selection is not null)
        {
            _options.Manifest?.Add(tuning.Text, selection.Tactic.Id, selection.Option);
        }

        _requests.Add(new(
            tuning.Text,
            tuning.Key,
            selection?.Tactic.Id.ToString() ?? "none",
            selection?.Option.Text ?? "",
            selection?.Candidates.FirstOrDefault(c => c.Tactic == selection.Tactic.Id && c.Option == selection.Option)?.Seconds * 1000,
            selection?.Candidates ?? tuning.Candidates(""),
            tuning.Note));
        return _selections[request] = selection;
    }

    /// <inheritdoc/>
    /// <remarks>Measured, or from the timing cache, from level 1 on; never where the next build has to decide alike: in deterministic mode and under a manifest.</remarks>
    public double? Price(KernelRequest request, Operator oracle, OperandExtents? extents = null) =>
        _options.Level == 0 || _options.Deterministic || _options.Manifest is not null || (extents ?? OperandExtents.Of(request)) is null ? null
        : Find(request, oracle, extents) is { } selection ? selection.Candidates.FirstOrDefault(c => c.Tactic == selection.Tactic.Id && c.Option == selection.Option)?.Seconds
        : double.PositiveInfinity;

    /// <summary>What has been done so far.</summary>
    public TuningReport Report()
    {
        Candidate[] all = [.. _requests.SelectMany(r => r.Candidates)];
        TimingCache? cache = _options.Deterministic ? null : _options.Cache;
        List<string> remarks = [.. _remarks];
        if (cache?.Problem is { } problem)
        {
            remarks.Add(problem);
        }

        return new(
            _options.Level,
            _options.Deterministic,
            _backend.Device.Fingerprint,
            _spent.TotalSeconds,
            all.Count(c => c.Outcome == CandidateOutcome.Measured),
            all.Count(c => c.Outcome == CandidateOutcome.Cached),
            all.Count(c => c.Outcome == CandidateOutcome.Skipped),
            all.Count(c => c.Outcome == CandidateOutcome.Rejected),
            cache?.Path,
            cache?.Count ?? 0,
            cache?.Damaged ?? 0,
            cache?.Mismatched ?? 0,
            remarks,
            _requests);
    }

    /// <summary>The tuning of one request.</summary>
    private sealed class RequestTuning(Tuner tuner, KernelRequest request, Operator oracle, OperandExtents? extents)
    {
        private readonly CandidateList _list = CandidateList.Of(request, tuner._backend);
        private readonly Dictionary<CandidateList.Entry, Candidate> _results = [];
        private readonly long _start = Stopwatch.GetTimestamp();
        private TrialBench? _bench;
        private string? _untriable;

        /// <summary>The request as people and manifests know it.</summary>
        public string Text { get; } = request.ToString();

        /// <summary>The cache's key: the request, and the extents at which it was tried where it leaves them open.</summary>
        public string Key { get; } = TimingCache.KeyOf(request.IsStatic || extents is null ? request.ToString() : $"{request} at {extents}");

        public string Note { get; private set; } = "";

        private TuningOptions Options => tuner._options;

        private TimingCache? Cache => Options.Deterministic ? null : Options.Cache;

        public Selection? Run()
        {
            try
            {
                return Choose();
            }
            finally
            {
                _bench?.Dispose();
            }
        }

        private Selection? Choose()
        {
            foreach (CandidateList.Entry entry in _list.Entries.Where(e => !e.IsReference && e.ScratchBytes > Options.Workspace))
            {
                Skip(entry, $"it takes {entry.ScratchBytes} bytes of temporary memory, the workspace is limited to {Options.Workspace}");
            }

            CandidateList.Entry[] open = [.. _list.InOrderOfTrial.Where(e => !e.IsReference && !_results.ContainsKey(e))];
            if (Pinned() is { } pinned)
            {
                return Finish(pinned, "another is pinned");
            }

            if (open.Length == 0 || Options.Level == 0)
            {
                return Finish(ByEstimate(open), Options.Level == 0 ? "nothing is tried at level 0" : "");
            }

            if (extents is null)
            {
                Note = "No typical extents of its run-time dimensions are known, so that nothing was tried.";
                return Finish(ByEstimate(open), "no typical extents are known");
            }

            Cache?.Name(Key, request.IsStatic ? Text : $"{Text} at {extents}");
            return Options.Deterministic ? FirstRight(open) : Fastest(Prune(open));
        }

        /// <summary>The candidate that the manifest names, if it can be used.</summary>
        private CandidateList.Entry? Pinned()
        {
            if (Options.Manifest?.Find(Text) is not { } pin)
            {
                return null;
            }

            CandidateList.Entry? entry = _list.Entries.FirstOrDefault(e => e.Tactic.Id == pin.Tactic && e.Option == pin.Option);
            string? problem = entry is null ? "this device or program does not offer it" : _results.TryGetValue(entry, out Candidate? skipped) ? skipped.Reason : null;
            if (problem is null && !entry!.IsReference && Options.Level > 0 && extents is not null)
            {
                Tell(1, 1);
                problem = Prove(entry) ? null : _results[entry].Reason;
            }

            if (problem is null)
            {
                return entry;
            }

            tuner._remarks.Add($"The pinned tactic {pin.Tactic} {pin.Option} is not used for {Text}: {problem}.".Replace("  ", " ", StringComparison.Ordinal));
            return null;
        }

        private List<CandidateList.Entry> Prune(CandidateList.Entry[] open)
        {
            double best = open.Min(e => e.EstimatedSeconds);
            List<CandidateList.Entry> kept = [];
            foreach (CandidateList.Entry entry in open)
            {
                string? reason = entry.OptionIndex >= tuner._effort.OptionsPerTactic ? "a better guess of its tactic is tried"
                    : entry.EstimatedSeconds > best * tuner._effort.Factor ? "its estimate is too far from the best"
                    : kept.Count >= tuner._effort.MostCandidates ? "enough others are tried" : null;
                if (reason is null)
                {
                    kept.Add(entry);
                }
                else
                {
                    Skip(entry, $"{reason} (level {Options.Level})");
                }
            }

            return kept;
        }

        /// <summary>Times all of them, or takes their times from the cache.</summary>
        private Selection? Fastest(List<CandidateList.Entry> tried)
        {
            foreach (CandidateList.Entry entry in tried)
            {
                if (Cache is { } cache && cache.TryGet(KeyOf(entry), entry.Tactic.Id, TacticStamp.Of(entry.Tactic), out TimingEntry? known))
                {
                    _results[entry] = known is TimingEntry.Time time ? Result(entry, CandidateOutcome.Cached, time.Seconds) : Reject(entry, ((TimingEntry.Rejection)known).Reason);
                }
            }

            Dictionary<CandidateList.Entry, Trial> trials = [];
            try
            {
                for (int i = 0; i < tried.Count; i++)
                {
                    if (!_results.ContainsKey(tried[i]) && !IsOverBudget(tried[i]))
                    {
                        Tell(i + 1, tried.Count);
                        if (Prove(tried[i], out Trial? trial) && trial is not null)
                        {
                            trials.Add(tried[i], trial);
                        }

                        if (_bench?.ConstantBytes * tried.Count > KeptBytes)
                        {
                            Measure(trials);
                        }
                    }
                }

                Measure(trials);
            }
            finally
            {
                Release(trials);
            }

            foreach (CandidateList.Entry entry in _results.Keys.Where(e => _results[e].Outcome == CandidateOutcome.Measured))
            {
                Cache?.Put(KeyOf(entry), entry.Tactic.Id, TacticStamp.Of(entry.Tactic), new TimingEntry.Time(_results[entry].Seconds!.Value));
            }

            // By the numbers alone, so that the next build decides alike from the cache.
            double best = _results.Values.Min(r => r.Seconds) ?? double.PositiveInfinity;
            CandidateList.Entry? winner = _results.Where(r => r.Value.Seconds <= best * (1 + Noise)).OrderBy(r => r.Key.Rank).Select(r => r.Key).FirstOrDefault();
            return Finish(winner ?? ByEstimate(_list.InOrderOfTrial.Where(e => !e.IsReference && IsUsable(e))), "");
        }

        /// <summary>
        /// Measures these in turns, a batch each, so that a disturbance of the machine meets all of them; what is hopeless drops out. Then they are released. Each round has another order: a timer
        /// that takes as long as two batches would otherwise meet the same candidates every time.
        /// </summary>
        private void Measure(Dictionary<CandidateList.Entry, Trial> trials)
        {
            double best = _results.Values.Min(r => r.Seconds) ?? double.PositiveInfinity;
            Random random = new(OrderSeed);
            for (int round = 0; round < tuner._effort.Batches && (round == 0 || IsOpen(trials, round, best)); round++)
            {
                KeyValuePair<CandidateList.Entry, Trial>[] order = [.. trials];
                random.Shuffle(order);
                foreach ((CandidateList.Entry entry, Trial trial) in order)
                {
                    if (!IsInTheRunning(trial, round, best))
                    {
                        continue;
                    }

                    tuner._cancellation.ThrowIfCancellationRequested();
                    try
                    {
                        trial.Measure();
                        best = Math.Min(best, trial.Shortest);
                        _results[entry] = Result(entry, CandidateOutcome.Measured, trial.Seconds);
                    }
                    catch (Exception e) when (e is not (OperationCanceledException or OutOfMemoryException))
                    {
                        Failed(entry, e);
                        trials.Remove(entry);
                        trial.Dispose();
                    }
                }
            }

            Release(trials);
        }

        /// <summary>Whether measuring on can change the choice: at least two may still be the fastest.</summary>
        private bool IsOpen(Dictionary<CandidateList.Entry, Trial> trials, int round, double best) =>
            trials.Values.Count(t => IsInTheRunning(t, round, best)) + _results.Values.Count(r => r.Outcome == CandidateOutcome.Cached && r.Seconds <= Hopeless * best) > 1;

        private bool IsInTheRunning(Trial trial, int round, double best) => round < TestRounds || (trial.Shortest <= Hopeless * best && trial.Spent <= tuner._effort.CandidateTime);

        private static void Release(Dictionary<CandidateList.Entry, Trial> trials)
        {
            foreach (Trial trial in trials.Values)
            {
                trial.Dispose();
            }

            trials.Clear();
        }

        /// <summary>The lowest estimate that is right.</summary>
        private Selection? FirstRight(CandidateList.Entry[] open)
        {
            foreach (CandidateList.Entry entry in open.OrderBy(e => (e.EstimatedSeconds, e.Rank)))
            {
                Tell(1, 1);
                if (_untriable is not null || Prove(entry))
                {
                    return Finish(entry, "the build is deterministic");
                }
            }

            return Finish(ByEstimate([]), "");
        }

        private bool Prove(CandidateList.Entry entry)
        {
            bool isRight = Prove(entry, out Trial? trial);
            trial?.Dispose();
            return isRight;
        }

        /// <summary>Whether a candidate may be used: it agrees with the reference, or nothing can be tried (then there is no trial).</summary>
        private bool Prove(CandidateList.Entry entry, out Trial? trial)
        {
            trial = null;
            tuner._cancellation.ThrowIfCancellationRequested();
            if (_untriable is not null || !MakeBench())
            {
                Skip(entry, "it cannot be tried");
                return true;
            }

            try
            {
                trial = new(_bench!, entry.Tactic, entry.Option);
                if (trial.Prove(tuner._cancellation) is not { } problem)
                {
                    _results[entry] = Result(entry, CandidateOutcome.Proved, null);
                    return true;
                }

                _results[entry] = Reject(entry, problem);
                Cache?.Put(KeyOf(entry), entry.Tactic.Id, TacticStamp.Of(entry.Tactic), new TimingEntry.Rejection(problem));
            }
            catch (Exception e) when (e is not (OperationCanceledException or OutOfMemoryException))
            {
                Failed(entry, e);
            }

            trial?.Dispose();
            trial = null;
            return false;
        }

        private bool MakeBench()
        {
            if (_bench is not null)
            {
                return true;
            }

            try
            {
                _bench = TrialBench.Make(tuner._backend, request, oracle, extents!, tuner._options.HotOperands, tuner._cancellation);
                return true;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                _untriable = e.Message;
                Note = $"Nothing could be tried: {e.Message}";
                return false;
            }
        }

        private bool IsOverBudget(CandidateList.Entry entry)
        {
            TimeSpan here = Stopwatch.GetElapsedTime(_start);
            if (tuner._spent + here > tuner._effort.Total)
            {
                if (!tuner._budgetIsOver)
                {
                    tuner._budgetIsOver = true;
                    tuner._remarks.Add(FormattableString.Invariant($"The time for tuning ({tuner._effort.Total.TotalSeconds:F0} s) is over; what is left is chosen by estimate."));
                }

                Skip(entry, "the time for tuning is over");
                return true;
            }

            if (here > tuner._effort.RequestTime)
            {
                Skip(entry, "the time for this request is over");
                return true;
            }

            return false;
        }

        private bool IsUsable(CandidateList.Entry entry) =>
            !_results.TryGetValue(entry, out Candidate? result) || (result.Outcome != CandidateOutcome.Rejected && !(entry.ScratchBytes > Options.Workspace));

        /// <summary>The lowest estimate of these; the reference if there are none; null if that declines, too.</summary>
        private CandidateList.Entry? ByEstimate(IEnumerable<CandidateList.Entry> entries) => entries.MinBy(e => (e.EstimatedSeconds, e.Rank)) ?? _list.Entries.FirstOrDefault(e => e.IsReference);

        private Selection? Finish(CandidateList.Entry? chosen, string whyOthersAreSkipped)
        {
            if (chosen is null)
            {
                return null;
            }

            IReadOnlyList<Candidate> candidates = Candidates(whyOthersAreSkipped, chosen);
            double seconds = _results.GetValueOrDefault(chosen)?.Seconds ?? chosen.EstimatedSeconds;
            return new(chosen.Tactic, chosen.Option, [.. candidates.Where(c => c.Outcome is CandidateOutcome.Declined or CandidateOutcome.Rejected).Select(c => c.ToString())], candidates, seconds);
        }

        /// <summary>What became of all candidates.</summary>
        public IReadOnlyList<Candidate> Candidates(string whyOthersAreSkipped, CandidateList.Entry? chosen = null)
        {
            List<Candidate> candidates = [];
            foreach (CandidateList.Entry entry in _list.InOrderOfTrial)
            {
                string reason = ReferenceEquals(entry, chosen) ? "" : entry.IsReference ? "it serves only where nothing else does" : whyOthersAreSkipped;
                candidates.Add(_results.TryGetValue(entry, out Candidate? result) ? result : new(entry.Tactic.Id, entry.Option, CandidateOutcome.Skipped, entry.EstimatedSeconds, null, reason));
            }

            candidates.AddRange(_list.Declined);
            return candidates;
        }

        private void Failed(CandidateList.Entry entry, Exception failure)
        {
            string problem = $"fails: {failure.Message.TrimEnd('.')}";
            _results[entry] = Reject(entry, problem);
            // Not into the cache: a failure may come from what the machine lacks just now.
        }

        private Candidate Reject(CandidateList.Entry entry, string reason)
        {
            tuner._remarks.Add($"{entry.Tactic.Id} {entry.Option} is wrong for {Text} and not used: it {reason}.".Replace("  ", " ", StringComparison.Ordinal));
            return new(entry.Tactic.Id, entry.Option, CandidateOutcome.Rejected, entry.EstimatedSeconds, null, reason);
        }

        private void Skip(CandidateList.Entry entry, string reason) => _results[entry] = new(entry.Tactic.Id, entry.Option, CandidateOutcome.Skipped, entry.EstimatedSeconds, null, reason);

        private static Candidate Result(CandidateList.Entry entry, CandidateOutcome outcome, double? seconds) => new(entry.Tactic.Id, entry.Option, outcome, entry.EstimatedSeconds, seconds, "");

        private TimingKey KeyOf(CandidateList.Entry entry) => new(tuner._device, Key, entry.Tactic.Id.Name, entry.Option.Text);

        private void Tell(int candidate, int candidates) =>
            tuner.Progress?.Invoke(new($"{request.Anchor?.Definition.Name ?? "Pointwise"} {request.Outputs[0].Type}{string.Join('x', extents?.Outputs[0] ?? [])}", tuner._requests.Count, candidate, candidates));
    }
}
