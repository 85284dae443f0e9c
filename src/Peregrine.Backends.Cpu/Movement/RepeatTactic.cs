using Peregrine.Operators;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Movement;

/// <summary>Expand and Tile: the output's shape tells all.</summary>
internal sealed class RepeatTactic() : MovementTactic("cpu.repeat")
{
    protected override bool Serves(Operator anchor) => anchor is Expand or Tile;

    protected override PlanMovement Planner(Operator anchor) => anchor is Expand ? ExpandPlan : TilePlan;

    private static MovementPlan ExpandPlan(MovementOperands o)
    {
        StoredTensor source = o.Input(0), target = o.Output(0);
        int added = target.Dims.Length - source.Dims.Length;
        long[] strides = new long[target.Dims.Length];
        for (int i = 0; i < source.Dims.Length; i++)
        {
            strides[added + i] = source.Dims[i] == 1 ? 0 : source.Strides[i];
        }

        return new([o.Copy(0, source.View([.. target.Dims], strides, source.Origin), 0, target)]);
    }

    private static MovementPlan TilePlan(MovementOperands o)
    {
        StoredTensor source = o.Input(0), target = o.Output(0);
        int rank = target.Dims.Length;
        long[] dims = new long[2 * rank], from = new long[2 * rank], to = new long[2 * rank];
        for (int i = 0; i < rank; i++)
        {
            long extent = source.Dims[i];
            (dims[2 * i], from[2 * i], to[2 * i]) = (extent == 0 ? 0 : target.Dims[i] / extent, 0, extent * target.Strides[i]);
            (dims[(2 * i) + 1], from[(2 * i) + 1], to[(2 * i) + 1]) = (extent, source.Strides[i], target.Strides[i]);
        }

        return new([o.Copy(0, source.View(dims, from, source.Origin), 0, target.View(dims, to, target.Origin))]);
    }
}
