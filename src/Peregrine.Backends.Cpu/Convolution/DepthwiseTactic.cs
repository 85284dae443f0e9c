using Peregrine.Backends.Cpu.Generation;
using Peregrine.Backends.Cpu.Products;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Convolution;

/// <summary>Depthwise convolution, 1-D to 3-D, channels-last: each channel has a kernel of its own.</summary>
/// <param name="target">What this process may generate; null for nothing.</param>
/// <param name="fitsWorkers">Whether shapes depend on how many workers there are. Not where strips are summed up: results must not depend on it.</param>
internal sealed class DepthwiseTactic(GeneratorTarget? target, bool fitsWorkers = true) : ITactic
{
    public TacticId Id { get; } = new("cpu.convolution.depthwise", 3);

    public Verdict Consider(KernelRequest request, DeviceProfile device)
    {
        if (target is null)
        {
            return new Verdict.Decline("needs generated code (AVX2 and FMA, or AVX-512, and leave to run it)");
        }

        if (PatchProblem.OfConvolution(request, out string reason) is not { } problem)
        {
            return new Verdict.Decline(reason);
        }

        if (problem.Channels != 1 || problem.Outputs != 1)
        {
            return new Verdict.Decline("takes convolutions with one input and one output channel per group");
        }

        if (problem.Epilogue is { } epilogue && EpilogueLowering.WhyNot(epilogue, [.. Enumerable.Repeat(DataType.Float32, problem.Operands.Count + 1)]) is { } missing)
        {
            return new Verdict.Decline(missing);
        }

        const double CyclesPerSecond = 3.2e9;
        (DepthwiseShape Shape, double Cycles)[] shapes = [.. DepthwiseShape.Candidates(problem, target.Set.VectorRegisters, fitsWorkers ? device.Parallelism : 1)];
        double vectors = Math.Ceiling((double)problem.Groups / target.Lanes) * (problem.Images ?? 1);
        return new Verdict.Accept(
            ValueList.From(shapes.Select(s => new TacticOption(s.Shape.ToString()))), vectors * shapes[0].Cycles / (CyclesPerSecond * device.Parallelism), "depthwise");
    }

    public IKernel Compile(KernelRequest request, TacticOption option) => Make(request, option, target);

    public IKernel Recompile(KernelRequest request, TacticOption option) => Make(request, option, target?.Unchecked);

    private static DepthwiseKernel Make(KernelRequest request, TacticOption option, GeneratorTarget? generator) => new(
        PatchProblem.OfConvolution(request, out string reason) ?? throw new ArgumentException(reason, nameof(request)), DepthwiseShape.Parse(option), generator!);
}
