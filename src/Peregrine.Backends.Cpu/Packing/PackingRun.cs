using Peregrine.Backends.Cpu.Workers;

namespace Peregrine.Backends.Cpu.Packing;

/// <summary>
/// Packs many constants, part by part, on all workers. A constant that was packed is not needed any more by most: its memory goes back to the system where it can be had again from a file, so that never
/// more than a few constants are in memory twice.
/// </summary>
internal sealed unsafe class PackingRun
{
    // Below it waking a thread takes longer than the work.
    private const long LeastBytes = 256 << 10;

    private readonly Job[] _jobs;
    private readonly int[] _partsLeft;
    private readonly int[] _firstParts;

    /// <param name="work">What to pack, from where and to where; sources that are equal stand side by side.</param>
    public PackingRun(IReadOnlyList<(WeightPacking Packing, HostBuffer Source, nint Target)> work)
    {
        _jobs = new Job[work.Count];
        _partsLeft = new int[work.Count];
        int first = 0, source = -1;
        for (int i = 0; i < _jobs.Length; i++)
        {
            source = i > 0 && ReferenceEquals(work[i].Source, work[i - 1].Source) ? source : source + 1;
            _jobs[i] = new(work[i].Packing, work[i].Source, work[i].Target, first, source);
            _partsLeft[source] += work[i].Packing.Parts;
            first = checked(first + work[i].Packing.Parts);
        }

        _firstParts = [.. _jobs.Select(j => j.FirstPart)];
    }

    /// <summary>Packs everything.</summary>
    public void Run(WorkerPool pool)
    {
        int parts = _jobs.Length == 0 ? 0 : _jobs[^1].FirstPart + _jobs[^1].Packing.Parts;
        SharedParts.Run(pool, parts, Pack, _jobs.Sum(j => j.Packing.Bytes) < LeastBytes ? 1 : int.MaxValue);
    }

    private void Pack(int part)
    {
        int index = Array.BinarySearch(_firstParts, part);
        Job job = _jobs[index < 0 ? ~index - 1 : index];
        if (part == job.FirstPart)
        {
            job.Source.Prefetch();
        }

        // Safe: the caller booked the packing's size for the target, and the constant's was checked against the request.
        job.Packing.Pack(job.Source.Pointer, (byte*)job.Target, part - job.FirstPart);
        if (Interlocked.Decrement(ref _partsLeft[job.SourceNumber]) == 0)
        {
            job.Source.Release();
        }
    }

    private readonly record struct Job(WeightPacking Packing, HostBuffer Source, nint Target, int FirstPart, int SourceNumber);
}
