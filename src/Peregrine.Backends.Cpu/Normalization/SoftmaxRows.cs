using Peregrine.Backends.Cpu.Workers;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Normalization;

/// <summary>Softmax of contiguous rows: the largest element, the exponentials and their sum, the quotients.</summary>
internal sealed unsafe class SoftmaxRows(Layout layout, bool isLogarithm) : ICpuKernel
{
    public int TileCount(in KernelArguments arguments, int phase) => Of(arguments).Tiles;

    public void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker)
    {
        RowTable table = Of(arguments);
        float* input = (float*)arguments.Input(0), output = (float*)arguments.Output(0);
        long end = Math.Min(tiles.End * table.PerTile, table.Rows);
        for (long row = tiles.Begin * table.PerTile; row < end; row++)
        {
            float* x = input + (row * table.Step), y = output + (row * table.Step);
            double sum = FloatRows.Exponentials(x, y, table.Length, FloatRows.Largest(x, table.Length), isLogarithm);
            if (isLogarithm)
            {
                FloatRows.Scale(y, table.Length, 1, (float)-Math.Log(sum));
            }
            else
            {
                FloatRows.Scale(y, table.Length, (float)(1 / sum), 0);
            }
        }
    }

    private RowTable Of(in KernelArguments arguments)
    {
        ReadOnlySpan<long> dims = arguments.InputDims(0);
        return layout.IsRowMajor ? RowTable.From(dims, Math.Max(0, dims.Length - 1)) : RowTable.Pixels(dims, layout);
    }
}
