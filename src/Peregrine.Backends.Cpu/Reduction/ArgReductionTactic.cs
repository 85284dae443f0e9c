using System.Numerics;
using System.Runtime.CompilerServices;
using Peregrine.Backends.Cpu.Movement;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Reduction;

/// <summary>ArgMax and ArgMin of float32 along any axis, on row-major tensors and over the channels of channels-last ones.</summary>
internal sealed class ArgReductionTactic : ITactic
{
    private const double ElementsPerSecond = 1e9;

    public TacticId Id { get; } = new("cpu.arg-reduce", 1);

    public Verdict Consider(KernelRequest request, DeviceProfile device)
    {
        if (request is not { Anchor: ArgReduction arg, Inputs: [var input], Outputs: [var output], Epilogue: null })
        {
            return new Verdict.Decline("is made for another operator");
        }

        if (input.Type != DataType.Float32 || !MovementRequests.IsPlain(input.Layout) || (!output.Layout.IsRowMajor && !MovementRequests.IsSameInBothLayouts(output)))
        {
            return new Verdict.Decline("takes float32 in row-major or channels-last, and gives row-major");
        }

        Verdict.Accept accept = MovementRequests.Accept(device, MovementRequests.Bytes(input));
        return accept with { EstimatedCost = accept.EstimatedCost + (MovementRequests.Elements(input) / (ElementsPerSecond * device.Parallelism)) };
    }

    public IKernel Compile(KernelRequest request, TacticOption option)
    {
        ArgReduction arg = (ArgReduction)request.Anchor!;
        return new ArgReductionKernel(Axes.Normalise(arg.Axis, request.Inputs[0].Dims.Count), arg is ArgMax, arg.SelectLastIndex, request.Inputs[0].Layout);
    }
}

/// <summary>A unit is one result. Contiguous slices find the extreme in vectors first, and then its place.</summary>
internal sealed unsafe class ArgReductionKernel(int axis, bool isLargest, bool takesLast, Layout layout) : ICpuKernel
{
    private const long TileElements = 8 << 10;

    public int TileCount(in KernelArguments arguments, int phase)
    {
        ReadOnlySpan<long> dims = arguments.InputDims(0);
        long results = Tensor.CountElements(dims[..axis]) * Tensor.CountElements(dims[(axis + 1)..]);
        return (int)((results + PerTile(dims[axis], results) - 1) / PerTile(dims[axis], results));
    }

    public void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker)
    {
        ReadOnlySpan<long> dims = arguments.InputDims(0);
        long[] strides = PreparedCall<StoredTensor>.Of(arguments, [], layout, static (in KernelArguments a, Layout l) => StoredTensor.Of(a.InputDims(0), l)).Strides;
        float* input = (float*)arguments.Input(0);
        long* output = (long*)arguments.Output(0);
        long extent = dims[axis], results = Tensor.CountElements(dims[..axis]) * Tensor.CountElements(dims[(axis + 1)..]), perTile = PerTile(extent, results), step = strides[axis];
        long end = Math.Min(tiles.End * perTile, results);
        for (long result = tiles.Begin * perTile; result < end; result++)
        {
            float* x = input;
            long rest = result;
            for (int i = dims.Length - 1; i >= 0; i--)
            {
                if (i != axis)
                {
                    (rest, long index) = Math.DivRem(rest, dims[i]);
                    x += index * strides[i];
                }
            }

            output[result] = step == 1 && extent >= 2 * Vector<float>.Count ? Place(x, extent, Extreme(x, extent)) : Search(x, extent, step);
        }
    }

    private static long PerTile(long extent, long results) => Math.Max(Math.Max(1, TileElements / Math.Max(1, extent)), results >> 20);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private float Extreme(float* x, long count)
    {
        int width = Vector<float>.Count;
        Vector<float> a = *(Vector<float>*)x;
        for (long i = width; i < count; i += width)
        {
            Vector<float> next = *(Vector<float>*)(x + Math.Min(i, count - width));
            a = isLargest ? Vector.Max(a, next) : Vector.Min(a, next);
        }

        float extreme = a[0];
        for (int lane = 1; lane < width; lane++)
        {
            extreme = isLargest ? MathF.Max(extreme, a[lane]) : MathF.Min(extreme, a[lane]);
        }

        return extreme;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private long Place(float* x, long count, float value)
    {
        for (long i = 0; i < count; i++)
        {
            long at = takesLast ? count - 1 - i : i;
            if (x[at] == value || (float.IsNaN(value) && float.IsNaN(x[at])))
            {
                return at;
            }
        }

        return 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private long Search(float* x, long extent, long step)
    {
        float best = x[0];
        long place = 0;
        for (long i = 1; i < extent; i++)
        {
            float candidate = x[i * step];
            bool replaces = float.IsNaN(best) || float.IsNaN(candidate)
                ? float.IsNaN(candidate) && (takesLast || !float.IsNaN(best))
                : (takesLast && candidate == best) || (isLargest ? candidate > best : candidate < best);
            if (replaces)
            {
                (best, place) = (candidate, i);
            }
        }

        return place;
    }
}
