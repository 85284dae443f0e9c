using System.Text;

namespace Peregrine.CodeGen.X64.Allocation;

/// <summary>A program whose every register has a place.</summary>
internal sealed class Allocation
{
    internal required List<KernelInstruction> Instructions { get; init; }
    internal required IntervalTable Intervals { get; init; }
    internal required IReadOnlyList<RegisterClass> Slots { get; init; }
    internal required Func<RegisterClass, int> FileOf { get; init; }

    internal int this[VReg register] => Intervals[register].Assigned;

    internal HashSet<int> Used(int file)
    {
        HashSet<int> used = [];
        foreach (Interval interval in Intervals.All)
        {
            if (FileOf(interval.Register.Class) == file) { used.Add(interval.Assigned); }
        }

        return used;
    }

    internal string Describe(RegisterFile[] files)
    {
        var text = new StringBuilder();
        foreach (Interval interval in Intervals.All.OrderBy(i => i.Register.Id))
        {
            text.Append($"{interval.Register,-6} {files[FileOf(interval.Register.Class)].Name}{interval.Assigned,-3} [{interval.Start}, {interval.End}] weight {interval.Weight}\n");
        }

        for (int slot = 0; slot < Slots.Count; slot++) { text.Append($"slot {slot}: {Slots[slot]}\n"); }
        Listing.Append(text, Instructions, i => i.Destination.IsValid ? $"{i.Destination} in {files[FileOf(i.Destination.Class)].Name}{this[i.Destination]}" : "");
        return text.ToString();
    }
}

/// <summary>Repeats scan and rewriting until every value has a register.</summary>
internal static class Allocator
{
    /// <summary>Returns an <see cref="Allocation"/>, or the reason why there is none.</summary>
    /// <param name="ownSlots">Vectors for which the program has asked for room on the stack.</param>
    internal static (Allocation? Allocation, CompileResult.Declined? Declined) Allocate(
        List<KernelInstruction> instructions, int registerCount, int ownSlots, Func<bool, RegisterFile[]> filesFor, Func<RegisterClass, int> fileOf, Func<int, int> argumentRegister, SpillPolicy policy)
    {
        var spiller = new Spiller(registerCount, ownSlots);
        bool vectorSlots = ownSlots > 0;
        while (true)
        {
            RegisterFile[] files = filesFor(vectorSlots);
            IntervalTable intervals = Liveness.Compute(instructions, spiller.RegisterCount, spiller.Temporaries, argumentRegister);
            var scan = new LinearScan(files, fileOf, argumentRegister);
            scan.Run(intervals);
            if (scan.ExhaustedFile < 0 && scan.Victims.Count == 0)
            {
                return (new Allocation { Instructions = instructions, Intervals = intervals, Slots = spiller.Slots, FileOf = fileOf }, null);
            }

            Interval? stored = scan.Victims.Find(v => !v.IsConstant);
            if (scan.ExhaustedFile >= 0 || (stored is not null && policy == SpillPolicy.Forbid))
            {
                int file = scan.ExhaustedFile >= 0 ? scan.ExhaustedFile : fileOf(stored!.Register.Class);
                int has = files[file].Registers.Length;
                string needs = scan.ExhaustedFile >= 0 && policy == SpillPolicy.Allow ? "one instruction needs more" : $"needs {Math.Max(scan.Pressure(file, intervals.All), has + 1)}";
                return (null, new(DeclineReason.RegistersExhausted, $"{needs} {files[file].Name} registers, has {has}"));
            }

            vectorSlots |= scan.Victims.Exists(v => !v.IsConstant && fileOf(v.Register.Class) == RegisterFiles.Vector);
            instructions = spiller.Rewrite(instructions, scan.Victims);
        }
    }
}

/// <summary>Numbers of the register files.</summary>
internal static class RegisterFiles
{
    internal const int Integer = 0;
    internal const int Vector = 1;
    internal const int Mask = 2;
}
