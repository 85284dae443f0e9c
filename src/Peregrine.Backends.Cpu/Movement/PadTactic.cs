using Peregrine.Operators;
using Peregrine.Runtime.Kernels;

namespace Peregrine.Backends.Cpu.Movement;

/// <summary>
/// Pad in all modes. Each axis is cut into runs that come from consecutive elements of the source, forwards, backwards or from one; every combination of runs is one copy. A constant border is
/// one fill per side of each axis.
/// </summary>
internal sealed class PadTactic() : MovementTactic("cpu.pad", 1, 3)
{
    protected override bool Serves(Operator anchor) => anchor is Pad;

    protected override string? Problem(KernelRequest request) =>
        request.Inputs.Count > 2 && request.Inputs[2].Role != OperandRole.Absent && request.Inputs[2].Dims.Any(d => d is not { Min: 1, Max: 1 }) ? "needs one constant value" : null;

    protected override PlanMovement Planner(Operator anchor)
    {
        PadMode mode = ((Pad)anchor).Mode;
        return o =>
        {
            StoredTensor source = o.Input(0), target = o.Output(0);
            Border[] borders = Borders(source.Dims, o.Values(1)!, o.Values(3));
            if (mode != PadMode.Constant && borders.Any(b => b.Core == 0) && !target.Dims.Contains(0))
            {
                throw o.Fail("PG2138", $"mode {mode} has no elements to pad {o.Describe(0)} from.");
            }

            return new(mode == PadMode.Constant ? Constant(o, source, target, borders) : Mirror(o, source, target, borders, mode));
        };
    }

    private static IEnumerable<CopyNest> Constant(MovementOperands o, StoredTensor source, StoredTensor target, Border[] borders)
    {
        List<CopyNest> nests = [];
        StoredTensor rest = target;
        for (int axis = 0; axis < borders.Length; axis++)
        {
            long end = borders[axis].Before + borders[axis].Core;
            foreach (StoredTensor side in (StoredTensor[])[rest.Part(axis, 0, borders[axis].Before), rest.Part(axis, end, target.Dims[axis] - end)])
            {
                nests.Add(o.Copy(o.HasInput(2) ? 2 : -1, Zeros.Of([.. side.Dims]), 0, side));
            }

            rest = rest.Part(axis, borders[axis].Before, borders[axis].Core);
            source = source.Part(axis, borders[axis].Skip, borders[axis].Core);
        }

        nests.Add(o.Copy(0, source, 0, rest));
        return nests;
    }

    private static IEnumerable<CopyNest> Mirror(MovementOperands o, StoredTensor source, StoredTensor target, Border[] borders, PadMode mode)
    {
        IEnumerable<(StoredTensor Source, StoredTensor Target)> parts = [(source, target)];
        for (int axis = 0; axis < borders.Length; axis++)
        {
            int at = axis;
            List<Run> runs = Runs(borders[axis], target.Dims[axis], mode);
            parts = [.. parts.SelectMany(p => runs.Select(r => (Take(p.Source, at, r), p.Target.Part(at, r.Target, r.Count))))];
        }

        List<CopyNest> nests = [];
        foreach ((StoredTensor from, StoredTensor to) in parts)
        {
            nests.Add(o.Copy(0, from, 0, to));
        }

        return nests;
    }

    private static StoredTensor Take(StoredTensor source, int axis, Run run)
    {
        long[] dims = [.. source.Dims], strides = [.. source.Strides];
        dims[axis] = run.Count;
        strides[axis] *= run.Step;
        return source.View(dims, strides, source.Origin + (run.Source * source.Strides[axis]));
    }

    /// <summary>Cuts an axis of the target into runs over the source.</summary>
    private static List<Run> Runs(Border border, long whole, PadMode mode)
    {
        List<Run> runs = [];
        for (long at = 0; at < whole; at++)
        {
            long source = border.Skip + SourceOf(at - border.Before, border.Core, mode);
            if (runs.Count > 0 && runs[^1] is var last && (last.Count == 1 ? Math.Abs(source - last.Source) <= 1 : source == last.Source + (last.Count * last.Step)))
            {
                runs[^1] = last with { Count = last.Count + 1, Step = source - (last.Source + ((last.Count - 1) * last.Step)) };
            }
            else
            {
                runs.Add(new(at, source, 1, 1));
            }
        }

        return runs;
    }

    /// <summary>The position in [0, extent) that a position in or around it copies.</summary>
    private static long SourceOf(long position, long extent, PadMode mode)
    {
        switch (mode)
        {
            case PadMode.Edge:
                return Math.Clamp(position, 0, Math.Max(extent - 1, 0));
            case PadMode.Wrap:
                return extent == 0 ? 0 : ((position % extent) + extent) % extent;
            default:
                long period = Math.Max(1, 2 * (extent - 1)), phase = ((position % period) + period) % period;
                return extent == 0 ? 0 : Math.Min(phase, period - phase) % extent;
        }
    }

    private static Border[] Borders(long[] dims, long[] pads, long[]? axes)
    {
        Border[] borders = [.. dims.Select(d => new Border(0, d, 0))];
        int count = pads.Length / 2;
        for (int i = 0; i < count; i++)
        {
            int axis = axes is null ? i : Axes.Normalise(axes[i], dims.Length);
            borders[axis] = new(Math.Max(pads[i], 0), borders[axis].Core + Math.Min(pads[i], 0) + Math.Min(pads[i + count], 0), Math.Max(-pads[i], 0));
        }

        return borders;
    }

    /// <summary>Elements added in front, elements that stay, elements removed in front.</summary>
    private readonly record struct Border(long Before, long Core, long Skip);

    /// <summary>Target elements [Target, Target + Count) are source elements Source, Source + Step, …</summary>
    private readonly record struct Run(long Target, long Source, long Count, long Step);
}
