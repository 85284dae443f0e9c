using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Tests.Operators.Convolution;

/// <summary>Random window parameters, and the direct loops that the kernels must agree with.</summary>
internal sealed record WindowCase(int Rank, long[] Input, long[] Kernel, long[] Strides, long[] Dilations, long[] Pads, AutoPad AutoPad, bool Ceil)
{
    public WindowAttributes Window => new(AutoPad, Ints.Create(Dilations), AutoPad == AutoPad.NotSet ? Ints.Create(Pads) : default, Ints.Create(Strides), Ceil);

    public static WindowCase Create(Random random, bool ceil = false)
    {
        int rank = random.Next(1, 4);
        long[] kernel = Draw(1, 4), dilations = Draw(1, 3);
        long[] input = [.. Enumerable.Range(0, rank).Select(i => ((kernel[i] - 1) * dilations[i]) + random.Next(1, 8))];
        // Padding narrower than the kernel, as pooling libraries ask for it.
        long[] pads = [.. Enumerable.Range(0, 2 * rank).Select(i => (long)random.Next(0, (int)kernel[i % rank]))];
        return new(rank, input, kernel, Draw(1, 4), dilations, pads, (AutoPad)random.Next(0, 4), ceil && random.Next(2) == 0);

        long[] Draw(int from, int to) => [.. Enumerable.Range(0, rank).Select(_ => (long)random.Next(from, to))];
    }

    /// <summary>Output extent and beginning pad, written down independently: windows are counted, not computed.</summary>
    public (int[] Output, int[] Begin, int[] End) Extents()
    {
        int[] output = new int[Rank], begin = new int[Rank], end = new int[Rank];
        for (int i = 0; i < Rank; i++)
        {
            int extent = (int)(((Kernel[i] - 1) * Dilations[i]) + 1), stride = (int)Strides[i], input = (int)Input[i];
            if (AutoPad is AutoPad.SameUpper or AutoPad.SameLower)
            {
                output[i] = (input + stride - 1) / stride;
                int total = Math.Max(0, ((output[i] - 1) * stride) + extent - input);
                begin[i] = AutoPad == AutoPad.SameUpper ? total / 2 : total - (total / 2);
                end[i] = total - begin[i];
                continue;
            }

            (begin[i], end[i]) = AutoPad == AutoPad.Valid ? (0, 0) : ((int)Pads[i], (int)Pads[i + Rank]);
            for (int start = 0; ; start += stride)
            {
                bool fits = start + extent <= input + begin[i] + end[i];
                bool hangsOver = Ceil && AutoPad == AutoPad.NotSet && start < input + begin[i] && start - stride + extent < input + begin[i] + end[i];
                if (!fits && !hangsOver)
                {
                    break;
                }

                output[i]++;
            }
        }

        return (output, begin, end);
    }

    /// <summary>Calls <paramref name="visit"/> with flat output, kernel and input positions of every pair; the input position is -1 in the padding and -2 beyond it.</summary>
    public void Visit(Action<int, int, int> visit)
    {
        (int[] output, int[] begin, int[] end) = Extents();
        int outputs = output.Aggregate(1, (a, b) => a * b), taps = (int)Kernel.Aggregate(1L, (a, b) => a * b);
        for (int o = 0; o < outputs; o++)
        {
            for (int k = 0; k < taps; k++)
            {
                int flat = 0, stride = 1, restO = o, restK = k;
                bool padding = false, beyond = false;
                for (int axis = Rank - 1; axis >= 0; axis--)
                {
                    int at = (restO % output[axis] * (int)Strides[axis]) - begin[axis] + (restK % (int)Kernel[axis] * (int)Dilations[axis]);
                    restO /= output[axis];
                    restK /= (int)Kernel[axis];
                    padding |= at < 0 || at >= Input[axis];
                    beyond |= at >= Input[axis] + end[axis];
                    flat += at * stride;
                    stride *= (int)Input[axis];
                }

                visit(o, k, beyond ? -2 : padding ? -1 : flat);
            }
        }
    }
}
