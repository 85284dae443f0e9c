using Peregrine.Backends.Cpu.Movement;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Normalization;

/// <summary>GroupNormalization and InstanceNormalization of float32, row-major or channels-last.</summary>
internal sealed class GroupNormalizationTactic : ITactic
{
    public TacticId Id { get; } = new("cpu.group-normalization", 1);

    public Verdict Consider(KernelRequest request, DeviceProfile device)
    {
        if (request is not { Anchor: GroupNormalization or InstanceNormalization, Epilogue: null })
        {
            return new Verdict.Decline("is made for another operator");
        }

        if (request.Inputs.Concat(request.Outputs).FirstOrDefault(o => o.Type != DataType.Float32) is { } operand)
        {
            return new Verdict.Decline($"takes float32 only, not {operand}");
        }

        KernelOperand input = request.Inputs[0], output = request.Outputs[0];
        if (input.Layout.IsRowMajor && output.Layout.IsRowMajor)
        {
            return MovementRequests.Accept(device, 4 * MovementRequests.Bytes(input));
        }

        return MovementRequests.IsChannelsLast(input) && MovementRequests.IsChannelsLast(output)
            ? MovementRequests.Accept(device, 3.5 * MovementRequests.Bytes(input))
            : new Verdict.Decline("input and output must both be row-major or channels-last");
    }

    public IKernel Compile(KernelRequest request, TacticOption option)
    {
        (long? groups, float epsilon) = request.Anchor is GroupNormalization group ? (group.NumGroups, group.Epsilon) : ((long?)null, ((InstanceNormalization)request.Anchor!).Epsilon);
        return request.Inputs[0].Layout.IsRowMajor
            ? new GroupNormalizationKernel(groups, epsilon)
            : new ChannelsLastGroupNormalization(groups, epsilon, request.Inputs[0].Layout, request.Outputs[0].Layout);
    }
}

/// <summary>A tile is one group of channels of one instance: its mean, the mean square around it, and an affine map per channel.</summary>
/// <param name="groups">Groups of an instance; null for one per channel.</param>
internal sealed unsafe class GroupNormalizationKernel(long? groups, float epsilon) : ICpuKernel
{
    public int TileCount(in KernelArguments arguments, int phase)
    {
        ReadOnlySpan<long> dims = arguments.InputDims(0);
        return Tensor.CountElements(dims) == 0 ? 0 : checked((int)(dims[0] * (groups ?? dims[1])));
    }

    public void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker)
    {
        ReadOnlySpan<long> dims = arguments.InputDims(0);
        long count = groups ?? dims[1], channels = dims[1] / count, area = Tensor.CountElements(dims[2..]);
        float* input = (float*)arguments.Input(0), scale = (float*)arguments.Input(1), bias = (float*)arguments.Input(2), output = (float*)arguments.Output(0);
        for (int tile = tiles.Begin; tile < tiles.End; tile++)
        {
            float* x = input + (tile * channels * area), y = output + (tile * channels * area);
            float mean = (float)(FloatRows.Sum(x, channels * area, 0, squared: false) / (channels * area));
            double inverse = 1 / Math.Sqrt((FloatRows.Sum(x, channels * area, mean, squared: true) / (channels * area)) + epsilon);
            for (long channel = 0; channel < channels; channel++)
            {
                long own = (tile % count * channels) + channel;
                FloatRows.Affine(x + (channel * area), y + (channel * area), area, mean, (float)(inverse * scale[own]), bias[own]);
            }
        }
    }
}
