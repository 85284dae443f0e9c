using Peregrine.Tensors;

namespace Peregrine.Runtime.Kernels;

/// <summary>Names a tactic for good: <c>cpu.gemm.avx512</c>, version 3. The version rises whenever its kernels compute or perform differently.</summary>
public readonly record struct TacticId(string Name, int Version)
{
    public override string ToString() => $"{Name}@{Version}";
}

/// <summary>One way in which a tactic can serve a request (a tile size, a split), as text that the tactic itself reads; the engine file stores it.</summary>
public sealed record TacticOption(string Text)
{
    public static TacticOption Default { get; } = new("");

    public override string ToString() => Text;
}

/// <summary>A tactic's answer to a request.</summary>
public abstract record Verdict
{
    /// <summary>The tactic can serve the request.</summary>
    /// <param name="Options">At least one; the first is the best guess.</param>
    /// <param name="EstimatedCost">Seconds on the device at the request's dims (the largest, where they are known only at run time); estimates order the candidates.</param>
    /// <param name="Packing">Identifies the form into which weights are packed; empty for none. Tactics that share a packing share packed weights.</param>
    /// <param name="ScratchBytes">Temporary memory that the kernel wants handed over on each run.</param>
    public sealed record Accept(ValueList<TacticOption> Options, double EstimatedCost, string Packing = "", long ScratchBytes = 0) : Verdict;

    /// <summary>The tactic cannot serve the request, for a reason that goes into the build report: "needs AVX-512".</summary>
    public sealed record Decline(string Reason) : Verdict;

    private Verdict()
    {
    }
}

/// <summary>Answers kernel requests with kernels: a GEMM family, a Winograd variant, the reference. Registering one creates its tests and its benchmark.</summary>
public interface ITactic
{
    TacticId Id { get; }

    /// <summary>Decides from the request and the device alone; allocates and compiles nothing.</summary>
    Verdict Consider(KernelRequest request, DeviceProfile device);

    /// <summary>Makes the kernel of an option that <see cref="Consider"/> offered.</summary>
    IKernel Compile(KernelRequest request, TacticOption option);

    /// <summary>
    /// Makes a kernel that <see cref="Compile"/> of this very program has made before, on a device with the same features, and checked: it need not be checked again. An engine that was built by the
    /// program that loads it gets its kernels so.
    /// </summary>
    IKernel Recompile(KernelRequest request, TacticOption option) => Compile(request, option);
}

/// <summary>A compiled kernel. What it can do is known to its backend alone.</summary>
public interface IKernel
{
    /// <summary>Bytes of temporary memory that all workers of one call share, for these dims of the operands (null where one is absent); it lies in the context's arena during the call only.</summary>
    long ScratchBytes(IReadOnlyList<long[]?> inputs, IReadOnlyList<long[]?> outputs) => 0;

    /// <summary>
    /// Inputs in whose memory the first output may be written, best first, where both have equal dims at run time: the kernel reads each element of such an input only for the output's element at the
    /// same place in memory, and before that is written.
    /// </summary>
    IReadOnlyList<int> OverwritableInputs => [];
}

/// <summary>What tactics and caches may know of a device.</summary>
/// <param name="Backend">Short name of the backend: <c>cpu</c>.</param>
/// <param name="Name">The device as the system calls it.</param>
/// <param name="Features">What it can do, as words that tactics test for: <c>avx2</c>, <c>avx512f</c>, …; in ordinal order.</param>
/// <param name="Facts">Cache sizes and the like, in ordinal order of their names.</param>
/// <param name="Parallelism">Workers that one call may use.</param>
public sealed record DeviceProfile(string Backend, string Name, Texts Features, ValueList<(string Name, long Value)> Facts, int Parallelism)
{
    public bool Has(string feature) => Features.AsSpan().Contains(feature);

    /// <summary>The key under which measured times of this device are kept.</summary>
    public string Fingerprint => $"{Backend}|{Name}|{string.Join(',', Features)}|{string.Join(',', Facts.Select(f => $"{f.Name}={f.Value}"))}|{Parallelism}";
}
