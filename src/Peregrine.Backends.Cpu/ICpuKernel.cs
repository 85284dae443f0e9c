using Peregrine.Backends.Cpu.Packing;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.CodeGen.X64;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;

namespace Peregrine.Backends.Cpu;

/// <summary>
/// A kernel of the CPU: one or more phases of independent tiles that any worker may run in any order; a phase begins when the one before is done. Tiles and the order of sums inside them never depend on
/// the number of workers. A kernel holds no memory of its own; packed weights, machine code and scratch are handed over with each call.
/// </summary>
internal interface ICpuKernel : IKernel
{
    /// <summary>Phases of one call, 1 or more.</summary>
    int PhaseCount => 1;

    /// <summary>Temporary memory that each worker has for itself during a call.</summary>
    long WorkerScratchBytes => 0;

    /// <summary>Machine code to be placed with that of all other kernels of the program; <see cref="KernelArguments.Entry"/> tells where.</summary>
    IReadOnlyList<CompiledCode> Code => [];

    /// <summary>Constant operands that are to be packed once; <see cref="KernelArguments.Packed"/> tells where they lie.</summary>
    IReadOnlyList<WeightPacking> Packings => [];

    /// <summary>Tiles of a phase of this call, from the bound dims alone; asked once per phase of a call.</summary>
    int TileCount(in KernelArguments arguments, int phase);

    /// <summary>Runs consecutive tiles of a phase, on one worker.</summary>
    void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker);
}

/// <summary>What a program holds for one step: where the code of its kernel lies and where its packed weights are.</summary>
internal sealed unsafe class StepResources(nint[] entries, nint[] packed)
{
    public nint Entry(int index) => entries[index];

    public byte* Packed(int index) => (byte*)packed[index];
}

/// <summary>One call of a kernel: the step and the memory of its operands as bound now.</summary>
internal readonly unsafe ref struct KernelArguments(SlotTable slots, KernelStep step, int stepIndex, StepResources resources, byte* workerScratch)
{
    public SlotTable Slots { get; } = slots;

    public KernelStep Step { get; } = step;

    /// <summary>Index of the step in its plan, for <see cref="SlotTable.States"/>.</summary>
    public int StepIndex { get; } = stepIndex;

    /// <summary>Temporary memory of the calling worker, of <see cref="ICpuKernel.WorkerScratchBytes"/>, aligned to 64 bytes; its contents are whatever was there.</summary>
    public byte* WorkerScratch { get; init; } = workerScratch;

    /// <summary>Which of the step's operands are those of a kernel that is a link of a chain; null for a step's own kernel.</summary>
    public LinkOperands? Link { get; init; }

    /// <summary>Temporary memory that all workers share during the call, of <see cref="IKernel.ScratchBytes"/>, aligned to 64 bytes; its contents are whatever was there.</summary>
    public byte* Scratch => SharedScratch is var scratch && scratch is null ? null : scratch + FirstScratch;

    /// <summary>Workers among which the tiles of this run are shared out, each of which begins with a part of its own. A kernel may order its tiles by it; results never depend on it.</summary>
    public int Ranges { get; init; } = 1;

    /// <summary>
    /// A number that the worker keeps for the kernel while a phase lasts: 0 before its first tiles, then what the kernel left there, as its own memory does. A kernel that runs others hands it to one of
    /// them at most.
    /// </summary>
    public long* WorkerNote { get; init; }

    /// <summary>Where the scratch of a kernel begins that is part of another.</summary>
    public long FirstScratch { get; init; }

    /// <summary>The number of the first code of a kernel that is part of another.</summary>
    public int FirstCode { get; init; }

    /// <summary>The number of the first packing of a kernel that is part of another.</summary>
    public int FirstPacking { get; init; }

    public byte* Input(int operand) => operand == 0 && Link?.InputDims is not null ? SharedScratch + Link.InputOffset : Pointer(InputSlot(operand));

    public byte* Output(int operand) => Link?.OutputDims is null ? Pointer(OutputSlot(operand)) : SharedScratch + Link.OutputOffset;

    public ReadOnlySpan<long> InputDims(int operand) => operand == 0 && Link?.InputDims is { } dims ? dims : Slots.Dims(InputSlot(operand));

    public ReadOnlySpan<long> OutputDims(int operand) => Link?.OutputDims is { } dims ? dims : Slots.Dims(OutputSlot(operand));

    /// <summary>The address of the kernel's machine code number <paramref name="index"/>.</summary>
    public nint Entry(int index) => resources.Entry(FirstCode + index);

    /// <summary>The packed weights number <paramref name="index"/>.</summary>
    public byte* Packed(int index) => resources.Packed(FirstPacking + index);

    private int InputSlot(int operand) => Link is null ? (int)Step.Inputs[operand] : Link.ReadsResult ? (int)Step.Outputs[0] : (int)Step.Inputs[Link.FirstInput + operand];

    private int OutputSlot(int operand) => (int)Step.Outputs[Link is { ReadsResult: true } ? 1 + operand : operand];

    private byte* SharedScratch => Slots.Scratch(StepIndex) is (HostBuffer buffer, long offset) ? buffer.Pointer + offset : null;

    private byte* Pointer(int slot) => slot < 0 ? null : ((HostBuffer)Slots.Buffer(slot)).Pointer + Slots.Offset(slot);
}

/// <summary>Which of a step's operands are those of a kernel that is a link of a chain. What comes from the link before, and what goes to the next, are no operands of the step.</summary>
/// <param name="FirstInput">What is added to the number of an input.</param>
/// <param name="InputDims">Dims of what comes from the link before; null in the first link.</param>
/// <param name="InputOffset">Where that lies in the shared temporary memory, if the kernel does not find it elsewhere.</param>
/// <param name="OutputDims">Dims of what goes to the next link; null in the last.</param>
/// <param name="OutputOffset">Where that lies in the shared temporary memory.</param>
internal sealed record LinkOperands(int FirstInput, long[]? InputDims, long InputOffset, long[]? OutputDims, long OutputOffset)
{
    /// <summary>The operands of the mean behind the last link: it reads the step's first result, and what it makes is the second.</summary>
    public static LinkOperands OfMean { get; } = new(0, null, 0, null, 0) { ReadsResult = true };

    /// <summary>Whether the only input is the step's first result, and the output its second.</summary>
    public bool ReadsResult { get; private init; }
}
