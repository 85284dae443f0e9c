using Peregrine.Operators;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Movement;

/// <summary>Concat: each input is copied into its part of the output.</summary>
internal sealed class ConcatTactic() : MovementTactic("cpu.concat")
{
    protected override bool Serves(Operator anchor) => anchor is Concat;

    protected override PlanMovement Planner(Operator anchor)
    {
        long axis = ((Concat)anchor).Axis;
        return o =>
        {
            StoredTensor target = o.Output(0);
            int at = Axes.Normalise(axis, target.Dims.Length);
            List<CopyNest> nests = [];
            long offset = 0;
            for (int i = 0; i < o.InputCount; i++)
            {
                StoredTensor source = o.Input(i);
                nests.Add(o.Copy(i, source, 0, target.Part(at, offset, source.Dims[at])));
                offset += source.Dims[at];
            }

            return new(nests);
        };
    }
}
