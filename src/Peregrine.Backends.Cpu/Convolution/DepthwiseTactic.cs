using System.Globalization;
using Peregrine.Backends.Cpu.Generation;
using Peregrine.Backends.Cpu.Products;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Convolution;

/// <summary>Depthwise convolution, 1-D and 2-D, channels-last: each channel has a kernel of its own.</summary>
/// <param name="target">What this process may generate; null for nothing.</param>
internal sealed class DepthwiseTactic(GeneratorTarget? target) : ITactic
{
    private static readonly int[] TilePixels = [14, 8, 20, 28];

    public TacticId Id { get; } = new("cpu.convolution.depthwise", 1);

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

        // A multiply-add and its load per position, two a cycle; the rest is the epilogue and the way to memory.
        const double CyclesPerSecond = 3.2e9;
        double vectors = Math.Ceiling((double)problem.Groups / target.Lanes) * problem.TypicalPixels * (problem.Images ?? 1);
        int most = target.Set.VectorRegisters - 4;
        return new Verdict.Accept(
            ValueList.From(TilePixels.Select(p => Math.Min(p, most)).Distinct().Select(p => new TacticOption(p.ToString(CultureInfo.InvariantCulture)))),
            vectors * ((problem.PatchLength / 2.0) + 4) / (CyclesPerSecond * device.Parallelism), "depthwise");
    }

    public IKernel Compile(KernelRequest request, TacticOption option) => Make(request, option, target);

    public IKernel Recompile(KernelRequest request, TacticOption option) => Make(request, option, target?.Unchecked);

    private static DepthwiseKernel Make(KernelRequest request, TacticOption option, GeneratorTarget? generator) => new(
        PatchProblem.OfConvolution(request, out string reason) ?? throw new ArgumentException(reason, nameof(request)), int.Parse(option.Text, CultureInfo.InvariantCulture), generator!);
}
