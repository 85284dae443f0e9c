using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Reference;

/// <summary>Serves every request with the reference kernel of the step's operator; operands of other layouts are copied on every call. Always the last resort, so that everything runs, also an engine whose layouts were chosen for the kernels of another machine.</summary>
internal sealed class ReferenceTactic : ITactic
{
    // No measured kernel is this slow; it keeps the reference behind every other estimate.
    private const double SecondsPerElement = 1e-6;

    public TacticId Id { get; } = new("cpu.reference", 1);

    public Verdict Consider(KernelRequest request, DeviceProfile device)
    {
        KernelOperand[] copied = [.. request.Inputs.Concat(request.Outputs).Where(o => !o.Layout.IsRowMajor)];
        if (Array.Exists(copied, o => o.Type.Bits() % 8 != 0 || o.Layout.Fill == HaloFill.ZeroPoint))
        {
            return new Verdict.Decline("copies operands of whole bytes, without a zero point around them");
        }

        // A conversion before or behind the kernel is always the better way.
        double elements = request.Outputs.Concat(copied).Sum(o => o.Dims.Aggregate(1.0, (product, dim) => product * Math.Min(dim.Max, 1 << 20)));

        // With something behind an anchor it costs clearly more than the two apart, one of which may have a kernel.
        int seconds = request is { Anchor: not null, Epilogue: not null } ? 4 : 1;
        return new Verdict.Accept([TacticOption.Default], seconds + copied.Length + (elements * SecondsPerElement));
    }

    public IKernel Compile(KernelRequest request, TacticOption option) => new ReferenceKernel();
}
