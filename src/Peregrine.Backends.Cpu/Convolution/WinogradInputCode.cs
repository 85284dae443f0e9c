using Peregrine.Backends.Cpu.Generation;
using Peregrine.CodeGen.X64;

namespace Peregrine.Backends.Cpu.Convolution;

/// <summary>
/// Code that transforms the patches of tiles side by side in one row of tiles: Bᵀ d B for all channels, from channels-last pixels into one row of floats per product. A row of the patch outside
/// of the image is a row of zeros that the caller points to; columns outside are known to the code.
/// </summary>
/// <param name="Channels">Floats of a pixel that are read.</param>
/// <param name="PixelBytes">From input pixel to input pixel.</param>
/// <param name="FirstColumn">The first column of the patch inside the image.</param>
/// <param name="EndColumn">The column after the last inside.</param>
/// <param name="ProductBytes">From the target of one product to that of the next.</param>
/// <param name="TileBytes">From the target of one tile to that of the next.</param>
internal sealed record WinogradInputCode(WinogradTile Tile, int Channels, int PixelBytes, int FirstColumn, int EndColumn, int ProductBytes, int TileBytes)
{
    /// <summary>Where the arguments stand in the block; the pointers to the patch's rows follow.</summary>
    public const int Target = 0, Tiles = 1, FirstRow = 2;

    public CompiledCode Compile(GeneratorTarget target) => target.Compile(this, () => Build(target.Lanes));

    private KernelProgram Build(int lanes)
    {
        KernelBuilder p = new($"winograd-input-{Tile}", lanes, ArgumentPassing.Block);
        VReg target = p.Argument("target", ArgumentKind.WritePointer), tiles = p.Argument("tiles", ArgumentKind.Integer);
        VReg[] rows = [.. Enumerable.Range(0, Tile.Vertical.Patch).Select(i => p.Argument($"row {i}", ArgumentKind.ReadPointer))];
        int whole = Channels / lanes, vectorBytes = p.VectorBytes;
        p.Loop(tiles, 1, () =>
        {
            // One offset stands for the position in all rows and in the target.
            VReg at = p.Integer(0);
            p.Loop(whole, () =>
            {
                EmitVector(p, rows, target, at);
                p.AddTo(at, vectorBytes);
            });
            if (Channels % lanes > 0)
            {
                p.Masked(p.TailMask(Channels % lanes), () => EmitVector(p, rows, target, at));
            }

            p.Advance(Tile.Size * Tile.HorizontalStride * PixelBytes, rows);
            p.AddTo(target, TileBytes);
        });
        return p.Build();
    }

    private void EmitVector(KernelBuilder p, VReg[] rows, VReg target, VReg at)
    {
        foreach (int[] made in Tile.Vertical.InputPoints)
        {
            VReg[][] columns = new VReg[Tile.Horizontal.Patch][];
            for (int column = 0; column < columns.Length; column++)
            {
                int offset = column * PixelBytes;
                columns[column] = column >= FirstColumn && column < EndColumn
                    ? Tile.Vertical.InputColumn(p, made, row => p.Load(new MemoryOperand(rows[row], offset, at)))
                    : [.. made.Select(_ => p.Constant(0))];
            }

            for (int i = 0; i < made.Length; i++)
            {
                int product = made[i] * Tile.Horizontal.Points;
                foreach (VReg result in Tile.Horizontal.InputRow(p, [.. columns.Select(c => c[i])]))
                {
                    p.Store(new MemoryOperand(target, checked(product++ * ProductBytes), at), result);
                }
            }
        }
    }
}
