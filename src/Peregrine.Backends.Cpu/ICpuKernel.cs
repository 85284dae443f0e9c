using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;

namespace Peregrine.Backends.Cpu;

/// <summary>
/// A kernel of the CPU: independent tiles that any worker may run in any order. Tiles and the order of sums inside them never depend on the number of workers.
/// </summary>
internal interface ICpuKernel : IKernel
{
    /// <summary>Tiles of this call, from the bound dims alone; every worker asks.</summary>
    int TileCount(in KernelArguments arguments);

    /// <summary>Runs one tile.</summary>
    void Run(in KernelArguments arguments, int tile);
}

/// <summary>One call of a kernel: the step and the memory of its operands as bound now.</summary>
internal readonly ref struct KernelArguments(SlotTable slots, KernelStep step, int stepIndex)
{
    public SlotTable Slots { get; } = slots;

    public KernelStep Step { get; } = step;

    /// <summary>Index of the step in its plan, for <see cref="SlotTable.States"/>.</summary>
    public int StepIndex { get; } = stepIndex;
}
