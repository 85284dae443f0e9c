using Peregrine.Operators;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Movement;

/// <summary>Stores a tensor in another layout: row-major to channels-last and back, or with another pixel stride. A copy where both are the same.</summary>
internal sealed class ReformatTactic : ITactic
{
    public TacticId Id { get; } = new("cpu.reformat", 1);

    public Verdict Consider(KernelRequest request, DeviceProfile device)
    {
        if (request is not { Anchor: null, Inputs: [var input], Outputs: [var output], Epilogue: OperandExpr { Index: 0 } } || input.Type != output.Type)
        {
            return new Verdict.Decline("only changes layouts");
        }

        if (!MovementRequests.IsMovable(input.Type))
        {
            return new Verdict.Decline($"{input.Type} has no whole bytes");
        }

        return !MovementRequests.IsPlain(input.Layout) || !MovementRequests.IsPlain(output.Layout)
            ? new Verdict.Decline("knows no blocks and no halo")
            : MovementRequests.Accept(device, MovementRequests.Bytes(input) + MovementRequests.Bytes(output));
    }

    public IKernel Compile(KernelRequest request, TacticOption option) =>
        new MovementKernel(request, static o => new([o.Copy(0, o.Input(0), 0, o.Output(0))]));
}
