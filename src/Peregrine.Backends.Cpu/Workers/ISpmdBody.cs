namespace Peregrine.Backends.Cpu.Workers;

/// <summary>Work that all workers of a team walk through together, each doing its share of every step.</summary>
public interface ISpmdBody
{
    /// <summary>
    /// Runs on each worker at the same time. All workers must pass the same barriers in the same order; when
    /// <see cref="SpinBarrier.SignalAndWait"/> returns false, return. Results must not depend on <paramref name="workerCount"/>.
    /// </summary>
    /// <param name="worker">0 is the thread that called <see cref="WorkerPool.Run"/>.</param>
    /// <param name="workerCount">The size of the team, 1 or more.</param>
    void Run(int worker, int workerCount, SpinBarrier barrier);
}
