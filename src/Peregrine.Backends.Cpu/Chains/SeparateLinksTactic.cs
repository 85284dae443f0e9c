using Peregrine.Backends.Cpu.Pooling;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Chains;

/// <summary>
/// The convolutions of a chain one after the other, each by the tactic that is estimated to be best, and the mean behind them: what a chain costs that is none. It is what trials compare bands with, and it serves where the
/// processor of another machine has no kernels that could run in bands.
/// </summary>
/// <param name="links">Tactics that may serve a link, in the order in which ties are decided.</param>
internal sealed class SeparateLinksTactic(IReadOnlyList<ITactic> links) : ITactic
{
    private const string Arrow = " > ", Colon = ": ";

    private readonly PoolTactic _pool = new();

    public TacticId Id { get; } = new("cpu.convolution.chain.separate", 2);

    public Verdict Consider(KernelRequest request, DeviceProfile device)
    {
        if (ChainLinks.Of(request, CpuBackend.PixelStride, out string reason) is not { } chain)
        {
            return new Verdict.Decline(reason);
        }

        List<string> best = [];
        double seconds = 0;
        long scratch = 0, between = 0;
        foreach (KernelRequest link in chain.Requests)
        {
            (ITactic Tactic, Verdict.Accept Accept)[] takers = [.. links.Select(t => (t, t.Consider(link, device) as Verdict.Accept)).Where(t => t.Item2 is not null).Select(t => (t.t, t.Item2!))];
            if (takers.Length == 0)
            {
                return new Verdict.Decline($"nothing serves {link}");
            }

            (ITactic tactic, Verdict.Accept accept) = takers.MinBy(t => t.Accept.EstimatedCost);
            best.Add($"{tactic.Id.Name}{Colon}{accept.Options[0]}");
            seconds += accept.EstimatedCost;
            scratch = Math.Max(scratch, accept.ScratchBytes);
        }

        switch (chain.Mean is { } mean ? _pool.Consider(mean, device) : null)
        {
            case Verdict.Decline decline:
                return decline;
            case Verdict.Accept accept:
                seconds += accept.EstimatedCost;
                break;
        }

        for (int i = 0; i < chain.Count - 1; i++)
        {
            between += (long)Math.Min(chain.BytesBetween(i), long.MaxValue / 8);
        }

        return new Verdict.Accept([new(string.Join(Arrow, best))], seconds, ScratchBytes: scratch > 0 ? scratch + between : 0);
    }

    public IKernel Compile(KernelRequest request, TacticOption option) => Make(request, option, static (t, r, o) => t.Compile(r, o));

    public IKernel Recompile(KernelRequest request, TacticOption option) => Make(request, option, static (t, r, o) => t.Recompile(r, o));

    private SeparateLinksKernel Make(KernelRequest request, TacticOption option, Func<ITactic, KernelRequest, TacticOption, IKernel> make)
    {
        ChainLinks chain = ChainLinks.Of(request, CpuBackend.PixelStride, out string reason) ?? throw new ArgumentException(reason, nameof(request));
        string[] words = option.Text.Split(Arrow);
        IEnumerable<ICpuKernel> kernels = words.Select((w, i) => w.Split(Colon, 2) is [var name, var own] ? (ICpuKernel)make(links.First(t => t.Id.Name == name), chain.Requests[i], new(own)) : throw new ArgumentException(option.Text, nameof(option)));
        return new([.. chain.Mean is { } mean ? kernels.Append(new GlobalMeanKernel(mean)) : kernels], chain);
    }
}
