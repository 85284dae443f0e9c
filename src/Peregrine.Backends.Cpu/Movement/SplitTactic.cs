using Peregrine.Operators;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Movement;

/// <summary>Split: each output is a copy of its part of the input.</summary>
internal sealed class SplitTactic() : MovementTactic("cpu.split", 1)
{
    protected override bool Serves(Operator anchor) => anchor is Split;

    protected override PlanMovement Planner(Operator anchor)
    {
        long axis = ((Split)anchor).Axis;
        return o =>
        {
            StoredTensor source = o.Input(0);
            int at = Axes.Normalise(axis, source.Dims.Length);
            long[]? lengths = o.Values(1);
            long extent = source.Dims[at], chunk = (extent + o.OutputCount - 1) / o.OutputCount, offset = 0;
            List<CopyNest> nests = [];
            for (int i = 0; i < o.OutputCount; i++)
            {
                long length = lengths is null ? Math.Clamp(extent - offset, 0, chunk) : lengths[i];
                if (o.HasOutput(i))
                {
                    nests.Add(o.Copy(0, source.Part(at, offset, length), i, o.Output(i)));
                }

                offset += length;
            }

            return new(nests);
        };
    }
}
