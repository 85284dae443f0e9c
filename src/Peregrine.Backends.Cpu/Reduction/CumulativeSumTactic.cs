using System.Numerics;
using System.Runtime.CompilerServices;
using Peregrine.Backends.Cpu.Movement;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Reduction;

/// <summary>CumSum of row-major float32, int32 and int64 along a constant axis.</summary>
internal sealed class CumulativeSumTactic : ITactic
{
    private const double ElementsPerSecond = 0.5e9;

    public TacticId Id { get; } = new("cpu.cumulative-sum", 1);

    public Verdict Consider(KernelRequest request, DeviceProfile device)
    {
        if (request is not { Anchor: CumSum, Inputs: [var input, var axis], Outputs: [var output], Epilogue: null })
        {
            return new Verdict.Decline("is made for another operator");
        }

        if (axis.Contents is null || !input.Layout.IsRowMajor || !output.Layout.IsRowMajor || input.Type is not (DataType.Float32 or DataType.Int32 or DataType.Int64))
        {
            return new Verdict.Decline("takes row-major float32, int32 and int64 along a constant axis");
        }

        Verdict.Accept accept = MovementRequests.Accept(device, 2 * MovementRequests.Bytes(input));
        return accept with { EstimatedCost = accept.EstimatedCost + (MovementRequests.Elements(input) / (ElementsPerSecond * device.Parallelism)) };
    }

    public IKernel Compile(KernelRequest request, TacticOption option)
    {
        CumSum sum = (CumSum)request.Anchor!;
        Tensor axis = request.Inputs[1].Contents!;
        int at = Axes.Normalise(axis.Type == DataType.Int32 ? axis.Span<int>()[0] : axis.Span<long>()[0], request.Inputs[0].Dims.Count);
        return request.Inputs[0].Type switch
        {
            DataType.Float32 => new CumulativeSumKernel<float, double>(at, sum.Exclusive, sum.Reverse),
            DataType.Int32 => new CumulativeSumKernel<int, int>(at, sum.Exclusive, sum.Reverse),
            _ => new CumulativeSumKernel<long, long>(at, sum.Exclusive, sum.Reverse),
        };
    }
}

/// <summary>A tile is a block of neighbouring slices under one position of the axes in front. Sums are kept as TSum.</summary>
internal sealed unsafe class CumulativeSumKernel<T, TSum>(int axis, bool isExclusive, bool isReverse) : ICpuKernel
    where T : unmanaged, INumber<T>
    where TSum : unmanaged, INumber<TSum>
{
    private const int Block = 64;

    public int TileCount(in KernelArguments arguments, int phase)
    {
        (long outer, _, long inner) = Of(arguments);
        return checked((int)(outer * ((inner + Block - 1) / Block)));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker)
    {
        (_, long extent, long inner) = Of(arguments);
        long blocks = (inner + Block - 1) / Block, step = isReverse ? -inner : inner;
        TSum* sums = stackalloc TSum[Block];
        for (int tile = tiles.Begin; tile < tiles.End; tile++)
        {
            (long outer, long block) = Math.DivRem(tile, blocks);
            long start = (outer * extent * inner) + (block * Block) + (isReverse ? Math.Max(0, extent - 1) * inner : 0);
            T* x = (T*)arguments.Input(0) + start, y = (T*)arguments.Output(0) + start;
            int count = (int)Math.Min(Block, inner - (block * Block));
            new Span<TSum>(sums, count).Clear();
            for (long i = 0; i < extent; i++, x += step, y += step)
            {
                for (int slice = 0; slice < count; slice++)
                {
                    TSum before = sums[slice], sum = before + TSum.CreateTruncating(x[slice]);
                    sums[slice] = sum;
                    y[slice] = T.CreateTruncating(isExclusive ? before : sum);
                }
            }
        }
    }

    private (long Outer, long Extent, long Inner) Of(in KernelArguments arguments)
    {
        ReadOnlySpan<long> dims = arguments.InputDims(0);
        return (Tensor.CountElements(dims[..axis]), dims[axis], Tensor.CountElements(dims[(axis + 1)..]));
    }
}
