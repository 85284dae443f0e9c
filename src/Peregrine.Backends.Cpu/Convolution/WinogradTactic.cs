using Peregrine.Backends.Cpu.Generation;
using Peregrine.Backends.Cpu.Products;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Convolution;

/// <summary>
/// 3×3 convolution by Winograd's minimal filtering, channels-last to channels-last, with constant weights: 2.25 (tiles of 2×2) or 4 (of 4×4) times fewer multiplications than
/// direct convolution for stride 1, 1.44 or 1.78 times for stride 2. Of ordinary numbers the root mean square error relative to the result is about 4e-7 and 2e-6 (direct: 3e-7). A NaN or an infinity spreads over the tiles that read it.
/// </summary>
/// <param name="target">What this process may generate; null for nothing.</param>
internal sealed class WinogradTactic(GeneratorTarget? target) : ITactic
{
    // As direct convolution counts.
    private const double CyclesPerSecond = 3.2e9, Share = 0.9;

    public TacticId Id { get; } = new("cpu.convolution.winograd", 2);

    public Verdict Consider(KernelRequest request, DeviceProfile device)
    {
        if (target is null)
        {
            return new Verdict.Decline("needs generated code (AVX2 and FMA, or AVX-512, and leave to run it)");
        }

        if (Read(request, out string reason) is not { } problem)
        {
            return new Verdict.Decline(reason);
        }

        if (problem.Epilogue is { } epilogue && EpilogueLowering.WhyNot(epilogue, [.. Enumerable.Repeat(DataType.Float32, problem.Operands.Count + 1)]) is { } missing)
        {
            return new Verdict.Decline(missing);
        }

        IReadOnlyList<Candidate<WinogradShape>> shapes = new WinogradCost(problem, device, target.Lanes, target.Set.VectorRegisters).Candidates();
        WinogradShape best = shapes[0].Shape;
        WinogradLayout layout = new(problem, best, target.Lanes);
        // Workers' own memory is taken from the same budget as that of the context.
        long scratch = layout.SharedBytes(WinogradGrid.Of(problem, best.Tile, MostImages(request))) + (layout.WorkerBytes * device.Parallelism);
        return new Verdict.Accept(
            ValueList.From(shapes.Select(s => s.Shape.ToOption())), shapes[0].Cycles / (CyclesPerSecond * Share * device.Parallelism), new WinogradWeights(problem, WinogradTile.Of(problem, best.Tile), best.Vectors, target.Lanes).Key, scratch);
    }

    public IKernel Compile(KernelRequest request, TacticOption option) => Make(request, option, target);

    public IKernel Recompile(KernelRequest request, TacticOption option) => Make(request, option, target?.Unchecked);

    private static WinogradKernel Make(KernelRequest request, TacticOption option, GeneratorTarget? generator)
    {
        PatchProblem problem = Read(request, out string reason) ?? throw new ArgumentException(reason, nameof(request));
        return new WinogradKernel(problem, WinogradShape.Parse(option), generator!);
    }

    private static long MostImages(KernelRequest request)
    {
        const long Guess = 64;
        KernelDim images = request.Inputs[0].Dims[0];
        return images.Max == long.MaxValue ? Math.Max(images.Min, Guess) : images.Max;
    }

    private static PatchProblem? Read(KernelRequest request, out string reason)
    {
        if (PatchProblem.OfConvolution(request, out reason) is not { } problem)
        {
            return null;
        }

        reason = WhyNot(problem) ?? "";
        return reason.Length == 0 ? problem : null;
    }

    private static string? WhyNot(PatchProblem problem) =>
        !IsMinimal(problem.Vertical) || !IsMinimal(problem.Horizontal) ? "takes 3×3 kernels of strides 1 and 2 without dilation"
        : problem.Depth != PatchAxis.Single ? "takes images, not volumes"
        : problem.Groups != 1 ? "takes one group"
        : problem.InputStride == 0 ? "reads channels-last"
        : !problem.IsSpatialStatic ? "needs static spatial extents"
        : problem.TypicalPixels == 0 || problem.Images == 0 ? "needs a result that is not empty"
        : null;

    private static bool IsMinimal(PatchAxis axis) => axis is { Kernel: 3, Stride: 1 or 2, Dilation: 1 };
}
