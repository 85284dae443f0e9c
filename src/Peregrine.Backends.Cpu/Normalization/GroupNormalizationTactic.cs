using Peregrine.Backends.Cpu.Movement;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Normalization;

/// <summary>GroupNormalization and InstanceNormalization on row-major float32.</summary>
internal sealed class GroupNormalizationTactic : ITactic
{
    public TacticId Id { get; } = new("cpu.group-normalization", 1);

    public Verdict Consider(KernelRequest request, DeviceProfile device)
    {
        if (request is not { Anchor: GroupNormalization or InstanceNormalization, Epilogue: null })
        {
            return new Verdict.Decline("is made for another operator");
        }

        return request.Inputs.Concat(request.Outputs).FirstOrDefault(o => o.Type != DataType.Float32 || !o.Layout.IsRowMajor) is { } operand
            ? new Verdict.Decline($"takes row-major float32 only, not {operand}")
            : MovementRequests.Accept(device, 4 * MovementRequests.Bytes(request.Inputs[0]));
    }

    public IKernel Compile(KernelRequest request, TacticOption option) => request.Anchor is GroupNormalization group
        ? new GroupNormalizationKernel(group.NumGroups, group.Epsilon)
        : new GroupNormalizationKernel(null, ((InstanceNormalization)request.Anchor!).Epsilon);
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
