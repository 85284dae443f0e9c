using Peregrine.Backends.Cpu.Workers;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Movement;

/// <summary>Works out the copies for the dims (and the values of small steering operands) of a call.</summary>
internal delegate MovementPlan PlanMovement(MovementOperands operands);

/// <summary>Moves elements without looking at them. The copies are planned anew only if a dim or a steering value has changed.</summary>
/// <param name="steering">Inputs whose values decide where elements go.</param>
internal sealed unsafe class MovementKernel(KernelRequest request, PlanMovement plan, params int[] steering) : ICpuKernel
{
    public int TileCount(in KernelArguments arguments, int phase) => Of(arguments).TileCount;

    public void Run(in KernelArguments arguments, int phase, TileRange tiles, int worker)
    {
        MovementPlan current = Of(arguments);
        for (int i = 0; i < current.Nests.Length; i++)
        {
            (int begin, int end) = current.Share(i, tiles.Begin, tiles.End);
            if (begin < end)
            {
                CopyNest nest = current.Nests[i];
                nest.Run(nest.Input < 0 ? Zeros.Pointer : arguments.Input(nest.Input), arguments.Output(nest.Output), begin, end);
            }
        }
    }

    private MovementPlan Of(in KernelArguments arguments) =>
        PreparedCall<MovementPlan>.Of(arguments, steering, (request, plan), static (in KernelArguments a, (KernelRequest Request, PlanMovement Plan) s) => s.Plan(new(s.Request, a)));
}
