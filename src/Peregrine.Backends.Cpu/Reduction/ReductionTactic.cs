using Peregrine.Backends.Cpu.Movement;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Reduction;

/// <summary>ReduceSum, -Mean, -Max, -Min, -L1, -L2, -SumSquare and -LogSum of float32 over any axes, on any mixture of row-major and channels-last.</summary>
internal sealed class ReductionTactic : ITactic
{
    public TacticId Id { get; } = new("cpu.reduce", 1);

    public Verdict Consider(KernelRequest request, DeviceProfile device)
    {
        if (request is not { Anchor: Operators.Reduction reduction, Outputs: [var output], Epilogue: null } || Kernel(request, reduction) is null)
        {
            return new Verdict.Decline("is made for other operators");
        }

        KernelOperand input = request.Inputs[0];
        if (input.Type != DataType.Float32)
        {
            return new Verdict.Decline($"takes no {input.Type.Name()}");
        }

        if (!MovementRequests.IsPlain(input.Layout) || !MovementRequests.IsPlain(output.Layout) || output.Layout.InnerStride > 0)
        {
            return new Verdict.Decline("knows no blocks and no halo, and leaves no room between results");
        }

        // A short innermost run that is reduced, or few lanes, fill no vector.
        KernelDim inner = input.Dims.Count == 0 ? KernelDim.Static(1) : input.Layout.IsRowMajor ? input.Dims[^1] : input.Dims[1];
        return MovementRequests.Accept(device, MovementRequests.Bytes(input) + MovementRequests.Bytes(output), inner.Max < 16 ? MovementRequests.Strided / 4 : MovementRequests.Streaming);
    }

    public IKernel Compile(KernelRequest request, TacticOption option) => Kernel(request, (Operators.Reduction)request.Anchor!)!;

    private static ICpuKernel? Kernel(KernelRequest request, Operators.Reduction reduction) => reduction switch
    {
        ReduceSum => Of<Summation>(request, reduction),
        ReduceMean => Of<Averaging>(request, reduction),
        ReduceMax => Of<Maximum>(request, reduction),
        ReduceMin => Of<Minimum>(request, reduction),
        ReduceL1 => Of<AbsoluteSummation>(request, reduction),
        ReduceL2 => Of<EuclideanNorm>(request, reduction),
        ReduceSumSquare => Of<SquareSummation>(request, reduction),
        ReduceLogSum => Of<SumLogarithm>(request, reduction),
        _ => null,
    };

    private static ReductionKernel<TReduction> Of<TReduction>(KernelRequest request, Operators.Reduction reduction) where TReduction : struct, IReduction =>
        new(request, reduction.KeepDims, reduction.NoopWithEmptyAxes);
}
