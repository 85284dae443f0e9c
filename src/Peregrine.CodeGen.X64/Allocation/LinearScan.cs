namespace Peregrine.CodeGen.X64.Allocation;

/// <summary>The physical registers of one file, in the order of preference.</summary>
internal sealed record RegisterFile(string Name, int[] Registers);

/// <summary>
/// Linear scan over whole intervals (Poletto and Sarkar 1999). Where a file overflows, the cheapest value (constants first, then by uses weighted with loop depth) is put on the list of victims;
/// the caller rewrites the program around them and scans again.
/// </summary>
internal sealed class LinearScan(RegisterFile[] files, Func<RegisterClass, int> fileOf, Func<int, int> argumentRegister)
{
    /// <summary>Values that found no register.</summary>
    internal List<Interval> Victims { get; } = [];

    /// <summary>A file that overflowed although nothing in it can be moved out, or −1.</summary>
    internal int ExhaustedFile { get; private set; } = -1;

    internal void Run(IntervalTable intervals)
    {
        Interval[] order = [.. intervals.All];
        Array.Sort(order, static (a, b) => a.Start != b.Start ? a.Start.CompareTo(b.Start) : a.Register.Id.CompareTo(b.Register.Id));
        for (int file = 0; file < files.Length; file++)
        {
            RunFile(file, Array.FindAll(order, i => fileOf(i.Register.Class) == file), intervals);
        }
    }

    /// <summary>The largest number of values of a file that live at once, constants that could be loaded again not counted.</summary>
    internal int Pressure(int file, IEnumerable<Interval> intervals)
    {
        var events = new List<(int Position, int Change)>();
        foreach (Interval interval in intervals)
        {
            if (fileOf(interval.Register.Class) != file || (interval.IsConstant && !interval.Pinned)) { continue; }
            events.Add((interval.Start, 1));
            events.Add((interval.End + 1, -1));
        }

        int live = 0, most = 0;
        foreach ((int _, int change) in events.OrderBy(e => e.Position).ThenBy(e => e.Change)) { most = Math.Max(most, live += change); }
        return most;
    }

    private void RunFile(int file, Interval[] order, IntervalTable intervals)
    {
        int[] registers = files[file].Registers;
        var free = new bool[64];
        foreach (int register in registers) { free[register] = true; }
        var active = new List<Interval>();
        foreach (Interval current in order)
        {
            for (int i = active.Count - 1; i >= 0; i--)
            {
                if (active[i].End < current.Start)
                {
                    free[active[i].Assigned] = true;
                    active.RemoveAt(i);
                }
            }

            int chosen = Choose(current, registers, free, intervals);
            if (chosen >= 0)
            {
                Take(current, chosen);
                continue;
            }

            Interval? victim = active.Append(current).Where(i => !i.Pinned).OrderBy(i => i.IsConstant ? 0 : 1).ThenBy(i => i.Weight).ThenByDescending(i => i.End).ThenBy(i => i.Register.Id).FirstOrDefault();
            if (victim is null)
            {
                ExhaustedFile = file;
                return;
            }

            Victims.Add(victim);
            if (victim == current) { continue; }
            active.Remove(victim);
            free[victim.Assigned] = true;
            Take(current, victim.Assigned);
            victim.Assigned = -1;
        }

        void Take(Interval interval, int register)
        {
            interval.Assigned = register;
            free[register] = false;
            active.Add(interval);
        }
    }

    private int Choose(Interval current, int[] registers, bool[] free, IntervalTable intervals)
    {
        if (current.Start == -1) { return argumentRegister((int)current.Definition.Immediate); }

        // A copy whose source ends here takes its register and disappears.
        if (current.Definition.Op is Opcode.Move or Opcode.MoveInteger && current.Definitions == 1
            && intervals.Find(current.Definition.A) is { Assigned: >= 0 } source && source.End < current.Start && free[source.Assigned])
        {
            return source.Assigned;
        }

        // So does a fused multiply-add with one of its sources.
        if (current.Definition.Op is Opcode.MultiplyAdd or Opcode.NegatedMultiplyAdd && current.Definitions == 1)
        {
            foreach (VReg operand in (ReadOnlySpan<VReg>)[current.Definition.C, current.Definition.A, current.Definition.B])
            {
                if (intervals.Find(operand) is { Assigned: >= 0 } ending && ending.End < current.Start && free[ending.Assigned]) { return ending.Assigned; }
            }
        }

        foreach (int register in registers)
        {
            if (free[register]) { return register; }
        }

        return -1;
    }
}
