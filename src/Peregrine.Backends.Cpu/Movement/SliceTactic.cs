using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Movement;

/// <summary>Slice, with steps of any sign.</summary>
internal sealed class SliceTactic() : MovementTactic("cpu.slice", 1, 2, 3, 4)
{
    protected override bool Serves(Operator anchor) => anchor is Slice;

    protected override bool IsStreaming(KernelRequest request) => request.Inputs.Count < 5 || request.Inputs[4].Contents is { Type: DataType.Int64 } steps && steps.Span<long>().IndexOfAnyExcept(1L) < 0;

    protected override PlanMovement Planner(Operator anchor) => static o =>
    {
        StoredTensor source = o.Input(0), target = o.Output(0);
        long[] starts = o.Values(1)!, strides = [.. source.Strides];
        long[]? axes = o.Values(3), steps = o.Values(4);
        long origin = source.Origin;
        for (int i = 0; i < starts.Length; i++)
        {
            int axis = axes is null ? i : Axes.Normalise(axes[i], source.Dims.Length);
            long step = steps is null ? 1 : steps[i], extent = source.Dims[axis];
            long start = starts[i] < 0 ? starts[i] + extent : starts[i];
            start = step > 0 ? Math.Clamp(start, 0, extent) : Math.Clamp(start, -1, extent - 1);
            origin += start * source.Strides[axis];

            // A step past the end is taken at most once; it must not overflow the address.
            strides[axis] *= Math.Clamp(step, -Math.Max(extent, 1), Math.Max(extent, 1));
        }

        return new([o.Copy(0, source.View([.. target.Dims], strides, origin), 0, target)]);
    };
}
