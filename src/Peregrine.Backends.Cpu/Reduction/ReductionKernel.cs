using System.Numerics;
using System.Runtime.CompilerServices;
using Peregrine.Backends.Cpu.Movement;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Reduction;

/// <summary>Runs a <see cref="ReductionPlan"/>.</summary>
internal sealed unsafe class ReductionKernel<TReduction>(KernelRequest request, bool keepsDims, bool noAxesMeanNone) : ICpuKernel where TReduction : struct, IReduction
{
    // Elements per lane that are combined in single precision.
    private const int Stretch = 64;

    public int TileCount(in KernelArguments arguments, int phase) => Of(arguments).TileCount;

    public void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker)
    {
        ReductionPlan plan = Of(arguments);
        float* input = (float*)arguments.Input(0), output = (float*)arguments.Output(0);
        long end = Math.Min(tiles.End * plan.UnitsPerTile, plan.Units);
        for (long unit = tiles.Begin * plan.UnitsPerTile; unit < end; unit++)
        {
            (long rest, long block) = Math.DivRem(unit, plan.LaneBlocks);
            float* source = input, target = output;
            for (int i = plan.Kept.Length - 1; i >= 0; i--)
            {
                (rest, long index) = Math.DivRem(rest, plan.Kept[i].Extent);
                source += index * plan.Kept[i].Source;
                target += index * plan.Kept[i].Target;
            }

            if (plan.Lanes == 0)
            {
                *target = Finish(plan, Total(plan, source), source);
            }
            else
            {
                long first = block * ReductionPlan.LaneBlock;
                Lanes(plan, source + first, target + (first * plan.LaneStep), (int)Math.Min(ReductionPlan.LaneBlock, plan.Lanes - first));
            }
        }
    }

    private static float Finish(ReductionPlan plan, double total, float* source)
    {
        // Squares of large or small elements have no place in single precision.
        if (TReduction.IsDelicate && plan.Count > 0 && !(total is > 1e-30 and < 1e38))
        {
            total = TReduction.Neutral;
            for (long row = 0; row < plan.Rows; row++)
            {
                float* x = source + Offset(plan, row);
                for (long i = 0; i < plan.Run; i++)
                {
                    total = TReduction.Combine(total, TReduction.Map((double)x[i]));
                }
            }
        }

        return (float)TReduction.Finish(total, plan.Count);
    }

    private static double Total(ReductionPlan plan, float* source)
    {
        double total = TReduction.Neutral;
        for (long row = 0; row < plan.Rows; row++)
        {
            total = TReduction.Combine(total, Row(source + Offset(plan, row), plan.Run));
        }

        return total;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Row(float* x, long count)
    {
        int width = Vector<float>.Count;
        Vector<float> neutral = new(TReduction.Neutral);
        double total = TReduction.Neutral;
        long i = 0;
        while (i + (4 * width) <= count)
        {
            Vector<float> a = neutral, b = neutral, c = neutral, d = neutral;
            for (long end = Math.Min(count, i + (4 * Stretch * width)); i + (4 * width) <= end; i += 4 * width)
            {
                a = TReduction.Combine(a, TReduction.Map(*(Vector<float>*)(x + i)));
                b = TReduction.Combine(b, TReduction.Map(*(Vector<float>*)(x + i + width)));
                c = TReduction.Combine(c, TReduction.Map(*(Vector<float>*)(x + i + (2 * width))));
                d = TReduction.Combine(d, TReduction.Map(*(Vector<float>*)(x + i + (3 * width))));
            }

            total = Across(TReduction.Combine(TReduction.Combine(a, b), TReduction.Combine(c, d)), total);
        }

        if (i + width <= count)
        {
            Vector<float> a = neutral;
            for (; i + width <= count; i += width)
            {
                a = TReduction.Combine(a, TReduction.Map(*(Vector<float>*)(x + i)));
            }

            total = Across(a, total);
        }

        for (; i < count; i++)
        {
            total = TReduction.Combine(total, TReduction.Map((double)x[i]));
        }

        return total;
    }

    private static double Across(Vector<float> lanes, double total)
    {
        for (int lane = 0; lane < Vector<float>.Count; lane++)
        {
            total = TReduction.Combine(total, lanes[lane]);
        }

        return total;
    }

    private static void Lanes(ReductionPlan plan, float* source, float* target, int count)
    {
        int width = Vector<float>.Count, lane = 0;
        double* totals = stackalloc double[4 * width];
        for (; lane + (4 * width) <= count; lane += 4 * width)
        {
            Four(plan, source + lane, totals);
            Store(plan, source + lane, totals, target + (lane * plan.LaneStep), 4 * width);
        }

        for (; lane + width <= count; lane += width)
        {
            One(plan, source + lane, totals);
            Store(plan, source + lane, totals, target + (lane * plan.LaneStep), width);
        }

        for (; lane < count; lane++)
        {
            double total = TReduction.Neutral;
            for (long row = 0; row < plan.Rows; row++)
            {
                total = TReduction.Combine(total, TReduction.Map((double)source[Offset(plan, row) + lane]));
            }

            target[lane * plan.LaneStep] = Finish(plan, total, source + lane);
        }
    }

    private static void Store(ReductionPlan plan, float* source, double* totals, float* target, int count)
    {
        for (int i = 0; i < count; i++)
        {
            target[i * plan.LaneStep] = Finish(plan, totals[i], source + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(ReductionPlan plan, float* source, double* totals)
    {
        int width = Vector<float>.Count;
        new Span<double>(totals, 4 * width).Fill(TReduction.Neutral);
        Vector<float> neutral = new(TReduction.Neutral);
        Vector<float> a = neutral, b = neutral, c = neutral, d = neutral;
        (long extent, long step) = plan.Reduced.Length == 0 ? (1, 0) : (plan.Reduced[^1].Extent, plan.Reduced[^1].Source);
        int left = Stretch;
        for (long row = 0; row < plan.Rows; row += extent)
        {
            float* at = source + Offset(plan, row);
            for (long i = 0; i < extent; i++, at += step)
            {
                a = TReduction.Combine(a, TReduction.Map(*(Vector<float>*)at));
                b = TReduction.Combine(b, TReduction.Map(*(Vector<float>*)(at + width)));
                c = TReduction.Combine(c, TReduction.Map(*(Vector<float>*)(at + (2 * width))));
                d = TReduction.Combine(d, TReduction.Map(*(Vector<float>*)(at + (3 * width))));
                if (--left == 0)
                {
                    Flush(a, totals);
                    Flush(b, totals + width);
                    Flush(c, totals + (2 * width));
                    Flush(d, totals + (3 * width));
                    a = b = c = d = neutral;
                    left = Stretch;
                }
            }
        }

        Flush(a, totals);
        Flush(b, totals + width);
        Flush(c, totals + (2 * width));
        Flush(d, totals + (3 * width));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One(ReductionPlan plan, float* source, double* totals)
    {
        new Span<double>(totals, Vector<float>.Count).Fill(TReduction.Neutral);
        Vector<float> neutral = new(TReduction.Neutral), a = neutral;
        (long extent, long step) = plan.Reduced.Length == 0 ? (1, 0) : (plan.Reduced[^1].Extent, plan.Reduced[^1].Source);
        int left = Stretch;
        for (long row = 0; row < plan.Rows; row += extent)
        {
            float* at = source + Offset(plan, row);
            for (long i = 0; i < extent; i++, at += step)
            {
                a = TReduction.Combine(a, TReduction.Map(*(Vector<float>*)at));
                if (--left == 0)
                {
                    Flush(a, totals);
                    a = neutral;
                    left = Stretch;
                }
            }
        }

        Flush(a, totals);
    }

    private static void Flush(Vector<float> lanes, double* totals)
    {
        for (int i = 0; i < Vector<float>.Count; i++)
        {
            totals[i] = TReduction.Combine(totals[i], lanes[i]);
        }
    }

    /// <summary>Where turn <paramref name="row"/> of the reduced loops is.</summary>
    private static long Offset(ReductionPlan plan, long row)
    {
        long offset = 0;
        for (int i = plan.Reduced.Length - 1; i >= 0; i--)
        {
            (row, long index) = Math.DivRem(row, plan.Reduced[i].Extent);
            offset += index * plan.Reduced[i].Source;
        }

        return offset;
    }

    private ReductionPlan Of(in KernelArguments arguments) =>
        PreparedCall<ReductionPlan>.Of(arguments, [1], (request, keepsDims, noAxesMeanNone), static (in KernelArguments a, (KernelRequest Request, bool KeepsDims, bool NoAxesMeanNone) s) =>
        {
            StoredTensor input = StoredTensor.Of(a.InputDims(0), s.Request.Inputs[0].Layout), output = StoredTensor.Of(a.OutputDims(0), s.Request.Outputs[0].Layout);
            long[] axes = SteeringValues.Of(a, 1) ?? [];
            bool[] reduced = new bool[input.Dims.Length];
            Array.Fill(reduced, axes.Length == 0 && !s.NoAxesMeanNone);
            foreach (long axis in axes)
            {
                reduced[Axes.Normalise(axis, reduced.Length)] = true;
            }

            return new(input, output, reduced, s.KeepsDims);
        });
}
