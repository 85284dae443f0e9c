using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Peregrine.Backends.Cpu.Memory;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.Runtime.Execution;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;

namespace Peregrine.Backends.Cpu;

/// <summary>
/// Runs what is enqueued at once, on the calling thread and on idle threads of the pool. The tiles of a step are cut into one range per worker; each works through its own range in a few bites, then
/// takes bites from the others'. Nobody waits for a thread that has not come: a machine whose other processors are busy makes a run slower, not stuck. A run that is over sooner than a thread wakes up
/// is done by the caller alone. Which thread runs a tile has no influence on the result.
/// </summary>
internal sealed unsafe class CpuStream : IStream, IHelper
{
    // A wait for another's tiles is a stall from here on, if it is also longer than this many times what was taken oneself: then the other has lost its processor. A whole bite takes a tenth of a millisecond.
    private const int StallFactor = 2;
    private static readonly long StallTicks = Stopwatch.Frequency / 2000, LeastTaken = Stopwatch.Frequency / 100_000;

    // Longs from one worker's note to the next: two lines, because processors fetch lines in pairs.
    private const int NoteStride = 16;

    private readonly WorkerPool _pool;
    private readonly TileShares _shares;
    // Per thread, NoteStride apart: the kernel's note, and the serial number of the phase that it belongs to.
    private readonly NativeArena _notes;
    private NativeArena? _workerScratch;
    private long _scratchStride;
    private CpuProgram? _program;
    private SlotTable? _slots;
    private ExceptionDispatchInfo? _failure;
    private int _lastStep;
    private int _ranges;
    // Threads on their way here or at work here.
    private int _helpers;
    // That of the caller when it began its last step.
    private int _processor = -1;
    private int _wantedHelpers;
    // For how long the caller waited in this run for threads that had tiles and no processor.
    private long _stalled;
    private CancellationToken _cancellation;
    private bool _isCancelled;

    public CpuStream(WorkerPool pool)
    {
        _pool = pool;
        _shares = new(pool.Workers);
        _notes = new(pool.Workers * NoteStride * sizeof(long));
    }

    /// <summary>Runs steps [first, first + count) of the plan; throws what a kernel threw.</summary>
    /// <exception cref="OperationCanceledException">Cancelled between two steps.</exception>
    public void Run(CpuProgram program, SlotTable slots, int first, int count, CancellationToken cancellation)
    {
        ReserveScratch(program.WorkerScratchBytes);
        long start = Stopwatch.GetTimestamp();
        TeamChoice team = program.TeamOf(first);
        using WorkerLease lease = _pool.Lease(team.WorkersAt(start));
        (_program, _slots, _failure, _cancellation, _isCancelled) = (program, slots, null, cancellation, false);
        _lastStep = first + count - 1;
        _ranges = lease.Workers;
        _wantedHelpers = lease.Workers - 1;
        _stalled = 0;
        Advance(first, -1);
        Work(0, isCaller: true);
        _failure?.Throw();
        if (_isCancelled)
        {
            throw new OperationCanceledException(cancellation);
        }

        long end = Stopwatch.GetTimestamp();
        team.Count(lease.Workers, end, end - start, _stalled);
    }

    public void Help(int thread)
    {
        Work(thread, isCaller: false);
        Interlocked.Decrement(ref _helpers);
    }

    public void Synchronize()
    {
    }

    public void Dispose()
    {
        _workerScratch?.Dispose();
        _notes.Dispose();
    }

    /// <summary>A caller that has moved to a helper's processor would take turns with it, while another processor is idle.</summary>
    private void KeepApart(int thread, bool isCaller)
    {
        int processor = ThreadPlacement.CurrentProcessor();
        if (isCaller)
        {
            // Helpers have read that line; writing what stands there already would take it from them.
            if (processor != _processor)
            {
                Volatile.Write(ref _processor, processor);
            }
        }
        else if (processor >= 0 && processor == Volatile.Read(ref _processor))
        {
            _pool.MoveOff(thread, processor);
        }
    }

    private void ReserveScratch(long bytes)
    {
        if (bytes > _scratchStride)
        {
            // Workers' parts lie a line further apart than whole pages, so that equal offsets in them are not in one set of the caches.
            _workerScratch?.Dispose();
            _scratchStride = ((bytes + 4095) & -4096) + 64;
            _workerScratch = new(_scratchStride * _pool.Workers);
        }
    }

