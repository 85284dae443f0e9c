using Peregrine.Backends.Cpu.Packing;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.CodeGen.X64;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Chains;

/// <summary>Runs the kernels of a chain one after the other, and last that of the mean if there is one; what is between them lies as a whole in temporary memory that all workers share.</summary>
internal sealed class SeparateLinksKernel : ICpuKernel
{
    private readonly ICpuKernel[] _kernels;
    private readonly ChainLinks _links;
    private readonly int[] _firstCodes;
    private readonly int[] _firstPackings;
    // For the number of images of the last call; another is made for another number.
    private volatile Places? _places;

    public SeparateLinksKernel(ICpuKernel[] kernels, ChainLinks links)
    {
        (_kernels, _links) = (kernels, links);
        _firstCodes = new int[kernels.Length];
        _firstPackings = new int[kernels.Length];
        List<CompiledCode> code = [];
        List<WeightPacking> packings = [];
        for (int i = 0; i < kernels.Length; i++)
        {
            int shift = i < links.Count ? links.FirstInputs[i] : 0;
            (_firstCodes[i], _firstPackings[i]) = (code.Count, packings.Count);
            code.AddRange(kernels[i].Code);
            packings.AddRange(kernels[i].Packings.Select(p => p with { Input = p.Input + shift }));
        }

        (Code, Packings, PhaseCount) = (code, packings, kernels.Sum(k => k.PhaseCount));
    }

    public int PhaseCount { get; }

    public IReadOnlyList<CompiledCode> Code { get; }

    public IReadOnlyList<WeightPacking> Packings { get; }

    public long WorkerScratchBytes => _kernels.Max(k => k.WorkerScratchBytes);

    public long ScratchBytes(IReadOnlyList<long[]?> inputs, IReadOnlyList<long[]?> outputs) => PlacesFor(inputs[0]![0]).Bytes;

    public int TileCount(in KernelArguments arguments, int phase)
    {
        int link = LinkOf(phase, out int own);
        return _kernels[link].TileCount(ArgumentsOf(arguments, link), own);
    }

    public void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker)
    {
        int link = LinkOf(phase, out int own);
        _kernels[link].Run(ArgumentsOf(arguments, link), own, tiles, worker);
    }

    private static long Aligned(long bytes) => checked(bytes + 63) & -64;

    private KernelArguments ArgumentsOf(in KernelArguments arguments, int link)
    {
        Places places = PlacesFor(arguments.InputDims(0)[0]);
        return arguments with { FirstCode = _firstCodes[link], FirstPacking = _firstPackings[link], FirstScratch = places.KernelScratch, Link = places.Operands[link] };
    }

    private int LinkOf(int phase, out int own)
    {
        int link = 0;
        for (own = phase; own >= _kernels[link].PhaseCount; link++)
        {
            own -= _kernels[link].PhaseCount;
        }

        return link;
    }

    private Places PlacesFor(long images)
    {
        if (_places is { } known && known.Images == images)
        {
            return known;
        }

        long[] offsets = new long[_links.Count];
        for (int i = 0; i < _links.Count - 1; i++)
        {
            KernelOperand result = _links.Requests[i].Outputs[0];
            offsets[i + 1] = Aligned(checked(offsets[i] + (result.Layout.Resolve(ChainLinks.Dims(result, images)).Elements * sizeof(float))));
        }

        long own = _kernels.Zip(_links.Parts, (kernel, part) => kernel.ScratchBytes(Dims(part.Inputs, images), Dims(part.Outputs, images))).Max();
        return _places = new(images, _links.Operands(images, i => offsets[i]), offsets[^1], checked(offsets[^1] + own));
    }

    private static long[][] Dims(IEnumerable<KernelOperand> operands, long images) =>
        [.. operands.Select(o => o.Role == OperandRole.Activation && o.Dims.Count > 0 && !o.Dims[0].IsStatic ? ChainLinks.Dims(o, images) : [.. o.Dims.Select(d => d.Min)])];

    /// <param name="KernelScratch">Where the temporary memory of the kernels themselves begins.</param>
    private sealed record Places(long Images, LinkOperands[] Operands, long KernelScratch, long Bytes);
}
