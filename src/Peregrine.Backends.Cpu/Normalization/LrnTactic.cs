using System.Numerics;
using System.Runtime.CompilerServices;
using Peregrine.Backends.Cpu.Movement;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Normalization;

/// <summary>LRN on row-major float32.</summary>
internal sealed class LrnTactic : ITactic
{
    private const double PowersPerSecond = 0.5e9;

    public TacticId Id { get; } = new("cpu.lrn", 1);

    public Verdict Consider(KernelRequest request, DeviceProfile device)
    {
        if (request is not { Anchor: LRN lrn, Inputs: [var input], Outputs: [var output], Epilogue: null })
        {
            return new Verdict.Decline("is made for another operator");
        }

        if (input.Type != DataType.Float32 || !input.Layout.IsRowMajor || !output.Layout.IsRowMajor)
        {
            return new Verdict.Decline("takes row-major float32 only");
        }

        Verdict.Accept accept = MovementRequests.Accept(device, (1 + lrn.Size) * MovementRequests.Bytes(output));
        return accept with { EstimatedCost = accept.EstimatedCost + (MovementRequests.Elements(output) / (PowersPerSecond * device.Parallelism)) };
    }

    public IKernel Compile(KernelRequest request, TacticOption option) => new LrnKernel((LRN)request.Anchor!);
}

/// <summary>A tile is a block of pixels of one instance; the sum of squares around each channel is taken anew, so that it does not drift.</summary>
internal sealed unsafe class LrnKernel(LRN lrn) : ICpuKernel
{
    private const int Block = 512;

    public int TileCount(in KernelArguments arguments, int phase)
    {
        ReadOnlySpan<long> dims = arguments.InputDims(0);
        return checked((int)(dims[1] == 0 ? 0 : dims[0] * ((Tensor.CountElements(dims[2..]) + Block - 1) / Block)));
    }

    public void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker)
    {
        ReadOnlySpan<long> dims = arguments.InputDims(0);
        long channels = dims[1], area = Tensor.CountElements(dims[2..]), blocks = (area + Block - 1) / Block, before = (lrn.Size - 1) / 2, after = lrn.Size - 1 - before;
        float* input = (float*)arguments.Input(0), output = (float*)arguments.Output(0);
        for (int tile = tiles.Begin; tile < tiles.End; tile++)
        {
            (long batch, long block) = Math.DivRem(tile, blocks);
            long start = (batch * channels * area) + (block * Block);
            int pixels = (int)Math.Min(Block, area - (block * Block));
            for (long channel = 0; channel < channels; channel++)
            {
                long first = Math.Max(0, channel - before), last = channel + Math.Min(after, channels - 1 - channel);
                Channel(input + start, output + start, area, channel, first, last, pixels);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Channel(float* x, float* y, long step, long channel, long first, long last, int pixels)
    {
        int width = Vector<float>.Count, i = 0;
        float alpha = lrn.Alpha / lrn.Size;
        for (; i + width <= pixels; i += width)
        {
            Vector<float> squares = Vector<float>.Zero;
            for (long other = first; other <= last; other++)
            {
                Vector<float> value = *(Vector<float>*)(x + (other * step) + i);
                squares += value * value;
            }

            Vector<float> sum = new Vector<float>(lrn.Bias) + (new Vector<float>(alpha) * squares), own = *(Vector<float>*)(x + (channel * step) + i);
            *(Vector<float>*)(y + (channel * step) + i) = own * Power(sum);
        }

        for (; i < pixels; i++)
        {
            double squares = 0;
            for (long other = first; other <= last; other++)
            {
                squares += (double)x[(other * step) + i] * x[(other * step) + i];
            }

            y[(channel * step) + i] = (float)(x[(channel * step) + i] / Math.Pow(lrn.Bias + (lrn.Alpha / (double)lrn.Size * squares), lrn.Beta));
        }
    }

    /// <summary>sum^−beta; the usual exponents 3/4 and 1/2 by roots.</summary>
    private Vector<float> Power(Vector<float> sum)
    {
        if (lrn.Beta == 0.75f)
        {
            Vector<float> root = Vector.SquareRoot(sum);
            return Vector<float>.One / (root * Vector.SquareRoot(root));
        }

        if (lrn.Beta == 0.5f)
        {
            return Vector<float>.One / Vector.SquareRoot(sum);
        }

        float* lanes = stackalloc float[Vector<float>.Count];
        for (int lane = 0; lane < Vector<float>.Count; lane++)
        {
            lanes[lane] = MathF.Pow(sum[lane], -lrn.Beta);
        }

        return *(Vector<float>*)lanes;
    }
}
