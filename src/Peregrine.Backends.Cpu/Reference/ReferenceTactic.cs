using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Reference;

/// <summary>Serves every request on row-major tensors with the reference kernel of the step's operator. Always the last resort, so that everything runs.</summary>
internal sealed class ReferenceTactic : ITactic
{
    // No measured kernel is this slow; it keeps the reference behind every other estimate.
    private const double SecondsPerElement = 1e-6;

    public TacticId Id { get; } = new("cpu.reference", 1);

    public Verdict Consider(KernelRequest request, DeviceProfile device)
    {
        if (request.Inputs.Concat(request.Outputs).Any(o => !o.Layout.IsRowMajor))
        {
            return new Verdict.Decline("needs row-major operands");
        }

        double elements = request.Outputs.Sum(o => o.Dims.Aggregate(1.0, (product, dim) => product * Math.Min(dim.Max, 1 << 20)));
        return new Verdict.Accept([TacticOption.Default], 1 + (elements * SecondsPerElement));
    }

    public IKernel Compile(KernelRequest request, TacticOption option) => new ReferenceKernel();
}
