namespace Peregrine.Backends.Cpu.Workers;

/// <summary>Work that further threads may join while it lasts.</summary>
public interface IHelper
{
    /// <summary>Does a share of what there is to do, and returns when there is nothing more for now. Must not throw.</summary>
    /// <param name="thread">The number of the pool's thread, 1 or more; no other thread of the pool has it.</param>
    void Help(int thread);
}
