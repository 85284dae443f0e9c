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
    private const double WindowShare = 0.4, GroupWindowShare = 0.25;

    // Where chains are cut by channels: enough of them that calls do not weigh, few enough that many rows fit.
    private const int GroupChannels = 96;

    private const int MostOptions = 6, BandsPerWorker = 2;

    // Of a single convolution with a mean.
    private const int StripsPerWorker = 8, VectorsPerGroup = 12;
    private const double SecondsPerSum = 1e-10, SecondsPerPhase = 1e-6;

    private const double NearShare = 0.5, FarFactor = 4, SecondsPerNearByte = 3e-11, SecondsPerFarByte = 4e-11, SecondsPerMovedByte = 3e-11, SecondsPerTurn = 1.5e-6;

    private readonly DepthwiseTactic _depthwise = new(target, fitsWorkers: false);
    private readonly DirectConvolutionTactic _direct = new(target, isPortable);

    public TacticId Id { get; } = new(isPortable ? "cpu.convolution.chain.portable" : "cpu.convolution.chain", 2);

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

        if (links.Mean is not null && !IsDepthwise(links.Requests[^1]))
        {
            return new Verdict.Decline("takes the mean behind a generated depthwise convolution only");
        }

        double saved = Enumerable.Range(0, links.Count - 1).Sum(i => Saved(links.BytesBetween(i), device));
        if (saved <= 0 && links.Count > 1)
        {
            return new Verdict.Decline("what is between the links stays in the second-level cache as it is");
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

        ChainOption[] options = [.. links.Count == 1 ? Options(links.Requests[0], shapes[0], device) : Options(links, shapes, device)];
        double gain = saved - (Turns(links, options[0]) / device.Parallelism) - (Waiting(links, options[0], device.Parallelism) * seconds);
        return new Verdict.Accept(ValueList.From(options.Select(o => o.ToOption())), Math.Max(seconds - gain, seconds / 4) + Mean(links, device));
    }

    public IKernel Compile(KernelRequest request, TacticOption option) => Make(request, option, target);

    public IKernel Recompile(KernelRequest request, TacticOption option) => Make(request, option, target?.Unchecked);

    /// <summary>As <see cref="CpuBackend.LayoutsOf"/> keeps pixels apart.</summary>
    private static long PixelStride(long channels) => CpuBackend.PixelStride(channels);

    /// <summary>
    /// Seconds that what is between two links costs on its way to outer caches and back (measured, one worker): little where the third level holds it, much more from a few times the second level on,
    /// where it meets what other processors and other layers keep there. Workers share what is behind their own caches.
    /// </summary>
    private static double Saved(double bytes, DeviceProfile device)
    {
        double near = CacheSizes.Of(device, "l2");
        return (Math.Max(0, bytes - (NearShare * near * device.Parallelism)) * SecondsPerNearByte / device.Parallelism) + (Math.Max(0, bytes - (FarFactor * near)) * SecondsPerFarByte);
    }

    private bool IsDepthwise(KernelRequest link) => !isPortable && PatchProblem.OfConvolution(link, out _) is { Channels: 1, Outputs: 1 };

    private bool CanBeLink(KernelRequest link, string shape) => Problem(link) is { IsSpatialStatic: true, HasSlices: false, Depth.Input: 1 } problem && !StripsOf(problem, IsDepthwise(link), shape).IsPadded;

    private StripShape StripsOf(PatchProblem problem, bool isDepthwise, string shape) => isDepthwise
        ? StripShape.Of(problem, DepthwiseShape.Parse(new(shape)).Columns, padFewChannels: false, blockRows: DepthwiseShape.Parse(new(shape)).Rows)
        : StripShape.Of(problem, TileShape.Parse(new(shape)).Pixels, padFewChannels: true, padAll: isPortable);

    /// <summary>The problem of a link, image by image.</summary>
    private static PatchProblem? Problem(KernelRequest link) => PatchProblem.OfConvolution(link, out _) is { } problem ? problem with { Images = null } : null;

    /// <summary>Ways to cut the chain, the best guess first: groups of few channels, whose halos are a smaller part of the window, where the links allow it; all channels; other kernels.</summary>
    private IEnumerable<ChainOption> Options(ChainLinks links, List<IReadOnlyList<string>> shapes, DeviceProfile device)
    {
        string[] best = [.. shapes.Select(s => s[0])];
        List<ChainOption> options = [];
        foreach ((int channels, double share) in (ReadOnlySpan<(int, double)>)[(GroupChannels, GroupWindowShare), (2 * GroupChannels, WindowShare)])
        {
            if (Grouped(links, best, channels) is (var grouped, > 0 and var size))
            {
                options.Add(new(MostStrips(links, grouped, size, share, device), size, Texts.Create(grouped)));
            }
        }

        foreach (double share in (ReadOnlySpan<double>)[WindowShare, GroupWindowShare])
        {
            options.Add(new(MostStrips(links, best, 0, share, device), 0, Texts.Create(best)));
        }

        ChainOption first = options[0];
        for (int link = 0; link < links.Count; link++)
        {
            if (shapes[link].Count > 1)
            {
                string[] other = [.. best];
                other[link] = shapes[link][1];
                (string[] kernels, int size) = first.ChannelsPerGroup > 0 && Grouped(links, other, GroupChannels) is { Channels: > 0 } grouped ? grouped : (other, 0);
                options.Add(new(MostStrips(links, kernels, size, size > 0 ? GroupWindowShare : WindowShare, device), size, Texts.Create(kernels)));
            }
        }

        return options.Distinct().Take(MostOptions);
    }

    /// <summary>Ways to run a convolution whose sums are wanted: strip by strip, by groups of channels where strips are too few for all workers.</summary>
    private IEnumerable<ChainOption> Options(KernelRequest link, IReadOnlyList<string> shapes, DeviceProfile device)
    {
        PatchProblem problem = Problem(link)!;
        foreach (string shape in shapes)
        {
            int strips = StepsOf(problem, link, shape).Count, channels = VectorsPerGroup * target!.Lanes;
            yield return new(1, strips >= StripsPerWorker * device.Parallelism || channels >= problem.Groups ? 0 : channels, Texts.Create([shape]));
        }
    }

    /// <summary>Seconds that the sums of a last link take, and the means of them.</summary>
    private double Mean(ChainLinks links, DeviceProfile device) =>
        links.Mean is null ? 0 : (links.Requests[^1].Outputs[0].Dims.Skip(1).Aggregate(1.0, (product, d) => product * d.Min) / target!.Lanes * SecondsPerSum / device.Parallelism) + SecondsPerPhase;

    /// <summary>
    /// A single pixel's products before a kernel for each channel: the two may go through the image by groups of channels. Returns the shapes for that and the size of a group, near the one that is
    /// wanted; 0 channels if there is more to it, or there would be one group.
    /// </summary>
    private (string[] Shapes, int Channels) Grouped(ChainLinks links, string[] shapes, int wanted)
    {
        if (links.Count != 2 || isPortable || !IsDepthwise(links.Requests[1]) || Problem(links.Requests[0]) is not { IsPointwise: true, Groups: 1 } problem)
        {
            return (shapes, 0);
        }

        TileShape shape = TileShape.Parse(new(shapes[0])) with { ChannelsOuter = true };
        int step = shape.Vectors * target!.Lanes, channels = Math.Max(1, wanted / step) * step;
        return channels < problem.Outputs ? ([shape.ToOption().Text, .. shapes.Skip(1)], channels) : (shapes, 0);
    }

    /// <summary>The most strips per band with which windows stay within a share of the second-level cache and all workers have something to do; 1 at least.</summary>
    private int MostStrips(ChainLinks links, string[] shapes, int channels, double share, DeviceProfile device)
    {
        ChainSteps[] steps = Steps(links, shapes);
        double budget = CacheSizes.Of(device, "l2") * share;
        int groups = channels == 0 ? 1 : (steps[0].Problem.Outputs + channels - 1) / channels;
        int low = 1, high = Math.Max(1, steps[^1].Count * groups / (device.Parallelism == 1 ? 1 : BandsPerWorker * device.Parallelism));
        high = Math.Min(high, steps[^1].Count);
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

    /// <summary>What turns cost: rows that are moved to a window's beginning, and beginning anew with another kernel's code and data.</summary>
    private double Turns(ChainLinks links, ChainOption option)
    {
        ChainLayout layout = new(Steps(links, option.Shapes), option.StripsPerBand);
        double moved = Enumerable.Range(0, links.Count - 1).Sum(i => (double)layout.Moved(i) * layout[i].Problem.Groups * layout[i].Problem.Outputs * sizeof(float));
        return (moved * SecondsPerMovedByte) + ((double)layout.Bands * GroupsOf(links, option) * (links.Count - 1) * SecondsPerTurn);
    }

    /// <summary>The share of the time by which workers wait for the last part: bands and groups of channels are few, and rarely as many for each worker.</summary>
    private double Waiting(ChainLinks links, ChainOption option, int workers)
    {
        if (links.Count == 1)
        {
            return 0;
        }

        long images = PatchProblem.OfConvolution(links.Requests[0], out _)?.Images ?? 1;
        long parts = images * new ChainLayout(Steps(links, option.Shapes), option.StripsPerBand).Bands * GroupsOf(links, option);
        return ((double)((parts + workers - 1) / workers * workers) / parts) - 1;
    }

    private int GroupsOf(ChainLinks links, ChainOption option) =>
        option.ChannelsPerGroup == 0 ? 1 : (Problem(links.Requests[0])!.Outputs + option.ChannelsPerGroup - 1) / option.ChannelsPerGroup;

    private ChainSteps[] Steps(ChainLinks links, IReadOnlyList<string> shapes) => [.. links.Requests.Select((r, i) => StepsOf(Problem(r)!, r, shapes[i]))];

    private ChainSteps StepsOf(PatchProblem problem, KernelRequest link, string shape) => new(problem, StripsOf(problem, IsDepthwise(link), shape), ExtentsOf(problem, link));

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
                kernels[i] = new DepthwiseKernel(problem, DepthwiseShape.Parse(shape), generator!, channels > 0 ? channels / lanes : null, hasSums: i == links.Count - 1 && links.Mean is not null);
                blocks[i] = channels > 0 ? 1 : kernels[i].ChannelBlocks;
            }
            else
            {
                TileShape tile = TileShape.Parse(shape);
                kernels[i] = new PatchProductKernel(problem, tile, isPortable ? null : generator);
                blocks[i] = channels > 0 ? channels / (tile.Vectors * lanes) : kernels[i].ChannelBlocks;
            }
        }

        ChainSteps[] steps = [.. kernels.Select((k, i) => new ChainSteps(k.Problem, k.Traversal.Strips, ExtentsOf(k.Problem, links.Requests[i])))];
        return new(kernels, new(steps, option.StripsPerBand), links.Operands(1, _ => 0), channels, blocks, links.Mean?.Outputs[0]);
    }
}
