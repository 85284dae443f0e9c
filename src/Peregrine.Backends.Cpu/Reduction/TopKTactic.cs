using System.Numerics;
using System.Runtime.CompilerServices;
using Peregrine.Backends.Cpu.Movement;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.Diagnostics;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Reduction;

/// <summary>TopK of row-major float32 for a constant K that is small enough to be kept in order by insertion.</summary>
internal sealed class TopKTactic : ITactic
{
    private const long MostKept = 256;
    private const double ElementsPerSecond = 1e9;

    public TacticId Id { get; } = new("cpu.top-k", 1);

    public Verdict Consider(KernelRequest request, DeviceProfile device)
    {
        if (request is not { Anchor: TopK, Inputs: [var input, var kept], Epilogue: null })
        {
            return new Verdict.Decline("is made for another operator");
        }

        if (input.Type != DataType.Float32 || request.Inputs.Concat(request.Outputs).Any(o => !o.Layout.IsRowMajor))
        {
            return new Verdict.Decline("takes row-major float32 only");
        }

        KernelOperand result = request.Outputs.First(o => o.Role != OperandRole.Absent);
        int axis = AxisOf(request);
        if (kept.Contents is null || !result.Dims[axis].IsStatic || result.Dims[axis].Max > MostKept)
        {
            return new Verdict.Decline($"needs a constant K of at most {MostKept}");
        }

        Verdict.Accept accept = MovementRequests.Accept(device, MovementRequests.Bytes(input), axis == input.Dims.Count - 1 ? MovementRequests.Streaming : MovementRequests.Strided / 4);
        return accept with { EstimatedCost = accept.EstimatedCost + (MovementRequests.Elements(input) / (ElementsPerSecond * device.Parallelism)) };
    }

    public IKernel Compile(KernelRequest request, TacticOption option)
    {
        int axis = AxisOf(request);
        return new TopKKernel(axis, (int)request.Outputs.First(o => o.Role != OperandRole.Absent).Dims[axis].Min, ((TopK)request.Anchor!).Largest);
    }

    private static int AxisOf(KernelRequest request) => Axes.Normalise(((TopK)request.Anchor!).Axis, request.Inputs[0].Dims.Count);
}

/// <summary>A unit is one slice. Of equal elements the first comes first, and NaN counts as larger than any number.</summary>
internal sealed unsafe class TopKKernel(int axis, int count, bool isLargest) : ICpuKernel
{
    private const long TileElements = 8 << 10;

    public int TileCount(in KernelArguments arguments, int phase)
    {
        (long slices, long extent, _) = Of(arguments);
        return count == 0 ? 0 : (int)((slices + PerTile(slices, extent) - 1) / PerTile(slices, extent));
    }

    public void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker)
    {
        (long slices, long extent, long step) = Of(arguments);
        if (count > extent)
        {
            throw new ModelException(Diagnostic.Error("PG2524", $"TopK \"{arguments.Step.Name}\": K must be one number in [0, {extent}]."));
        }

        float* input = (float*)arguments.Input(0), values = (float*)arguments.Output(0), best = stackalloc float[count];
        long* indices = arguments.Step.Outputs.Count > 1 ? (long*)arguments.Output(1) : null, places = stackalloc long[count];
        long end = Math.Min(tiles.End * PerTile(slices, extent), slices);
        for (long slice = tiles.Begin * PerTile(slices, extent); slice < end; slice++)
        {
            (long outer, long inner) = Math.DivRem(slice, step);
            Select(input + (outer * extent * step) + inner, extent, step, best, places);
            long target = (outer * count * step) + inner;
            for (int i = 0; i < count; i++)
            {
                if (values != null)
                {
                    values[target + (i * step)] = best[i];
                }

                if (indices != null)
                {
                    indices[target + (i * step)] = places[i];
                }
            }
        }
    }

    private static long PerTile(long slices, long extent) => Math.Max(Math.Max(1, TileElements / Math.Max(1, extent)), slices >> 20);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Select(float* x, long extent, long step, float* best, long* places)
    {
        int filled = 0, width = Vector<float>.Count;
        for (long i = 0; i < extent; i++)
        {
            if (filled == count && step == 1)
            {
                // Whole vectors without an element that beats the worst of the best; NaN compares false and is looked at.
                Vector<float> worst = new(best[count - 1]);
                while (i + width <= extent && (isLargest ? Vector.LessThanOrEqualAll(*(Vector<float>*)(x + i), worst) : Vector.GreaterThanOrEqualAll(*(Vector<float>*)(x + i), worst)))
                {
                    i += width;
                }

                if (i == extent)
                {
                    return;
                }
            }

            float candidate = x[i * step];
            if (filled == count && !Precedes(candidate, best[count - 1]))
            {
                continue;
            }

            int hole = filled < count ? filled++ : count - 1;
            for (; hole > 0 && Precedes(candidate, best[hole - 1]); hole--)
            {
                best[hole] = best[hole - 1];
                places[hole] = places[hole - 1];
            }

            best[hole] = candidate;
            places[hole] = i;
        }
    }

    /// <summary>Whether a later element comes before an earlier one.</summary>
    private bool Precedes(float candidate, float other) => float.IsNaN(candidate) || float.IsNaN(other)
        ? float.IsNaN(candidate) != float.IsNaN(other) && float.IsNaN(candidate) == isLargest
        : isLargest ? candidate > other : candidate < other;

    private (long Slices, long Extent, long Step) Of(in KernelArguments arguments)
    {
        ReadOnlySpan<long> dims = arguments.InputDims(0);
        long inner = Tensor.CountElements(dims[(axis + 1)..]);
        return (Tensor.CountElements(dims[..axis]) * inner, dims[axis], inner);
    }
}
