using Peregrine.Backends.Cpu.Generation;
using Peregrine.Backends.Cpu.Products;
using Peregrine.CodeGen.X64;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Convolution;

/// <summary>Code that turns the products of tiles side by side in one row of tiles into results: Aᵀ m A for a group of output channels, through the epilogue into channels-last pixels.</summary>
/// <param name="Vectors">Vectors of output channels.</param>
/// <param name="LastLanes">Channels in the last vector; the others are not written.</param>
/// <param name="Columns">Columns of the tiles inside the result; those of all tiles but the last of a row are.</param>
/// <param name="ProductBytes">From one product of a tile to the next.</param>
/// <param name="TileBytes">From the products of one tile to those of the next.</param>
/// <param name="OutputWidth">Pixels in a row of the result.</param>
/// <param name="OutputBytes">From output pixel to output pixel.</param>
/// <param name="Operands">Operands of the epilogue.</param>
/// <param name="Epilogue">Operand 0 is the convolution's result; null stores it as it is.</param>
internal sealed record WinogradOutputCode(
    WinogradTile Tile, int Vectors, int LastLanes, int Columns, int ProductBytes, int TileBytes, long OutputWidth, long OutputBytes, ValueList<OperandBinding> Operands, Expr? Epilogue)
{
    /// <summary>Where the arguments stand in the block; the operands' pointers follow.</summary>
    public const int Products = 0, Target = 1, Tiles = 2, Rows = 3, FirstOperand = 4;

    public CompiledCode Compile(GeneratorTarget target) => target.Compile(this, () => Build(target.Lanes));

    private KernelProgram Build(int lanes)
    {
        KernelBuilder p = new($"winograd-output-{Tile}", lanes, ArgumentPassing.Block);
        VReg products = p.Argument("products", ArgumentKind.ReadPointer), target = p.Argument("target", ArgumentKind.WritePointer);
        VReg tiles = p.Argument("tiles", ArgumentKind.Integer), rows = p.Argument("rows", ArgumentKind.Integer);
        VReg[] operands = [.. Operands.Select((_, i) => p.Argument($"operand {i + 1}", ArgumentKind.ReadPointer))];
        int whole = LastLanes == lanes ? Vectors : Vectors - 1, vectorBytes = p.VectorBytes;
        p.Loop(tiles, 1, () =>
        {
            p.Loop(whole, () =>
            {
                EmitVector(p, products, target, rows, operands);
                p.Advance(vectorBytes, products, target);
                for (int i = 0; i < operands.Length; i++)
                {
                    if (Operands[i].PerChannel)
                    {
                        p.AddTo(operands[i], vectorBytes);
                    }
                }
            });
            if (whole < Vectors)
            {
                p.Masked(p.TailMask(LastLanes), () => EmitVector(p, products, target, rows, operands));
            }

            p.AddTo(products, TileBytes - (whole * vectorBytes));
            p.AddTo(target, checked((int)((Tile.Size * OutputBytes) - (whole * vectorBytes))));
            for (int i = 0; i < operands.Length; i++)
            {
                p.AddTo(operands[i], checked((int)((Tile.Size * Operands[i].PixelStride * sizeof(float)) - (Operands[i].PerChannel ? whole * vectorBytes : 0))));
            }
        });
        return p.Build();
    }

    private void EmitVector(KernelBuilder p, VReg products, VReg target, VReg rows, VReg[] operands)
    {
        // What all pixels share is loaded once.
        VReg[] shared = [.. Operands.Select((o, i) => o.PixelStride == 0 ? LoadOperand(p, operands[i], o, 0) : default)];
        foreach (int[] made in Tile.Vertical.OutputElements)
        {
            void EmitRows()
            {
                VReg[][] columns = new VReg[Tile.Horizontal.Points][];
                for (int column = 0; column < columns.Length; column++)
                {
                    int at = column;
                    columns[column] = Tile.Vertical.OutputColumn(p, made, row => p.Load(new MemoryOperand(products, checked(((row * Tile.Horizontal.Points) + at) * ProductBytes))));
                }

                for (int i = 0; i < made.Length; i++)
                {
                    int row = made[i];
                    VReg[] sums = [.. columns.Select(c => c[i])];
                    When(p, rows, row, row > made[0], () => EmitRow(p, sums, row, target, operands, shared));
                }
            }

            When(p, rows, made[0], made[0] > 0, EmitRows);
        }
    }

    private static void When(KernelBuilder p, VReg rows, int row, bool isConditional, Action body)
    {
        if (isConditional)
        {
            p.When(rows, Condition.Greater, row, body);
        }
        else
        {
            body();
        }
    }

    private void EmitRow(KernelBuilder p, VReg[] sums, int row, VReg target, VReg[] operands, VReg[] shared)
    {
        VReg[] results = Tile.Horizontal.OutputRow(p, sums, Columns);
        for (int column = 0; column < Columns; column++)
        {
            long pixel = (row * OutputWidth) + column;
            VReg value = results[column];
            if (Epilogue is not null)
            {
                VReg result = value;
                value = EpilogueLowering.Apply(p, Epilogue, i => i == 0 ? result : shared[i - 1].IsValid ? shared[i - 1] : LoadOperand(p, operands[i - 1], Operands[i - 1], pixel * Operands[i - 1].PixelStride * sizeof(float)));
            }

            p.Store(new MemoryOperand(target, checked((int)(pixel * OutputBytes))), value);
        }
    }

    private static VReg LoadOperand(KernelBuilder p, VReg pointer, OperandBinding operand, long offset) =>
        operand.PerChannel ? p.Load(new MemoryOperand(pointer, checked((int)offset))) : p.LoadBroadcast(new MemoryOperand(pointer, checked((int)offset)));
}
