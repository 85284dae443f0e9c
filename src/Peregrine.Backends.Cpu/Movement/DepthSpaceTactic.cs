using Peregrine.Operators;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Movement;

/// <summary>DepthToSpace and SpaceToDepth: both operands as [batch, block row, block column, channel, height, width].</summary>
internal sealed class DepthSpaceTactic() : MovementTactic("cpu.depth-space")
{
    protected override bool Serves(Operator anchor) => anchor is DepthToSpace or SpaceToDepth;

    protected override bool IsStreaming(KernelRequest request) => false;

    protected override PlanMovement Planner(Operator anchor)
    {
        switch (anchor)
        {
            case DepthToSpace { BlockSize: var block, Mode: var order }:
                return o =>
                {
                    StoredTensor target = o.Output(0);
                    return new([o.Copy(0, Deep(o.Input(0), block, target.Dims[1], order == DepthOrder.DepthColumnRow), 0, Wide(target, block))]);
                };
            default:
                long size = ((SpaceToDepth)anchor).BlockSize;
                return o =>
                {
                    StoredTensor source = o.Input(0);
                    return new([o.Copy(0, Wide(source, size), 0, Deep(o.Output(0), size, source.Dims[1], blocksFirst: true))]);
                };
        }
    }

    /// <summary>The operand whose channels hold the blocks.</summary>
    private static StoredTensor Deep(StoredTensor t, long block, long channels, bool blocksFirst)
    {
        long c = t.Strides[1];
        long cell = blocksFirst ? channels * c : c, channel = blocksFirst ? c : block * block * c;
        return t.View([t.Dims[0], block, block, channels, t.Dims[2], t.Dims[3]], [t.Strides[0], block * cell, cell, channel, t.Strides[2], t.Strides[3]], t.Origin);
    }

    /// <summary>The operand whose pixels hold the blocks.</summary>
    private static StoredTensor Wide(StoredTensor t, long block) => t.View(
        [t.Dims[0], block, block, t.Dims[1], t.Dims[2] / block, t.Dims[3] / block],
        [t.Strides[0], t.Strides[2], t.Strides[3], t.Strides[1], block * t.Strides[2], block * t.Strides[3]],
        t.Origin);
}
