using Peregrine.Backends.Cpu.Products;

namespace Peregrine.Backends.Cpu.Convolution;

/// <summary>The tiles of one call, numbered row by row and image by image.</summary>
internal readonly record struct WinogradGrid(long Images, int Rows, int Columns)
{
    public long Tiles => Images * Rows * Columns;

    /// <summary>Tiles of a problem whose spatial extents are known.</summary>
    public static WinogradGrid Of(PatchProblem problem, int tile, long images) =>
        new(images, checked((int)((problem.Vertical.Output!.Value + tile - 1) / tile)), checked((int)((problem.Horizontal.Output!.Value + tile - 1) / tile)));
}
