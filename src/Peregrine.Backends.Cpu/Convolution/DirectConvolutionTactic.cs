using Peregrine.Backends.Cpu.Generation;
using Peregrine.Backends.Cpu.Products;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Convolution;

/// <summary>Direct convolution, 1-D and 2-D, with constant weights: any kernel, stride, dilation, padding and groups, into channels-last.</summary>
internal sealed class DirectConvolutionTactic(GeneratorTarget? target, bool isPortable = false) : PatchProductTactic(target, isPortable)
{
    public override TacticId Id { get; } = new(isPortable ? "cpu.convolution.direct.portable" : "cpu.convolution.direct", 1);

    protected override PatchProblem? Read(KernelRequest request, out string reason) => PatchProblem.OfConvolution(request, out reason);
}
