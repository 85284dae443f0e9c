using Peregrine.Operators;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Movement;

/// <summary>
/// Serves one operator that moves elements without looking at them, on any element type of whole bytes and, since its copies are between strided views, on any mixture of row-major and
/// channels-last operands.
/// </summary>
internal abstract class MovementTactic(string name, params int[] steering) : ITactic
{
    public TacticId Id { get; } = new(name, 1);

    public Verdict Consider(KernelRequest request, DeviceProfile device)
    {
        if (request.Anchor is null || request.Epilogue is not null || !Serves(request.Anchor))
        {
            return new Verdict.Decline("is made for another operator");
        }

        if (request.Outputs.Concat(request.Inputs).FirstOrDefault(o => o.Role != OperandRole.Absent && !MovementRequests.IsPlain(o.Layout)) is { } blocked)
        {
            return new Verdict.Decline($"knows no blocks and no halo, but an operand is {blocked}");
        }

        if (request.Outputs.FirstOrDefault(o => o.Role != OperandRole.Absent) is not { } output || !MovementRequests.IsMovable(output.Type))
        {
            return new Verdict.Decline("moves whole bytes only");
        }

        if (Problem(request) is { } problem)
        {
            return new Verdict.Decline(problem);
        }

        double bytes = request.Outputs.Sum(MovementRequests.Bytes);
        bool isMixed = request.Outputs.Any(o => o.Role != OperandRole.Absent && !MovementRequests.IsSameInBothLayouts(o) && o.Layout.IsRowMajor != request.Inputs[0].Layout.IsRowMajor);
        return MovementRequests.Accept(device, 2 * bytes, IsStreaming(request) && !isMixed ? MovementRequests.Streaming : MovementRequests.Strided);
    }

    public IKernel Compile(KernelRequest request, TacticOption option) => new MovementKernel(request, Planner(request.Anchor!), steering);


    protected abstract bool Serves(Operator anchor);

    /// <summary>Why the request cannot be served; null if it can.</summary>
    protected virtual string? Problem(KernelRequest request) => null;

    /// <summary>Whether contiguous runs stay together.</summary>
    protected virtual bool IsStreaming(KernelRequest request) => true;

    protected abstract PlanMovement Planner(Operator anchor);
}

/// <summary>An axis in [0, rank).</summary>
internal static class Axes
{
    public static int Normalise(long axis, int rank) => (int)(axis < 0 ? axis + rank : axis);
}
