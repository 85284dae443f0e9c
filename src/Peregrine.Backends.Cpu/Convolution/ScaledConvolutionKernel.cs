using System.Numerics;
using System.Runtime.CompilerServices;
using Peregrine.Backends.Cpu.Generation;
using Peregrine.Backends.Cpu.Products;
using Peregrine.Backends.Cpu.Workers;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Convolution;

/// <summary>Multiplies the packed weights of a 1×1 convolution by the factors of each image's channels, into scratch memory, and then runs each image with its own weights.</summary>
internal sealed unsafe class ScaledConvolutionKernel : PatchProductKernel, ICpuKernel
{
    /// <summary>The factors' place among the inputs.</summary>
    public const int ScaleInput = 1;

    private readonly WeightPacker _packer;
    private readonly int _lanes;
    private readonly long _factorStride;

    /// <param name="factorStride">Floats from image to image of the factors, where there are several.</param>
    public ScaledConvolutionKernel(PatchProblem problem, long factorStride, TileShape shape, GeneratorTarget? target)
        : base(problem, shape, target)
    {
        _factorStride = factorStride;
        _lanes = target?.Lanes ?? Vector<float>.Count;
        _packer = new(problem, shape.Vectors, _lanes);
    }

    int ICpuKernel.PhaseCount => 2;

    long IKernel.ScratchBytes(IReadOnlyList<long[]?> inputs, IReadOnlyList<long[]?> outputs) => checked(inputs[Problem.Input]![0] * _packer.Bytes);

    int ICpuKernel.TileCount(in KernelArguments arguments, int phase) => phase == 0 ? checked((int)(arguments.InputDims(Problem.Input)[0] * _packer.Parts)) : TileCount(arguments, 0);

    void ICpuKernel.Run(in KernelArguments arguments, int phase, TileRange tiles, int worker)
    {
        if (phase > 0)
        {
            Run(arguments, 0, tiles, worker);
            return;
        }

        long step = arguments.InputDims(ScaleInput)[0] > 1 ? _factorStride : 0;
        for (int tile = tiles.Begin; tile < tiles.End; tile++)
        {
            (long image, long part) = Math.DivRem((long)tile, _packer.Parts);
            long offset = part * _packer.GroupBytes;
            int width = part < _packer.WholeGroups ? _packer.GroupBytes / (Problem.Channels * sizeof(float)) : _packer.LastVectors * _lanes;
            Scale((float*)(arguments.Packed(0) + offset), (float*)arguments.Input(ScaleInput) + (image * step), (float*)(arguments.Scratch + (image * _packer.Bytes) + offset), Problem.Channels, width);
        }
    }

    protected override byte* WeightsOf(in PatchCall call) => call.Arguments.Scratch + (call.Image * _packer.Bytes);

    /// <param name="width">Weights of an input channel, whole vectors.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scale(float* weights, float* factors, float* result, int channels, int width)
    {
        for (int channel = 0; channel < channels; channel++)
        {
            Vector<float> factor = new(factors[channel]);
            for (int i = 0; i < width; i += Vector<float>.Count, weights += Vector<float>.Count, result += Vector<float>.Count)
            {
                *(Vector<float>*)result = *(Vector<float>*)weights * factor;
            }
        }
    }
}
