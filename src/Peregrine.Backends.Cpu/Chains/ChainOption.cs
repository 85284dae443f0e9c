using System.Globalization;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Chains;

/// <summary>A way to run a chain, as it stands in a tactic's options: <c>strips=2 channels=0: 14x2 pixels-outer > 3x8</c>.</summary>
/// <param name="StripsPerBand">The most strips of the last link that are computed in one go.</param>
/// <param name="ChannelsPerGroup">Channels between the links that are computed in one go; 0 for all.</param>
/// <param name="Shapes">The tile shape of each link, as its own tactic writes it.</param>
internal sealed record ChainOption(int StripsPerBand, int ChannelsPerGroup, Texts Shapes)
{
    private const string Arrow = " > ";

    public static ChainOption Parse(TacticOption option)
    {
        string[] halves = option.Text.Split(": ", 2), words = halves[0].Split(' ');
        return new(Number(words[0]), Number(words[1]), Texts.Create(halves[1].Split(Arrow)));
    }

    public TacticOption ToOption() => new(string.Create(CultureInfo.InvariantCulture, $"strips={StripsPerBand} channels={ChannelsPerGroup}: {string.Join(Arrow, Shapes)}"));

    private static int Number(string word) => int.Parse(word[(word.IndexOf('=', StringComparison.Ordinal) + 1)..], CultureInfo.InvariantCulture);
}
