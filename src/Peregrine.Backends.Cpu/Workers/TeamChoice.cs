namespace Peregrine.Backends.Cpu.Workers;

/// <summary>
/// How many threads a run takes. Long runs take all, unless those have lost their processors to somebody else again and again: a helper that holds tiles makes the caller wait for a whole time slice of the
/// system, which takes longer than the caller alone. Then runs are made alone for a while, the longer the more often that happens in a row: by the clock, because somebody who calls now and then would otherwise wait for minutes until helpers are tried again.
/// </summary>
/// <remarks>
/// Of runs that are over within microseconds nobody can tell beforehand whether helpers pay: they do where calls follow each other closely and processors are idle, so that helpers are still awake, and cost more than they give otherwise. So now and then a few runs are made the other way, and the faster way is kept. Several streams may count at the same time;
/// then one of them may not count.
/// </remarks>
/// <param name="workers">The most threads, the caller included.</param>
/// <param name="shortTicks">Work of all threads together below which a run is short.</param>
internal sealed class TeamChoice(int workers, long shortTicks)
{
    private const int Period = 256, TrialRuns = 8;

    // Helpers that were parked need a few runs to be there.
    private const int UnsettledRuns = 4;

    // A trial is over soon and meets what disturbs the machine just then: it has to win clearly.
    private const double Gain = 0.93;

    // What one thread alone is expected to take, of the work of all: the others' share is not all gain. And over how many runs stalls are counted.
    private const double AloneShare = 0.85;
    private const int Memory = 8;

    // For how long runs are made alone, in terms of short runs: a fifth of a second, and one second at most.
    private const long FirstPause = 2000, LongestPause = 10_000;

    // Of long runs: waiting for threads without a processor, and duration, both smoothed; until when runs are made alone, and for how long they were last.
    private double _stalled;
    private double _duration;
    private long _aloneUntil = long.MinValue;
    private long _pause;

    // All smoothed: work of all threads together; duration of short runs the way in use, and of those of a trial.
    private long _busy;
    private long _usual;
    private long _trial;
    private bool _isHelped;
    private int _run = TrialRuns;

    /// <summary>Threads of the next run, the caller included.</summary>
    /// <param name="now">When it starts.</param>
    public int WorkersAt(long now) => workers == 1 || (IsLong ? now >= _aloneUntil : IsTrial != _isHelped) ? workers : 1;

    private bool IsLong => _busy == 0 || _busy >= shortTicks;

    private bool IsTrial => _run < TrialRuns;

    /// <summary>Counts a run.</summary>
    /// <param name="threads">Those it had, the caller included.</param>
    /// <param name="now">When it ended.</param>
    /// <param name="ticks">Its duration.</param>
    /// <param name="stalled">For how much of that the caller waited for threads that had tiles and no processor.</param>
    public void Count(int threads, long now, long ticks, long stalled = 0)
    {
        if (IsLong)
        {
            CountStalls(threads, now, ticks, stalled);
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

    private void CountStalls(int threads, long now, long ticks, long stalled)
    {
        if (threads == 1)
        {
            return;
        }

        _stalled += (stalled - _stalled) / Memory;
        _duration = _duration == 0 ? ticks : _duration + ((ticks - _duration) / Memory);
        // Without the waiting, all threads take 1 / (AloneShare * workers) of what one does.
        double bearable = 1 - (1 / Math.Max(1, AloneShare * workers));
        if (stalled > 0 && _stalled > _duration * bearable)
        {
            // The sums stay: one more stalled run after the pause is enough for the next.
            _pause = Math.Clamp(2 * _pause, FirstPause * shortTicks, LongestPause * shortTicks);
            _aloneUntil = now + _pause;
        }
        else if (_stalled < _duration * bearable / 2)
        {
            _pause = 0;
        }
    }

    // A run that was interrupted counts as little longer than usual.
    private static long Smooth(long known, long ticks) => known == 0 ? Math.Max(1, ticks) : Math.Max(1, known + ((Math.Min(ticks, 2 * known) - known) / 4));
}
