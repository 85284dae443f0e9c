using Peregrine.Backends.Cpu.Movement;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Normalization;

/// <summary>Softmax and LogSoftmax on float32: along any axis of row-major tensors, and over the channels of channels-last ones.</summary>
internal sealed class SoftmaxTactic : ITactic
{
    private const double ExponentialsPerSecond = 1.5e9;

    public TacticId Id { get; } = new("cpu.softmax", 1);

    public Verdict Consider(KernelRequest request, DeviceProfile device)
    {
        if (request is not { Anchor: Softmax or LogSoftmax, Inputs: [var input], Outputs: [var output], Epilogue: null })
        {
            return new Verdict.Decline("is made for another operator");
        }

        if (input.Type != DataType.Float32)
        {
            return new Verdict.Decline($"takes no {input.Type.Name()}");
        }

        if (input.Layout != output.Layout)
        {
            return new Verdict.Decline("input and output must have the same layout");
        }

        if (!input.Layout.IsRowMajor && (!MovementRequests.IsChannelsLast(input) || AxisOf(request) != 1))
        {
            return new Verdict.Decline("of channels-last it takes the channels only");
        }

        Verdict.Accept accept = MovementRequests.Accept(device, 2 * MovementRequests.Bytes(output));
        return accept with { EstimatedCost = accept.EstimatedCost + (MovementRequests.Elements(output) / (ExponentialsPerSecond * device.Parallelism)) };
    }

    public IKernel Compile(KernelRequest request, TacticOption option)
    {
        int axis = AxisOf(request);
        bool isLogarithm = request.Anchor is LogSoftmax;
        return !request.Inputs[0].Layout.IsRowMajor || axis >= request.Inputs[0].Dims.Count - 1
            ? new SoftmaxRows(request.Inputs[0].Layout, isLogarithm)
            : new SoftmaxColumns(axis, isLogarithm);
    }

    private static int AxisOf(KernelRequest request) => Axes.Normalise(((AxisNormalization)request.Anchor!).Axis, request.Inputs[0].Dims.Count);
}