    private void Work(int thread, bool isCaller)
    {
        SpinWait wait = default;
        int idle = 0, seen = 0, own = thread < _ranges ? thread : 0;
        bool watches = isCaller && _ranges > 1;
        long begin = 0, end = 0;
        while (!_shares.IsOver(own, out int number))
        {
            if (number != seen)
            {
                if (watches)
                {
                    CountStall(begin, end);
                    (begin, end) = (Stopwatch.GetTimestamp(), 0);
                }

                if (_ranges > 1)
                {
                    KeepApart(thread, isCaller);
                }

                (idle, wait) = (0, default);
                if (TakeTiles(thread, own, number))
                {
                    // This thread finished the step, and has prepared the next.
                    continue;
                }

                seen = number;
                end = watches ? Stopwatch.GetTimestamp() : 0;
            }

            if (idle++ < WorkerPool.DefaultSpins)
            {
                Thread.SpinWait(1);
            }
            else if (!isCaller)
            {
                return;
            }
            else
            {
                // Somebody else has the last tiles and no processor; it gets this one.
                wait.SpinOnce(sleep1Threshold: -1);
            }
        }

        CountStall(begin, end);
    }

    /// <summary>Notes that a step which the caller left at <paramref name="end"/> was finished now by somebody else.</summary>
    /// <param name="begin">When the caller began to take tiles.</param>
    /// <param name="end">When it found no more; 0 if it finished the step itself.</param>
    private void CountStall(long begin, long end)
    {
        if (end != 0 && end - begin >= LeastTaken && Stopwatch.GetTimestamp() - end is var waited && waited > Math.Max(StallTicks, StallFactor * (end - begin)))
        {
            _stalled += waited;
        }
    }

    /// <summary>Runs tiles of a step until none is left to take. Returns true if this thread completed the step.</summary>
    private bool TakeTiles(int thread, int own, int number)
    {
        int ranges = _ranges;
        for (int i = 0; i < ranges; i++)
        {
            int range = own + i < ranges ? own + i : own + i - ranges, done = 0;
            Bite last = default;
            while (_shares.TryTake(range, number, out Bite bite))
            {
                Run(thread, bite);
                done += bite.Range.End - bite.Range.Begin;
                last = bite;
            }

            // Not bite by bite: workers take the count from each other.
            if (done > 0 && _shares.CountDone(done, last.Tiles))
            {
                Advance(last.Step, last.Phase);
                return true;
            }
        }

        return false;
    }

    private void Run(int thread, in Bite bite)
    {
        try
        {
            long* note = (long*)_notes.Pointer + (thread * NoteStride);
            if (note[1] != bite.Serial)
            {
                (note[0], note[1]) = (0, bite.Serial);
            }

            byte* scratch = _workerScratch is null ? null : _workerScratch.Pointer + (thread * _scratchStride);
            _program!.KernelOf(bite.Step).Run(_program.ArgumentsOf(_slots!, bite.Step, scratch) with { Ranges = _ranges, WorkerNote = note }, bite.Phase, bite.Range, thread);
        }
        catch (Exception failure)
        {
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(failure), null);
        }
    }

    /// <summary>Opens the next phase or step that has tiles, or ends the run. Called by the thread that completed the last one, when no other has a tile.</summary>
    private void Advance(int step, int phase)
    {
        int tiles;
        try
        {
            tiles = FindTiles(ref step, ref phase);
        }
        catch (Exception failure)
        {
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(failure), null);
            tiles = 0;
        }

        if (tiles == 0)
        {
            _shares.Close(_ranges);
            return;
        }

        _shares.Open(_ranges, tiles, step, phase);
        int missing = _wantedHelpers - Volatile.Read(ref _helpers);
        if (missing > 0 && tiles > 1)
        {
            Interlocked.Add(ref _helpers, _pool.Invite(this, missing));
        }
    }

    /// <summary>Tiles of the next phase or step; 0 if there is none, if a kernel has failed, or if the run was cancelled.</summary>
    private int FindTiles(ref int step, ref int phase)
    {
        while (_failure is null)
        {
            if (phase + 1 < _program!.KernelOf(step).PhaseCount)
            {
                phase++;
            }
            else if (step < _lastStep && !(_isCancelled = _cancellation.IsCancellationRequested))
            {
                step++;
                phase = 0;
            }
            else
            {
                return 0;
            }

            int tiles = _program.KernelOf(step).TileCount(_program.ArgumentsOf(_slots!, step, null), phase);
            if (tiles > 0)
            {
                return tiles;
            }
        }

        return 0;
    }
}
