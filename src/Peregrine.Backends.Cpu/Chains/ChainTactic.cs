using System.Numerics;
using Peregrine.Backends.Cpu.Convolution;
using Peregrine.Backends.Cpu.Generation;
using Peregrine.Backends.Cpu.Products;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Chains;

/// <summary>
/// A chain of convolutions in bands of rows, or of rows and groups of channels, between which only what fits into the second-level cache is kept (docs/decisions/0020). Its links are served by the kernels
/// of <see cref="DirectConvolutionTactic"/> and <see cref="DepthwiseTactic"/>.
/// </summary>
internal sealed class ChainTactic(GeneratorTarget? target, bool isPortable = false) : ITactic
{
    // What windows may take of the second-level cache; rows that come in, results and weights want the rest.
    private const double WindowShare = 0.5;

    // What does not leave the second-level cache costs nothing; the rest is written, read before that for ownership, and read again.
    private const double Transfers = 3, BytesPerSecond = 40e9;

    private const int MostOptions = 6;

    private readonly DepthwiseTactic _depthwise = new(target);
    private readonly DirectConvolutionTactic _direct = new(target, isPortable);

    public TacticId Id { get; } = new(isPortable ? "cpu.convolution.chain.portable" : "cpu.convolution.chain", 1);

    public Verdict Consider(KernelRequest request, DeviceProfile device)
    {
        if (target is null && !isPortable)
        {
            return new Verdict.Decline("needs generated code (AVX2 and FMA, or AVX-512, and leave to run it)");
        }

        if (ChainLinks.Of(request, PixelStride, out string reason) is not { } links)
        {
            return new Verdict.Decline(reason);
        }

        List<IReadOnlyList<string>> shapes = [];
        double seconds = 0;
        for (int i = 0; i < links.Count; i++)
        {
            ITactic tactic = IsDepthwise(links.Requests[i]) ? _depthwise : _direct;
            switch (tactic.Consider(links.Requests[i], device))
            {
                case Verdict.Decline decline:
                    return new Verdict.Decline($"link {i + 1}: {decline.Reason}");
                case Verdict.Accept accept:
                    string[] usable = [.. accept.Options.Select(o => o.Text).Where(o => CanBeLink(links.Requests[i], o))];
                    if (usable.Length == 0)
                    {
                        return new Verdict.Decline($"link {i + 1} copies its images");
                    }

                    shapes.Add(usable);
                    seconds += accept.EstimatedCost;
                    break;
            }
        }

        ChainOption[] options = [.. Options(links, shapes, device)];
        double saved = Enumerable.Range(0, links.Count - 1).Sum(i => Saved(links.BytesBetween(i), device)) - Repeated(links, options[0], device);
        return new Verdict.Accept(ValueList.From(options.Select(o => o.ToOption())), Math.Max(seconds - saved, seconds / 4));
    }

    public IKernel Compile(KernelRequest request, TacticOption option) => Make(request, option, target);

    public IKernel Recompile(KernelRequest request, TacticOption option) => Make(request, option, target?.Unchecked);

    /// <summary>As <see cref="CpuBackend.LayoutsOf"/> keeps pixels apart.</summary>
    private static long PixelStride(long channels) => CpuBackend.PixelStride(channels);

    private static double Saved(double bytes, DeviceProfile device) =>
        Math.Max(0, bytes - (CacheSizes.Of(device, "l2") * 0.75 * device.Parallelism)) * Transfers / (BytesPerSecond * device.Parallelism);

    private bool IsDepthwise(KernelRequest link) => !isPortable && PatchProblem.OfConvolution(link, out _) is { Channels: 1, Outputs: 1 };

    private bool CanBeLink(KernelRequest link, string shape) => Problem(link) is { IsSpatialStatic: true, HasSlices: false, Depth.Input: 1 } problem && !Traversal(problem, IsDepthwise(link), shape).IsPadded;

    private PatchTraversal Traversal(PatchProblem problem, bool isDepthwise, string shape) => isDepthwise
        ? PatchTraversal.Of(problem, DepthwiseShape.Parse(new(shape)).Columns, padFewChannels: false, blockRows: DepthwiseShape.Parse(new(shape)).Rows)
        : PatchTraversal.Of(problem, TileShape.Parse(new(shape)).Pixels, padFewChannels: true, padAll: isPortable);

