using Peregrine.Backends.Cpu.Memory;
using Peregrine.Backends.Cpu.Packing;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.CodeGen.X64;
using Peregrine.Diagnostics;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;

namespace Peregrine.Backends.Cpu;

/// <summary>
/// A prepared segment: the kernels of consecutive steps, their machine code in one mapping, their packed weights in one arena. A stream's workers share
/// the tiles of one step after the other.
/// </summary>
internal sealed unsafe class CpuProgram : IDeviceProgram
{
    private readonly PlanSegment _segment;
    private readonly ICpuKernel[] _kernels;
    private readonly KernelStep[] _steps;
    private readonly StepResources[] _resources;
    private readonly CodeArena? _code;
    private readonly NativeArena? _packed;

    public CpuProgram(PlanSegment segment, IReadOnlyList<IKernel> kernels, IReadOnlyList<DeviceBuffer?> constants, WorkerPool pool)
    {
        _segment = segment;
        _kernels = [.. kernels.Cast<ICpuKernel>()];
        _steps = [.. Enumerable.Range(segment.First, segment.Count).Select(i => (KernelStep)segment.Plan.Steps[i])];
        WorkerScratchBytes = _kernels.Max(k => k.WorkerScratchBytes);
        _code = Place(_kernels, out Dictionary<CompiledCode, nint> entries);
        try
        {
            _packed = Pack(constants, pool, out nint[][] packed);
            _resources = [.. _kernels.Select((k, i) => new StepResources([.. k.Code.Select(c => entries[c])], packed[i]))];
        }
        catch
        {
            _code?.Dispose();
            throw;
        }
    }

    /// <summary>The most temporary memory that a kernel wants per worker.</summary>
    public long WorkerScratchBytes { get; }

    public void Enqueue(SlotTable slots, int first, int count, IStream stream) => ((CpuStream)stream).Run(this, slots, first, count);

    public void Dispose()
    {
        _code?.Dispose();
        _packed?.Dispose();
    }

    /// <summary>The kernel of a step of the plan.</summary>
    public ICpuKernel KernelOf(int step) => _kernels[step - _segment.First];

    /// <summary>A call of a step's kernel on what is bound now.</summary>
    public KernelArguments ArgumentsOf(SlotTable slots, int step, byte* workerScratch) => new(slots, _steps[step - _segment.First], step, _resources[step - _segment.First], workerScratch);

    private static CodeArena? Place(ICpuKernel[] kernels, out Dictionary<CompiledCode, nint> entries)
    {
        entries = new(ReferenceEqualityComparer.Instance);
        CompiledCode[] codes = [.. kernels.SelectMany(k => k.Code).Distinct()];
        if (codes.Length == 0)
        {
            return null;
        }

        CodeArena arena = CodeArena.Create(codes) switch
        {
            CodeArenaResult.Placed placed => placed.Arena,
            CodeArenaResult.Refused refused => throw new BackendException($"The machine code of the kernels cannot be placed: {refused.Message}."),
            _ => throw new InvalidOperationException(),
        };
        for (int i = 0; i < codes.Length; i++)
        {
            entries[codes[i]] = arena.EntryOf(i);
        }

        return arena;
    }

    private NativeArena? Pack(IReadOnlyList<DeviceBuffer?> constants, WorkerPool pool, out nint[][] packed)
    {
        packed = new nint[_kernels.Length][];
        Dictionary<(int Constant, string Key), long> offsets = [];
        List<(WeightPacking Packing, int Constant, long Offset)> work = [];
        long end = 0;
        for (int i = 0; i < _kernels.Length; i++)
        {
            foreach (WeightPacking packing in _kernels[i].Packings)
            {
                int constant = ConstantOf(_steps[i], packing.Input);
                if (offsets.TryAdd((constant, packing.Key), end))
                {
                    work.Add((packing, constant, end));
                    end = (end + packing.Bytes + 63) & -64;
                }
            }
        }

        NativeArena? arena = end == 0 ? null : new NativeArena(end);
        try
        {
            new PackingRun([.. work.OrderBy(w => w.Constant).Select(w => (w.Packing, (HostBuffer)constants[w.Constant]!, (nint)(arena!.Pointer + w.Offset)))]).Run(pool);
        }
        catch
        {
            arena?.Dispose();
            throw;
        }

        for (int i = 0; i < _kernels.Length; i++)
        {
            packed[i] = [.. _kernels[i].Packings.Select(p => (nint)(arena!.Pointer + offsets[(ConstantOf(_steps[i], p.Input), p.Key)]))];
        }

        return arena;
    }

    private int ConstantOf(KernelStep step, int input)
    {
        BufferSlot slot = _segment.Plan.Slots[(int)step.Inputs[input]];
        return slot.Kind == SlotKind.Constant ? slot.Target : throw new InternalCompilerException($"\"{step.Name}\" packs %{slot.Name}, which is no constant.");
    }
}
