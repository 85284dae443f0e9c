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
    private const int BitesPerRange = 4;

    // The last bites of a range are smaller, so that workers finish together.
    private const int SmallBitesPerRange = 16;

    // Longs from one range's counter to the next: two lines, because processors fetch lines in pairs.
    private const int CounterStride = 16;

    private readonly WorkerPool _pool;
    // Per range: the number of the step in the high half, the next tile in the low half. A thread that looks at a step that is over finds another number there, so it cannot take a tile of the next.
    private readonly long[] _next;
    private readonly int[] _end;
    // Per thread, CounterStride apart: the kernel's note, and the serial number of the phase that it belongs to.
    private readonly NativeArena _notes;
    private NativeArena? _workerScratch;
    private long _scratchStride;
    private CpuProgram? _program;
    private SlotTable? _slots;
    private ExceptionDispatchInfo? _failure;
    private int _step;
    private int _lastStep;
    private int _phase;
    private int _ranges;
    private int _bite;
    private int _smallBite;
    private int _tiles;
    private int _done;
    private int _number;
    // As the number, but it never comes again; stable while a thread has tiles.
    private long _serial;
    // Threads on their way here or at work here.
    private int _helpers;
    // That of the caller when it began its last step.
    private int _processor = -1;
    private int _wantedHelpers;
    private volatile bool _isOver = true;
    private CancellationToken _cancellation;
    private bool _isCancelled;

    public CpuStream(WorkerPool pool)
    {
        _pool = pool;
        _next = new long[(pool.Workers + 1) * CounterStride];
        _end = new int[pool.Workers];
        _notes = new(pool.Workers * CounterStride * sizeof(long));
    }

    /// <summary>Runs steps [first, first + count) of the plan; throws what a kernel threw.</summary>
    /// <exception cref="OperationCanceledException">Cancelled between two steps.</exception>
    public void Run(CpuProgram program, SlotTable slots, int first, int count, CancellationToken cancellation)
    {
        ReserveScratch(program.WorkerScratchBytes);
        long start = Stopwatch.GetTimestamp();
        TeamChoice team = program.TeamOf(first);
        using WorkerLease lease = _pool.Lease(team.Workers);
        (_program, _slots, _failure, _cancellation, _isCancelled) = (program, slots, null, cancellation, false);
        (_step, _phase, _lastStep) = (first, -1, first + count - 1);
        _ranges = lease.Workers;
        _wantedHelpers = lease.Workers - 1;
        _isOver = false;
        Advance();
        Work(0, isCaller: true);
        _failure?.Throw();
        if (_isCancelled)
        {
            throw new OperationCanceledException(cancellation);
        }

        team.Count(lease.Workers, Stopwatch.GetTimestamp() - start);
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
            Volatile.Write(ref _processor, processor);
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
        int idle = 0, seen = 0;
        while (true)
        {
            int number = Volatile.Read(ref _number);
            if (_isOver)
            {
                return;
            }

            if (number != seen && _ranges > 1)
            {
                KeepApart(thread, isCaller);
            }

            if (number != seen && TakeTiles(thread, number))
            {
                // This thread finished the step, and has prepared the next.
                idle = 0;
                wait = default;
                continue;
            }

            seen = number;
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
    }

    /// <summary>Runs tiles of a step until none is left to take. Returns true if this thread completed the step.</summary>
    private bool TakeTiles(int thread, int number)
    {
        int ranges = _ranges, own = thread < ranges ? thread : 0;
        for (int i = 0; i < ranges; i++)
        {
            int range = own + i < ranges ? own + i : own + i - ranges;
            while (TryTake(range, number, out TileRange tiles))
            {
                Run(thread, tiles);
                // Read while this thread's tiles are not counted yet: as soon as they are, another thread may open the next step.
                int total = _tiles, count = tiles.End - tiles.Begin;
                if (Interlocked.Add(ref _done, count) == total)
                {
                    Advance();
                    return true;
                }
            }
        }

        return false;
    }

    private bool TryTake(int range, int number, out TileRange tiles)
    {
        ref long counter = ref _next[(range + 1) * CounterStride];
        while (true)
        {
            long seen = Volatile.Read(ref counter);
            int begin = (int)seen, end = Volatile.Read(ref _end[range]), bite = _bite, smallest = _smallBite;
            if ((int)(seen >> 32) != number || begin >= end)
            {
                tiles = default;
                return false;
            }

            // If what was read besides the counter is that of a later step, the counter has changed by now.
            int taken = Math.Min(bite, Math.Max(Math.Min(smallest, end - begin), (end - begin) / 2));
            if (Interlocked.CompareExchange(ref counter, seen + taken, seen) == seen)
            {
                tiles = new(begin, begin + taken);
                return true;
            }
        }
    }

    private void Run(int thread, TileRange tiles)
    {
        try
        {
            long* note = (long*)_notes.Pointer + (thread * CounterStride);
            if (note[1] != _serial)
            {
                (note[0], note[1]) = (0, _serial);
            }

            byte* scratch = _workerScratch is null ? null : _workerScratch.Pointer + (thread * _scratchStride);
            _program!.KernelOf(_step).Run(_program.ArgumentsOf(_slots!, _step, scratch) with { Ranges = _ranges, WorkerNote = note }, _phase, tiles, thread);
        }
        catch (Exception failure)
        {
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(failure), null);
        }
    }

    /// <summary>Opens the next step or phase that has tiles, or ends the run. Called by the thread that completed the last one, when no other has a tile.</summary>
    private void Advance()
    {
        int number = unchecked(_number + 1);
        for (int range = 0; range < _ranges; range++)
        {
            // Closed, and of another number, before anything else changes.
            Volatile.Write(ref _next[(range + 1) * CounterStride], ((long)number << 32) | int.MaxValue);
        }

        Interlocked.MemoryBarrier();
        int tiles;
        try
        {
            tiles = FindTiles();
        }
        catch (Exception failure)
        {
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(failure), null);
            tiles = 0;
        }

        if (tiles == 0)
        {
            _isOver = true;
            Volatile.Write(ref _number, number);
            return;
        }

        (_tiles, _done) = (tiles, 0);
        _serial++;
        int share = (tiles + _ranges - 1) / _ranges;
        _bite = _ranges == 1 ? tiles : Math.Max(1, (share + BitesPerRange - 1) / BitesPerRange);
        _smallBite = _ranges == 1 ? tiles : Math.Max(1, share / SmallBitesPerRange);
        for (int range = 0; range < _ranges; range++)
        {
            Volatile.Write(ref _end[range], TileRange.Of(tiles, range, _ranges).End);
        }

        for (int range = 0; range < _ranges; range++)
        {
            Volatile.Write(ref _next[(range + 1) * CounterStride], ((long)number << 32) | (uint)TileRange.Of(tiles, range, _ranges).Begin);
        }

        Volatile.Write(ref _number, number);
        int missing = _wantedHelpers - Volatile.Read(ref _helpers);
        if (missing > 0 && tiles > 1)
        {
            Interlocked.Add(ref _helpers, _pool.Invite(this, missing));
        }
    }

    /// <summary>Tiles of the next phase or step; 0 if there is none, if a kernel has failed, or if the run was cancelled.</summary>
    private int FindTiles()
    {
        while (_failure is null)
        {
            if (_phase + 1 < _program!.KernelOf(_step).PhaseCount)
            {
                _phase++;
            }
            else if (_step < _lastStep && !(_isCancelled = _cancellation.IsCancellationRequested))
            {
                _step++;
                _phase = 0;
            }
            else
            {
                return 0;
            }

            int tiles = _program.KernelOf(_step).TileCount(_program.ArgumentsOf(_slots!, _step, null), _phase);
            if (tiles > 0)
            {
                return tiles;
            }
        }

        return 0;
    }
}
