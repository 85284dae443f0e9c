using System.Globalization;
using Peregrine.Backends.Cpu.Products;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Convolution;

/// <summary>How a Winograd convolution is cut up.</summary>
/// <param name="Tile">m: extent of a tile of results.</param>
/// <param name="IsPhased">All patches are transformed before the first product, in memory that workers share; otherwise each worker transforms those of its own blocks.</param>
/// <param name="BlockTiles">Tiles whose products with a group of output channels are made together.</param>
/// <param name="Pixels">The most tiles of a register tile.</param>
/// <param name="Vectors">Vectors of output channels of a register tile.</param>
internal sealed record WinogradShape(int Tile, bool IsPhased, int BlockTiles, int Pixels, int Vectors)
{
    public static WinogradShape Parse(TacticOption option)
    {
        string[] words = option.Text.Split(' ');
        string[] extents = words[5].Split('x');
        return new(Number(words[0].Split('x')[0]), words[1] == "phases", Number(words[3]), Number(extents[0]), Number(extents[1]));

        static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
    }

    public TacticOption ToOption() => new(string.Create(CultureInfo.InvariantCulture, $"{Tile}x{Tile} {(IsPhased ? "phases" : "blocks")} of {BlockTiles} by {Pixels}x{Vectors}"));
}
