using System.Numerics;
using Peregrine.Backends.Cpu.Movement;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Pooling;

/// <summary>MaxPool (without indices), AveragePool, GlobalMaxPool and GlobalAveragePool in one to three spatial dimensions, row-major or channels-last.</summary>
internal sealed class PoolTactic : ITactic
{
    // Window elements that one worker combines per second, all in the cache: of pixels, and of lines.
    private const double PixelTapsPerSecond = 24e9;
    private const double LineTapsPerSecond = 4e9;

    public TacticId Id { get; } = new("cpu.pool", 2);

    public Verdict Consider(KernelRequest request, DeviceProfile device)
    {
        if (WindowOf(request.Anchor) is not { } window || request is not { Inputs: [var input], Epilogue: null })
        {
            return new Verdict.Decline("only takes pools by themselves");
        }

        if (request.Outputs is not [var output])
        {
            return request.Outputs[1].Role == OperandRole.Absent ? Consider(request with { Outputs = [request.Outputs[0]] }, device) : new Verdict.Decline("gives no indices");
        }

        bool isMax = request.Anchor is MaxPool or GlobalMaxPool;
        if (input.Type != DataType.Float32 && !(isMax && input.Type is DataType.Int8 or DataType.UInt8 or DataType.Float64))
        {
            return new Verdict.Decline($"takes no {input.Type}");
        }

        if (input.Dims.Count is < 3 or > 5)
        {
            return new Verdict.Decline("takes one to three spatial dimensions");
        }

        if (LayoutProblem(input, output) is { } problem)
        {
            return new Verdict.Decline(problem);
        }

        if (input.Layout.IsRowMajor && !RowMajorPool<float, MeanElement>.IsSmall(window))
        {
            return new Verdict.Decline("the window is too large for one line of it in the cache");
        }

        bool isLast = IsLast(request);
        double taps = window.Sliding is { } sliding
            ? MovementRequests.Elements(output) * (isLast ? sliding.KernelShape.Aggregate(1.0, (p, k) => p * k) : sliding.KernelShape.Sum(k => k) * window.Inner.Stride)
            : MovementRequests.Elements(input);
        Verdict.Accept accept = MovementRequests.Accept(device, MovementRequests.Bytes(input) + MovementRequests.Bytes(output));
        // A few channels fill no vector.
        double lanes = isLast && input.Dims[1].Max < 8 ? input.Dims[1].Max / 8.0 : 1;
        return accept with { EstimatedCost = accept.EstimatedCost + (taps / ((isLast ? PixelTapsPerSecond : window.Sliding is null ? 4 * LineTapsPerSecond : LineTapsPerSecond) * lanes * device.Parallelism)) };
    }

    public IKernel Compile(KernelRequest request, TacticOption option)
    {
        PoolWindow window = WindowOf(request.Anchor)!;
        return (request.Anchor, request.Inputs[0].Type) switch
        {
            (GlobalAveragePool, _) when IsLast(request) && IsLarge(request.Inputs[0]) => new GlobalMeanKernel(request),
            (AveragePool or GlobalAveragePool, _) => Kernel<float, MeanElement>(request, window),
            (_, DataType.Float32) => Kernel<float, LargestElement<float>>(request, window),
            (_, DataType.Float64) => Kernel<double, LargestElement<double>>(request, window),
            (_, DataType.Int8) => Kernel<sbyte, LargestElement<sbyte>>(request, window),
            _ => Kernel<byte, LargestElement<byte>>(request, window),
        };
    }

    private static ICpuKernel Kernel<T, TOperation>(KernelRequest request, PoolWindow window) where T : unmanaged, INumber<T> where TOperation : struct, IPoolOperation<T> =>
        IsLast(request) ? new ChannelsLastPool<T, TOperation>(request, window) : new RowMajorPool<T, TOperation>(window);

    /// <summary>Pixels of one channel are served as planes even if they are called channels-last.</summary>
    private static bool IsLast(KernelRequest request) => !request.Inputs[0].Layout.IsRowMajor;

    /// <summary>Whether an image may be too large for the second-level cache; below, two phases cost more than reading it in order gains.</summary>
    private static bool IsLarge(KernelOperand input)
    {
        const double Bytes = 2 << 20;
        return input.Dims.Skip(1).Aggregate((double)sizeof(float), (product, d) => product * d.Max) > Bytes;
    }

    private static PoolWindow? WindowOf(Operator? anchor) => anchor switch
    {
        MaxPool pool => new(pool, false),
        AveragePool pool => new(pool, pool.CountIncludePad),
        GlobalMaxPool or GlobalAveragePool => new(null, false),
        _ => null,
    };

    private static string? LayoutProblem(KernelOperand input, KernelOperand output)
    {
        if (input.Layout.IsRowMajor)
        {
            return output.Layout.IsRowMajor || MovementRequests.IsSameInBothLayouts(output) ? null : "input and output must have the same layout";
        }

        if (!MovementRequests.IsChannelsLast(input))
        {
            return "takes row-major and channels-last only";
        }

        return MovementRequests.IsChannelsLast(output) || (output.Layout.IsRowMajor && output.Dims.Skip(2).All(d => d is { Min: 1, Max: 1 })) ? null : "input and output must have the same layout";
    }
}