    /// <summary>The problem of a link, image by image.</summary>
    private static PatchProblem? Problem(KernelRequest link) => PatchProblem.OfConvolution(link, out _) is { } problem ? problem with { Images = null } : null;

    private IEnumerable<ChainOption> Options(ChainLinks links, List<IReadOnlyList<string>> shapes, DeviceProfile device)
    {
        double budget = CacheSizes.Of(device, "l2") * WindowShare;
        string[] best = [.. shapes.Select(s => s[0])];
        List<ChainOption> options = [];
        int strips = MostStrips(links, best, 0, budget);
        foreach (int few in (int[])[Math.Max(1, strips), Math.Max(1, strips / 2), Math.Max(1, strips * 2)])
        {
            options.Add(new(few, 0, Texts.Create(best)));
        }

        return options.Distinct().Take(MostOptions);
    }

    /// <summary>The most strips per band with which windows stay within so many bytes; 0 if not even one does.</summary>
    private int MostStrips(ChainLinks links, string[] shapes, int channels, double budget)
    {
        ChainSteps[] steps = Steps(links, shapes);
        int low = 0, high = steps[^1].Count;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (WindowBytes(new(steps, middle), channels) <= budget)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return low;
    }

    private static double WindowBytes(ChainLayout layout, int channels) =>
        Enumerable.Range(0, layout.Links - 1).Sum(i => (double)layout.Window(i) * (channels > 0 ? channels : layout[i].Problem.OutputStride) * sizeof(float));

    private double Repeated(ChainLinks links, ChainOption option, DeviceProfile device) => 0;

    private ChainSteps[] Steps(ChainLinks links, IReadOnlyList<string> shapes) => [.. links.Requests.Select((r, i) => StepsOf(Problem(r)!, r, shapes[i]))];

    private ChainSteps StepsOf(PatchProblem problem, KernelRequest link, string shape) => new(problem, Traversal(problem, IsDepthwise(link), shape), ExtentsOf(problem, link));

    private static PatchExtents ExtentsOf(PatchProblem problem, KernelRequest link) =>
        PatchExtents.Of(problem, ChainLinks.Dims(link.Inputs[0], 1), ChainLinks.Dims(link.Outputs[0], 1));

    private ChainKernel Make(KernelRequest request, TacticOption text, GeneratorTarget? generator)
    {
        ChainLinks links = ChainLinks.Of(request, PixelStride, out string reason) ?? throw new ArgumentException(reason, nameof(request));
        ChainOption option = ChainOption.Parse(text);
        int channels = option.ChannelsPerGroup;
        PatchKernel[] kernels = new PatchKernel[links.Count];
        int[] blocks = new int[links.Count];
        int lanes = isPortable ? Vector<float>.Count : target!.Lanes;
        for (int i = 0; i < kernels.Length; i++)
        {
            PatchProblem problem = Problem(links.Requests[i])!;
            problem = problem with { OutputStride = channels > 0 && i < kernels.Length - 1 ? channels : problem.OutputStride, InputStride = channels > 0 && i > 0 ? channels : problem.InputStride };
            TacticOption shape = new(option.Shapes[i]);
            if (IsDepthwise(links.Requests[i]))
            {
                kernels[i] = new DepthwiseKernel(problem, DepthwiseShape.Parse(shape), generator!, channels > 0 ? channels / lanes : null);
                blocks[i] = channels > 0 ? 1 : kernels[i].ChannelBlocks;
            }
            else
            {
                TileShape tile = TileShape.Parse(shape);
                kernels[i] = new PatchProductKernel(problem, tile, isPortable ? null : generator);
                blocks[i] = channels > 0 ? channels / (tile.Vectors * lanes) : kernels[i].ChannelBlocks;
            }
        }

        ChainSteps[] steps = [.. kernels.Select((k, i) => new ChainSteps(k.Problem, k.Traversal, ExtentsOf(k.Problem, links.Requests[i])))];
        return new(kernels, new(steps, option.StripsPerBand), links.Operands(1, _ => 0), channels, blocks);
    }
}
