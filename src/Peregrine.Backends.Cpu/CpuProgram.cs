using Peregrine.Backends.Cpu.Workers;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;

namespace Peregrine.Backends.Cpu;

/// <summary>A prepared segment: the kernels of consecutive steps. All workers of a stream walk the steps together, with a barrier between them.</summary>
internal sealed class CpuProgram(PlanSegment segment, ICpuKernel[] kernels) : IDeviceProgram
{
    private readonly KernelStep[] _steps = [.. Enumerable.Range(segment.First, segment.Count).Select(i => (KernelStep)segment.Plan.Steps[i])];

    public void Enqueue(SlotTable slots, int first, int count, IStream stream) => ((CpuStream)stream).Run(this, slots, first, count);

    public void Dispose()
    {
    }

    /// <summary>One worker's share of the steps [first, first + count).</summary>
    public void Walk(SlotTable slots, int first, int count, int worker, int workerCount, SpinBarrier barrier)
    {
        for (int index = first; index < first + count; index++)
        {
            int own = index - segment.First;
            KernelArguments arguments = new(slots, _steps[own], index);
            TileRange tiles = TileRange.Of(kernels[own].TileCount(arguments), worker, workerCount);
            for (int tile = tiles.Begin; tile < tiles.End; tile++)
            {
                kernels[own].Run(arguments, tile);
            }

            if (!barrier.SignalAndWait())
            {
                return;
            }
        }
    }
}

/// <summary>Runs what is enqueued at once, on the pool's workers and the calling thread.</summary>
internal sealed class CpuStream(WorkerPool pool) : IStream, ISpmdBody
{
    private CpuProgram? _program;
    private SlotTable? _slots;
    private int _first;
    private int _count;

    public void Run(CpuProgram program, SlotTable slots, int first, int count)
    {
        (_program, _slots, _first, _count) = (program, slots, first, count);
        pool.Run(this);
    }

    public void Run(int worker, int workerCount, SpinBarrier barrier) => _program!.Walk(_slots!, _first, _count, worker, workerCount, barrier);

    public void Synchronize()
    {
    }

    public void Dispose()
    {
    }
}
