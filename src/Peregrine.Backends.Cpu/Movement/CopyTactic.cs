using Peregrine.Operators;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Movement;

/// <summary>Identity in any layouts, and the reshaping operators on row-major tensors: where the planner could not make them views.</summary>
internal sealed class CopyTactic() : MovementTactic("cpu.copy")
{
    protected override bool Serves(Operator anchor) => anchor is IReshaping;

    protected override string? Problem(KernelRequest request) =>
        request.Anchor is Identity || (request.Inputs[0].Layout.IsRowMajor && request.Outputs[0].Layout.IsRowMajor) ? null : "reshapes row-major tensors only";

    protected override PlanMovement Planner(Operator anchor) => anchor is Identity
        ? static o => new([o.Copy(0, o.Input(0), 0, o.Output(0))])
        : static o =>
        {
            StoredTensor source = o.Input(0), target = o.Output(0);
            long[] count = [target.Capacity], step = [1];
            return new([o.Copy(0, source.View(count, step, 0), 0, target.View(count, step, 0))]);
        };
}
