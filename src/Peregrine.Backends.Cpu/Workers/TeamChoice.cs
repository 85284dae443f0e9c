namespace Peregrine.Backends.Cpu.Workers;

/// <summary>
/// How many threads a run takes. Long runs take all. Of runs that are over within microseconds nobody can tell beforehand whether helpers pay: they do where calls follow each other closely and processors are
/// idle, so that helpers are still awake, and cost more than they give otherwise. So now and then a few runs are made the other way, and the faster way is kept. Several streams may count at the same time;
/// then one of them may not count.
/// </summary>
/// <param name="workers">The most threads, the caller included.</param>
/// <param name="shortTicks">Work of all threads together below which a run is short.</param>
internal sealed class TeamChoice(int workers, long shortTicks)
{
    private const int Period = 256, TrialRuns = 8;

    // Helpers that were parked need a few runs to be there.
    private const int UnsettledRuns = 4;

    // A trial is over soon and meets what disturbs the machine just then: it has to win clearly.
    private const double Gain = 0.93;

    // All smoothed: work of all threads together; duration of short runs the way in use, and of those of a trial.
    private long _busy;
    private long _usual;
    private long _trial;
    private bool _isHelped;
    private int _run = TrialRuns;

    /// <summary>Threads of the next run, the caller included.</summary>
    public int Workers => workers == 1 || IsLong || IsTrial != _isHelped ? workers : 1;

    private bool IsLong => _busy == 0 || _busy >= shortTicks;

    private bool IsTrial => _run < TrialRuns;

    /// <summary>Counts a run.</summary>
    /// <param name="threads">Those it had, the caller included.</param>
    /// <param name="ticks">Its duration.</param>
    public void Count(int threads, long ticks)
    {
        if (IsLong)
        {
            _busy = Smooth(_busy, ticks * threads);
            (_run, _usual, _isHelped) = (TrialRuns, 0, false);
            return;
        }

        // Of a short run with helpers most of the time may be waiting.
        _busy = threads == 1 ? Smooth(_busy, ticks) : _busy;
        if ((threads > 1) == (IsTrial != _isHelped))
        {
            if (!IsTrial)
            {
                _usual = Smooth(_usual, ticks);
            }
            else if (_run >= UnsettledRuns)
            {
                _trial = Smooth(_trial, ticks);
            }
        }

        _run++;
        if (_run == TrialRuns && _trial > 0 && _trial < _usual * Gain)
        {
            (_isHelped, _usual) = (!_isHelped, _trial);
        }

        if (_run >= Period)
        {
            (_run, _trial) = (0, 0);
        }
    }

    // A run that was interrupted counts as little longer than usual.
    private static long Smooth(long known, long ticks) => known == 0 ? Math.Max(1, ticks) : Math.Max(1, known + ((Math.Min(ticks, 2 * known) - known) / 4));
}
