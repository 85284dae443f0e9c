using System.Numerics;
using Peregrine.Backends.Cpu.Generation;
using Peregrine.Backends.Cpu.Products;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Convolution;

/// <summary>Transposed convolution, 1-D to 3-D, with constant weights, as a set of convolutions that write interleaved pixels, into channels-last.</summary>
/// <param name="target">What this process may generate; null for nothing.</param>
/// <param name="isPortable">Whether tiles are portable ones instead of generated ones.</param>
internal sealed class TransposedConvolutionTactic(GeneratorTarget? target, bool isPortable = false) : ITactic
{
    private const double CyclesPerSecond = 3.2e9, Share = 0.8, PortableShare = 0.4;

    public TacticId Id { get; } = new(isPortable ? "cpu.convolution.transposed.portable" : "cpu.convolution.transposed", 1);

    public Verdict Consider(KernelRequest request, DeviceProfile device)
    {
        if (target is null && !isPortable)
        {
            return new Verdict.Decline("needs generated code (AVX2 and FMA, or AVX-512, and leave to run it)");
        }

        if (TransposedConvolution.Read(request, out string reason) is not { } parts)
        {
            return new Verdict.Decline(reason);
        }

        if (parts.Select(p => p.WhyTooFar()).FirstOrDefault(w => w is not null) is { } far)
        {
            return new Verdict.Decline(far);
        }

        if (parts[0].Epilogue is { } epilogue && EpilogueLowering.WhyNot(epilogue, [.. Enumerable.Repeat(DataType.Float32, parts[0].Operands.Count + 1)]) is { } missing)
        {
            return new Verdict.Decline(missing);
        }

        int lanes = isPortable ? Vector<float>.Count : target!.Lanes;
        IReadOnlyList<Candidate<TileShape>> shapes = isPortable ? TileShape.Portable(parts[0], lanes) : TileShape.Candidates(parts[0], lanes, target!.Set.VectorRegisters, device.Parallelism);
        return shapes.Count == 0
            ? new Verdict.Decline("no register tile fits")
            : new Verdict.Accept(ValueList.From(shapes.Select(s => s.Shape.ToOption())), parts.Sum(p => shapes[0].Shape.Cycles(p, lanes)) / (CyclesPerSecond * (isPortable ? PortableShare : Share) * device.Parallelism));
    }

    public IKernel Compile(KernelRequest request, TacticOption option) => Make(request, option, target);

    public IKernel Recompile(KernelRequest request, TacticOption option) => Make(request, option, target?.Unchecked);

    private JoinedKernel Make(KernelRequest request, TacticOption option, GeneratorTarget? generator)
    {
        IReadOnlyList<PatchProblem> parts = TransposedConvolution.Read(request, out string reason) ?? throw new ArgumentException(reason, nameof(request));
        TileShape shape = TileShape.Parse(option);
        return new JoinedKernel([.. parts.Select(p => new PatchProductKernel(p, shape, isPortable ? null : generator))]);
    }
}
