using System.Diagnostics;
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
    private readonly PackedArena _packed;
    // Waking a parked thread takes some ten microseconds.
    private static readonly long ShortTicks = Stopwatch.Frequency * 100 / 1_000_000;

    // By the step at which runs begin.
    private readonly TeamChoice?[] _teams;
    private readonly int _workers;

    public CpuProgram(PlanSegment segment, IReadOnlyList<IKernel> kernels, IReadOnlyList<DeviceBuffer?> constants, IReadOnlyList<PackedConstant> packed, WorkerPool pool)
    {
        _segment = segment;
        _kernels = [.. kernels.Cast<ICpuKernel>()];
        _steps = [.. Enumerable.Range(segment.First, segment.Count).Select(i => (KernelStep)segment.Plan.Steps[i])];
        (_teams, _workers) = (new TeamChoice?[segment.Count], pool.Workers);
        WorkerScratchBytes = _kernels.Max(k => k.WorkerScratchBytes);
        _code = Place(_kernels, out Dictionary<CompiledCode, nint> entries);
        try
        {
            _packed = new(_kernels.Zip(_steps).SelectMany(k => k.First.Packings.Select(p => (ConstantOf(k.Second, p.Input), p))), constants, packed, pool);
            _resources = [.. _kernels.Select((k, i) => new StepResources([.. k.Code.Select(c => entries[c])], [.. k.Packings.Select(p => _packed[ConstantOf(_steps[i], p.Input), p.Key])]))];
        }
        catch
        {
            _code?.Dispose();
            throw;
        }
    }

    /// <summary>The most temporary memory that a kernel wants per worker.</summary>
    public long WorkerScratchBytes { get; }

    public IEnumerable<ConstantUse> ConstantUses
    {
        get
        {
            for (int i = 0; i < _steps.Length; i++)
            {
                for (int input = 0; input < _steps[i].Inputs.Count; input++)
                {
                    if (_steps[i].Inputs[input] < 0 || _segment.Plan.Slots.RootOf((int)_steps[i].Inputs[input]) is not { Kind: SlotKind.Constant } slot)
                    {
                        continue;
                    }

                    WeightPacking[] packings = [.. _kernels[i].Packings.Where(p => p.Input == input && p.Bytes <= int.MaxValue)];
                    foreach (WeightPacking packing in packings)
                    {
                        yield return new(slot.Target, packing.Key, packing.Form, _packed.View(slot.Target, packing));
                    }

                    if (packings.Length == 0)
                    {
                        yield return new(slot.Target, "", null, Memory<byte>.Empty);
                    }
                }
            }
        }
    }

    public void Enqueue(SlotTable slots, int first, int count, IStream stream, CancellationToken cancellation = default) => ((CpuStream)stream).Run(this, slots, first, count, cancellation);

    public void Dispose()
    {
        _code?.Dispose();
        _packed.Dispose();
    }

    /// <summary>The kernel of a step of the plan.</summary>
    public ICpuKernel KernelOf(int step) => _kernels[step - _segment.First];

    /// <summary>How many threads runs take that begin at this step.</summary>
    public TeamChoice TeamOf(int first) => _teams[first - _segment.First] ??= new(_workers, ShortTicks);

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

    private int ConstantOf(KernelStep step, int input)
    {
        BufferSlot slot = _segment.Plan.Slots[(int)step.Inputs[input]];
        return slot.Kind == SlotKind.Constant ? slot.Target : throw new InternalCompilerException($"\"{step.Name}\" packs %{slot.Name}, which is no constant.");
    }
}
