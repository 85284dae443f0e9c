using Peregrine.Backends.Cpu.Generation;
using Peregrine.Backends.Cpu.Products;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Fourier;

/// <summary>
/// Depthwise convolution of stride 1 with large kernels, 1-D and 2-D, by fast Fourier transforms, channels-last: a product of spectra costs the same however large the kernel is. Errors are relative to
/// the largest values of a tile (root mean square about 3e-7 of the result's); a NaN or an infinity spreads over the tiles that read it.
/// </summary>
/// <param name="target">What this process may generate; null for nothing. Transforms are compiled by the runtime; the target says how wide vectors are.</param>
internal sealed class FourierConvolutionTactic(GeneratorTarget? target) : ITactic
{
    private const double CyclesPerSecond = 3.2e9;
    private const int MostOptions = 4;
    private const long MostWeightBytes = 1L << 30;

    public TacticId Id { get; } = new("cpu.convolution.fourier", 1);

    public Verdict Consider(KernelRequest request, DeviceProfile device)
    {
        if (PatchProblem.OfConvolution(request, out string reason) is not { } problem)
        {
            return new Verdict.Decline(reason);
        }

        if (WhyNot(problem) is { } unfit)
        {
            return new Verdict.Decline(unfit);
        }

        if (problem.Epilogue is { } epilogue && EpilogueLowering.WhyNot(epilogue, [.. Enumerable.Repeat(DataType.Float32, problem.Operands.Count + 1)]) is { } missing)
        {
            return new Verdict.Decline(missing);
        }

        int lanes = FourierKernel.LanesFor(target);
        long secondLevel = CacheSizes.Of(device, "l2");
        (FourierShape Shape, FourierPlan Plan, double Cycles)[] shapes =
        [
            .. FourierShape.Candidates(problem).Select(s => (Shape: s, Plan: new FourierPlan(problem, s, lanes))).Where(s => s.Plan.WeightBytes <= MostWeightBytes)
                .Select(s => (s.Shape, s.Plan, s.Plan.Cycles(secondLevel, device.Parallelism))).OrderBy(s => s.Item3).Take(MostOptions),
        ];
        if (shapes.Length == 0)
        {
            return new Verdict.Decline("no transform is long enough for the kernel and short enough for the cache");
        }

        double direct = Math.Ceiling((double)problem.Groups / lanes) * problem.TypicalPixels * (problem.Images ?? 1) * problem.PatchLength / 2.0;
        return shapes[0].Cycles >= direct
            ? new Verdict.Decline(FormattableString.Invariant($"needs {shapes[0].Cycles:g3} cycles where the products take {direct:g3}"))
            : new Verdict.Accept(
                ValueList.From(shapes.Select(s => s.Shape.ToOption())), shapes[0].Cycles / (CyclesPerSecond * device.Parallelism), shapes[0].Plan.WeightKey,
                FourierKernel.ScratchBytesOf(shapes[0].Plan, problem) * device.Parallelism);
    }

    public IKernel Compile(KernelRequest request, TacticOption option) => new FourierKernel(
        PatchProblem.OfConvolution(request, out string reason) ?? throw new ArgumentException(reason, nameof(request)), FourierShape.Parse(option), target);

    private static string? WhyNot(PatchProblem problem) =>
        problem.Depth != PatchAxis.Single ? "takes images, not volumes"
        : problem.Channels != 1 || problem.Outputs != 1 ? "takes convolutions with one input and one output channel per group"
        : problem.Vertical.Stride != 1 || problem.Horizontal.Stride != 1 ? "takes stride 1"
        : problem.InputStride == 0 ? "reads channels-last"
        : !problem.IsSpatialStatic ? "needs static spatial extents"
        : problem.TypicalPixels == 0 || problem.Images == 0 ? "needs a result that is not empty"
        : null;
}
