using Peregrine.Operators;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Movement;

/// <summary>Transpose: axes that stay together move as one; where the innermost axis changes, blocks are transposed in registers. From channels-last to [batch, spatial…, channels] it is a plain copy.</summary>
internal sealed class TransposeTactic() : MovementTactic("cpu.transpose")
{
    protected override bool Serves(Operator anchor) => anchor is Transpose;

    protected override PlanMovement Planner(Operator anchor)
    {
        Transpose transpose = (Transpose)anchor;
        return o =>
        {
            StoredTensor source = o.Input(0);
            int[] axes = [.. Enumerable.Range(0, source.Dims.Length).Select(i => transpose.SourceAxis(i, source.Dims.Length))];
            return new([o.Copy(0, source.View([.. axes.Select(a => source.Dims[a])], [.. axes.Select(a => source.Strides[a])], source.Origin), 0, o.Output(0))]);
        };
    }
}
