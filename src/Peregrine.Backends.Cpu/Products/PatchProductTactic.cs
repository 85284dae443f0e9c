using System.Numerics;
using Peregrine.Backends.Cpu.Generation;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Products;

/// <summary>Serves patch products with tiles; its two uses differ in how a request is read.</summary>
/// <param name="target">What this process may generate; null for nothing.</param>
/// <param name="isPortable">Whether tiles are portable ones instead of generated ones.</param>
internal abstract class PatchProductTactic(GeneratorTarget? target, bool isPortable) : ITactic
{
    // Two multiply-adds per cycle and lane at a cautious clock, and the share of it that tiles reach.
    private const double CyclesPerSecond = 3.2e9, Share = 0.9, PortableShare = 0.5;

    // To turn a row-major image into pixels.
    private const double SecondsPerPlanarFloat = 1.5e-9;

    public abstract TacticId Id { get; }

    public Verdict Consider(KernelRequest request, DeviceProfile device)
    {
        if (target is null && !isPortable)
        {
            return new Verdict.Decline("needs generated code (AVX2 and FMA, or AVX-512, and leave to run it)");
        }

        if (Read(request, out string reason) is not { } problem)
        {
            return new Verdict.Decline(reason);
        }

        if (problem.WhyTooFar() is { } far)
        {
            return new Verdict.Decline(far);
        }

        if (problem.Epilogue is { } epilogue && EpilogueLowering.WhyNot(epilogue, [.. Enumerable.Repeat(DataType.Float32, problem.Operands.Count + 1)]) is { } missing)
        {
            return new Verdict.Decline(missing);
        }

        if (problem.InputStride == 0 && problem.Groups * problem.Channels > PatchProblem.MostPlanes)
        {
            return new Verdict.Decline($"reads row-major images of up to {PatchProblem.MostPlanes} channels only");
        }

        int lanes = isPortable ? Vector<float>.Count : target!.Lanes;
        IReadOnlyList<Candidate<TileShape>> shapes = isPortable ? TileShape.Portable(problem, lanes) : TileShape.Candidates(problem, lanes, target!.Set.VectorRegisters, device.Parallelism);
        return shapes.Count == 0
            ? new Verdict.Decline("no register tile fits")
            : new Verdict.Accept(
                ValueList.From(shapes.Select(s => s.Shape.ToOption())), (shapes[0].Cycles / (CyclesPerSecond * (isPortable ? PortableShare : Share) * device.Parallelism)) + (problem.InputStride > 0 || (problem.CanReadPlanes && !isPortable) ? 0 : CopySeconds(problem)),
                new WeightPacker(problem, shapes[0].Shape.Vectors, lanes).Key);
    }

    private static double CopySeconds(PatchProblem problem) =>
        SecondsPerPlanarFloat * problem.Groups * problem.Channels * (problem.Images ?? 1) * (problem.Depth.Input ?? 8) * (problem.Vertical.Input ?? 56) * (problem.Horizontal.Input ?? 56);

    public IKernel Compile(KernelRequest request, TacticOption option) => Make(request, option, target);

    public IKernel Recompile(KernelRequest request, TacticOption option) => Make(request, option, target?.Unchecked);

    protected abstract PatchProblem? Read(KernelRequest request, out string reason);

    private PatchProductKernel Make(KernelRequest request, TacticOption option, GeneratorTarget? generator)
    {
        PatchProblem problem = Read(request, out string reason) ?? throw new ArgumentException(reason, nameof(request));
        return new PatchProductKernel(problem, TileShape.Parse(option), isPortable ? null : generator);
    }
}
