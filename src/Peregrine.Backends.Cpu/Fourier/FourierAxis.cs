using Peregrine.Backends.Cpu.Products;

namespace Peregrine.Backends.Cpu.Fourier;

/// <summary>
/// One spatial axis of a convolution in tiles of a transform's length. Where the whole input with the padding of one side fits, one tile is cyclic: positions behind its end are those before its begin
/// (both paddings then share zeros). Otherwise tiles overlap by the kernel's reach, and the results that wrapped around are dropped ("overlap-save", T. G. Stockham, "High-speed convolution and
/// correlation", 1966).
/// </summary>
/// <param name="Outputs">Results of a tile that count.</param>
/// <param name="Tiles">Tiles along the axis.</param>
internal sealed record FourierAxis(PatchAxis Axis, int Length, int Outputs, int Tiles, bool IsCyclic)
{
    private const int MostTiles = 1 << 24;

    public int Reach => ReachOf(Axis);

    /// <summary>Null if the length is too short for any result.</summary>
    public static FourierAxis? Of(PatchAxis axis, int length)
    {
        long input = axis.Input!.Value, output = axis.Output!.Value, reach = ReachOf(axis), padEnd = output - 1 + reach - input - axis.PadBegin;
        if (length >= Math.Max(input + Math.Max(axis.PadBegin, padEnd), Math.Max(output, reach)))
        {
            return new(axis, length, (int)output, 1, true);
        }

        long outputs = length - reach + 1;
        return outputs < 1 || (output + outputs - 1) / outputs > MostTiles ? null : new(axis, length, (int)outputs, (int)((output + outputs - 1) / outputs), false);
    }

    /// <summary>The input position at a position of a tile; −1 for padding.</summary>
    public long InputAt(long tile, int position)
    {
        long at = (tile * Outputs) - Axis.PadBegin + position;
        return at >= 0 && at < Axis.Input ? at : IsCyclic && at + Length is var wrapped && wrapped >= 0 && wrapped < Axis.Input ? wrapped : -1;
    }

    /// <summary>Results of a tile.</summary>
    public int OutputsOf(long tile) => (int)Math.Min(Outputs, Axis.Output!.Value - (tile * Outputs));

    /// <summary>Positions of a tile that may hold input.</summary>
    public int Occupied => (int)Math.Min(Length, Axis.Input!.Value);

    private static int ReachOf(PatchAxis axis) => ((axis.Kernel - 1) * axis.Dilation) + 1;
}
