using System.Numerics;
using System.Runtime.CompilerServices;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Normalization;

/// <summary>Softmax along an axis that is not the last: several neighbouring columns at a time, in blocks whose lines are cache lines.</summary>
internal sealed unsafe class SoftmaxColumns(int axis, bool isLogarithm) : ICpuKernel
{
    // Columns of a unit; their maxima and sums fit on the stack.
    private const int Block = 64;

    public int TileCount(in KernelArguments arguments, int phase)
    {
        (long outer, long extent, long inner) = Of(arguments);
        return extent == 0 ? 0 : checked((int)(outer * ((inner + Block - 1) / Block)));
    }

    public void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker)
    {
        (_, long extent, long inner) = Of(arguments);
        long blocks = (inner + Block - 1) / Block;
        float* input = (float*)arguments.Input(0), output = (float*)arguments.Output(0);
        for (int tile = tiles.Begin; tile < tiles.End; tile++)
        {
            (long at, long block) = Math.DivRem(tile, blocks);
            long start = (at * extent * inner) + (block * Block);
            int columns = (int)Math.Min(Block, inner - (block * Block));
            int width = Vector<float>.Count, column = 0;
            for (; column + width <= columns; column += width)
            {
                Columns(input + start + column, output + start + column, extent, inner);
            }

            for (; column < columns; column++)
            {
                Column(input + start + column, output + start + column, extent, inner);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Columns(float* x, float* y, long extent, long step)
    {
        const int Stretch = 64;
        Vector<float> largest = new(float.NegativeInfinity), total = Vector<float>.Zero;
        for (long i = 0; i < extent; i++)
        {
            largest = Vector.Max(largest, *(Vector<float>*)(x + (i * step)));
        }

        for (long i = 0; i < extent;)
        {
            Vector<float> sum = Vector<float>.Zero;
            for (long end = Math.Min(extent, i + Stretch); i < end; i++)
            {
                Vector<float> difference = *(Vector<float>*)(x + (i * step)) - largest, power = VectorExp.Of(difference);
                *(Vector<float>*)(y + (i * step)) = isLogarithm ? difference : power;
                sum += power;
            }

            total += sum;
        }

        Vector<float> factor = Vector<float>.One, summand = Vector<float>.Zero;
        if (isLogarithm)
        {
            float* logs = stackalloc float[Vector<float>.Count];
            for (int lane = 0; lane < Vector<float>.Count; lane++)
            {
                logs[lane] = (float)-Math.Log(total[lane]);
            }

            summand = *(Vector<float>*)logs;
        }
        else
        {
            factor = Vector<float>.One / total;
        }

        for (long i = 0; i < extent; i++)
        {
            *(Vector<float>*)(y + (i * step)) = (*(Vector<float>*)(y + (i * step)) * factor) + summand;
        }
    }

    private void Column(float* x, float* y, long extent, long step)
    {
        float largest = float.NegativeInfinity;
        for (long i = 0; i < extent; i++)
        {
            largest = MathF.Max(largest, x[i * step]);
        }

        double sum = 0;
        for (long i = 0; i < extent; i++)
        {
            float difference = x[i * step] - largest, power = MathF.Exp(difference);
            y[i * step] = isLogarithm ? difference : power;
            sum += power;
        }

        double log = Math.Log(sum);
        for (long i = 0; i < extent; i++)
        {
            y[i * step] = isLogarithm ? (float)(y[i * step] - log) : (float)(y[i * step] / sum);
        }
    }

    private (long Outer, long Extent, long Inner) Of(in KernelArguments arguments)
    {
        ReadOnlySpan<long> dims = arguments.InputDims(0);
        return (Tensor.CountElements(dims[..axis]), dims[axis], Tensor.CountElements(dims[(axis + 1)..]));
    }
}
