using Peregrine.Backends.Cpu.Packing;
using Peregrine.Backends.Cpu.Products;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.CodeGen.X64;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Convolution;

/// <summary>Several kernels of one step that write different pixels: their tiles are shared out together.</summary>
internal sealed class JoinedKernel : ICpuKernel
{
    private readonly PatchKernel[] _parts;
    private readonly int[] _firstCodes;
    private readonly int[] _firstPackings;

    public JoinedKernel(PatchKernel[] parts)
    {
        _parts = parts;
        _firstCodes = new int[parts.Length];
        _firstPackings = new int[parts.Length];
        List<CompiledCode> code = [];
        List<WeightPacking> packings = [];
        for (int i = 0; i < parts.Length; i++)
        {
            (_firstCodes[i], _firstPackings[i]) = (code.Count, packings.Count);
            code.AddRange(parts[i].Code);
            packings.AddRange(parts[i].Packings);
        }

        (Code, Packings, PhaseCount) = (code, packings, parts.Max(p => p.PhaseCount));
    }

    public int PhaseCount { get; }

    public IReadOnlyList<CompiledCode> Code { get; }

    public IReadOnlyList<WeightPacking> Packings { get; }

    public long WorkerScratchBytes => _parts.Max(p => p.WorkerScratchBytes);

    public long ScratchBytes(IReadOnlyList<long[]?> inputs, IReadOnlyList<long[]?> outputs)
    {
        long sum = 0;
        foreach (PatchKernel part in _parts)
        {
            sum = checked(Aligned(sum) + part.ScratchBytes(inputs, outputs));
        }

        return sum;
    }

    public int TileCount(in KernelArguments arguments, int phase)
    {
        int sum = 0;
        foreach (PatchKernel part in _parts)
        {
            sum = checked(sum + Tiles(part, arguments, phase));
        }

        return sum;
    }

    public void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker)
    {
        int first = 0;
        long scratch = 0;
        for (int i = 0; i < _parts.Length; i++)
        {
            PatchKernel part = _parts[i];
            int count = Tiles(part, arguments, phase), begin = Math.Max(0, tiles.Begin - first), end = Math.Min(count, tiles.End - first);
            scratch = Aligned(scratch);
            if (begin < end)
            {
                part.Run(arguments with { FirstScratch = scratch, FirstCode = _firstCodes[i], FirstPacking = _firstPackings[i] }, OwnPhase(part, phase), new(begin, end), worker);
            }

            scratch += part.ScratchBytes(arguments.InputDims(0), arguments.OutputDims(0));
            first += count;
        }
    }

    private static long Aligned(long bytes) => (bytes + 63) & -64;

    private int Tiles(PatchKernel part, in KernelArguments arguments, int phase) => OwnPhase(part, phase) is var own and >= 0 ? part.TileCount(arguments, own) : 0;

    /// <summary>Kernels with fewer phases run in the last ones.</summary>
    private int OwnPhase(PatchKernel part, int phase) => phase - (PhaseCount - part.PhaseCount);
}
