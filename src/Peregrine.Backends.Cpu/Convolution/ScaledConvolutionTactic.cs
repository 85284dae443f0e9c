using Peregrine.Backends.Cpu.Generation;
using Peregrine.Backends.Cpu.Movement;
using Peregrine.Backends.Cpu.Products;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Convolution;

/// <summary>
/// 1×1 convolution of data whose channels have a factor for each image: the packed weights are multiplied by the factors, once per image, and the data are read as they are. That moves outputs · channels
/// floats instead of pixels · channels.
/// </summary>
internal sealed class ScaledConvolutionTactic(GeneratorTarget? target, bool isPortable = false) : ITactic
{
    private readonly DirectConvolutionTactic _plain = new(target, isPortable);

    public TacticId Id { get; } = new(isPortable ? "cpu.convolution.scaled.portable" : "cpu.convolution.scaled", 1);

    public Verdict Consider(KernelRequest request, DeviceProfile device)
    {
        if (Read(request, out string reason) is not { } problem)
        {
            return new Verdict.Decline(reason);
        }

        Verdict verdict = _plain.Consider(WithoutScale(request), device);
        if (verdict is not Verdict.Accept accept)
        {
            return verdict;
        }

        // Read and written; tiles then find them in the cache.
        double bytes = 2.0 * sizeof(float) * problem.WeightCount * (problem.Images ?? request.Inputs[0].Dims[0].Max switch { long.MaxValue => 1, var most => most });
        return accept with { EstimatedCost = accept.EstimatedCost + MovementRequests.Accept(device, bytes).EstimatedCost };
    }

    public IKernel Compile(KernelRequest request, TacticOption option) =>
        new ScaledConvolutionKernel(
        Read(request, out string reason) ?? throw new ArgumentException(reason, nameof(request)), ChannelsLast.PixelStride(request.Inputs[ScaledConvolutionKernel.ScaleInput])!.Value, TileShape.Parse(option), isPortable ? null : target);

    private static PatchProblem? Read(KernelRequest request, out string reason)
    {
        if (request.Anchor is not ScaledConv)
        {
            reason = "takes convolutions of scaled data";
            return null;
        }

        if (PatchProblem.OfConvolution(WithoutScale(request), out reason) is not { } problem)
        {
            return null;
        }

        KernelOperand scale = request.Inputs[1];
        if (!problem.IsPointwise || problem.Groups != 1 || problem.InputStride == 0)
        {
            reason = "takes 1×1 kernels of stride 1 in one group, and reads channels-last";
            return null;
        }

        if (scale.Type != DataType.Float32 || ChannelsLast.PixelStride(scale) is null)
        {
            reason = "needs factors in float32, the channels' side by side";
            return null;
        }

        // The factors are the request's second input.
        return problem with
        {
            WeightInput = problem.WeightInput + 1, Operands = ValueList.From(problem.Operands.Select(o => o with { Input = o.Input + 1 })), ImagesDiffer = true,
        };
    }

    private static KernelRequest WithoutScale(KernelRequest request) =>
        request with { Anchor = ((ScaledConv)request.Anchor!).Convolution, Inputs = ValueList.From(request.Inputs.Where((_, i) => i != ScaledConvolutionKernel.ScaleInput)) };
}
