namespace Peregrine.CodeGen.X64.Allocation;

/// <summary>
/// The span over which a register's value must be kept. Instruction i reads at 2i and writes at 2i+1, so a source that ends where a destination begins can share its register.
/// </summary>
internal sealed class Interval(VReg register)
{
    internal VReg Register { get; } = register;
    internal int Start { get; set; } = int.MaxValue;
    internal int End { get; set; } = -1;
    internal long Weight { get; set; }
    internal int Definitions { get; set; }
    internal KernelInstruction Definition { get; set; }
    internal bool Pinned { get; set; }
    internal int Assigned { get; set; } = -1;

    // A value that can be made again from nothing is made again instead of stored.
    internal bool IsConstant => Definitions == 1 && Definition.Op is (Opcode.Constant or Opcode.PoolVector);
}

/// <summary>The intervals of a program's registers, by number.</summary>
internal sealed class IntervalTable(int registers)
{
    private readonly Interval?[] _byId = new Interval?[registers];
    private readonly List<Interval> _all = new(registers);

    /// <summary>In the order in which the registers are first written.</summary>
    internal IReadOnlyList<Interval> All => _all;

    internal Interval this[VReg register] => _byId[register.Id] ?? throw new InvalidOperationException($"{register} is not written anywhere.");

    internal Interval? Find(VReg register) => register.IsValid ? _byId[register.Id] : null;

    internal void Add(Interval interval)
    {
        _byId[interval.Register.Id] = interval;
        _all.Add(interval);
    }
}

/// <summary>Live intervals of a program.</summary>
internal static class Liveness
{
    private static ReadOnlySpan<int> WeightOfDepth => [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];

    internal static IntervalTable Compute(List<KernelInstruction> instructions, int registerCount, HashSet<VReg> temporaries, Func<int, int> argumentRegister)
    {
        var intervals = new IntervalTable(registerCount);
        Span<VReg> room = stackalloc VReg[KernelInstruction.MostSources];
        int[] loopEnds = LoopEnds(instructions);
        var loops = new List<int>();
        for (int i = 0; i < instructions.Count; i++)
        {
            KernelInstruction instruction = instructions[i];
            if (instruction.Op == Opcode.LoopBegin) { loops.Add(i); }
            foreach (VReg source in instruction.Sources(room)) { Note(intervals[source], i, 2 * i); }
            if (instruction.Destination.IsValid)
            {
                Interval? interval = intervals.Find(instruction.Destination);
                if (interval is null)
                {
                    interval = new Interval(instruction.Destination) { Pinned = temporaries.Contains(instruction.Destination) };
                    // The caller filled the register before the first instruction.
                    interval.Start = instruction.Op == Opcode.Argument && argumentRegister((int)instruction.Immediate) >= 0 ? -1 : 2 * i + 1;
                    intervals.Add(interval);
                }

                if (interval.Definitions++ == 0) { interval.Definition = instruction; }
                interval.Pinned |= instruction.Op is Opcode.LoopBegin or Opcode.LoopEnd;
                Note(interval, i, 2 * i + 1);
            }

            if (instruction.Op == Opcode.LoopEnd) { loops.RemoveAt(loops.Count - 1); }
        }

        return intervals;

        void Note(Interval interval, int index, int position)
        {
            interval.End = Math.Max(interval.End, position);
            for (int depth = 0; depth < loops.Count; depth++)
            {
                // Written before the loop and touched inside: it may be needed in the next round.
                if (interval.Start < 2 * loops[depth])
                {
                    interval.End = Math.Max(interval.End, 2 * loopEnds[loops[depth]] + 1);
                    break;
                }
            }

            interval.Weight += WeightOfDepth[Math.Min(loops.Count, WeightOfDepth.Length - 1)];
        }
    }

    private static int[] LoopEnds(List<KernelInstruction> instructions)
    {
        int[] ends = new int[instructions.Count];
        var open = new Stack<int>();
        for (int i = 0; i < instructions.Count; i++)
        {
            if (instructions[i].Op == Opcode.LoopBegin) { open.Push(i); }
            else if (instructions[i].Op == Opcode.LoopEnd) { ends[open.Pop()] = i; }
        }

        return ends;
    }
}
