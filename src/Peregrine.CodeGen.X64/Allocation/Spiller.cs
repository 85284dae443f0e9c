namespace Peregrine.CodeGen.X64.Allocation;

/// <summary>Rewrites a program so that victims live in stack slots (or are made again, if constants) and only short-lived temporaries hold them.</summary>
internal sealed class Spiller
{
    private readonly Dictionary<VReg, int> _slots = [];
    private readonly List<RegisterClass> _slotClasses = [];

    /// <param name="vectorSlots">Slots of the program itself, which have the first numbers.</param>
    internal Spiller(int registerCount, int vectorSlots)
    {
        RegisterCount = registerCount;
        _slotClasses.AddRange(Enumerable.Repeat(RegisterClass.Vec, vectorSlots));
    }

    /// <summary>One more than the highest number of a register.</summary>
    internal int RegisterCount { get; private set; }

    /// <summary>Class of each slot, in the order of their numbers.</summary>
    internal IReadOnlyList<RegisterClass> Slots => _slotClasses;

    /// <summary>Registers that must not be spilled again.</summary>
    internal HashSet<VReg> Temporaries { get; } = [];

    internal List<KernelInstruction> Rewrite(List<KernelInstruction> instructions, IReadOnlyList<Interval> victims)
    {
        Dictionary<VReg, Interval> moved = victims.ToDictionary(v => v.Register);
        GiveSlots(victims);

        var result = new List<KernelInstruction>(instructions.Count + 4 * victims.Count);
        Span<VReg> room = stackalloc VReg[KernelInstruction.MostSources];
        foreach (KernelInstruction instruction in instructions)
        {
            bool touches = instruction.Destination.IsValid && moved.ContainsKey(instruction.Destination);
            foreach (VReg source in instruction.Sources(room)) { touches |= moved.ContainsKey(source); }
            if (!touches)
            {
                result.Add(instruction);
                continue;
            }

            if (moved.TryGetValue(instruction.Destination, out Interval? constant) && constant.IsConstant) { continue; }
            RewriteOne(instruction, moved, result);
        }

        return result;
    }

    // Values of one round that never live together share a slot; positions of different rounds cannot be compared.
    private void GiveSlots(IReadOnlyList<Interval> victims)
    {
        var free = new List<(int Slot, int End)>();
        foreach (Interval victim in victims.Where(v => !v.IsConstant).OrderBy(v => v.Start).ThenBy(v => v.Register.Id))
        {
            int reused = free.FindIndex(f => f.End < victim.Start && _slotClasses[f.Slot] == victim.Register.Class);
            int slot = _slotClasses.Count;
            if (reused >= 0)
            {
                slot = free[reused].Slot;
                free.RemoveAt(reused);
            }
            else { _slotClasses.Add(victim.Register.Class); }

            free.Add((slot, victim.End));
            _slots.Add(victim.Register, slot);
        }
    }

    private void RewriteOne(KernelInstruction instruction, Dictionary<VReg, Interval> moved, List<KernelInstruction> result)
    {
        var temporaries = new Dictionary<VReg, VReg>();
        foreach (VReg source in instruction.Sources(stackalloc VReg[KernelInstruction.MostSources]))
        {
            if (!moved.TryGetValue(source, out Interval? victim) || temporaries.ContainsKey(source)) { continue; }
            VReg temporary = Temporary(source, temporaries);
            result.Add(victim.IsConstant ? victim.Definition with { Destination = temporary } : new(Opcode.SpillLoad, temporary) { Immediate = _slots[source] });
        }
        bool stores = instruction.Destination.IsValid && moved.ContainsKey(instruction.Destination);
        if (stores && !temporaries.ContainsKey(instruction.Destination)) { Temporary(instruction.Destination, temporaries); }
        result.Add(instruction.Map(r => temporaries.GetValueOrDefault(r, r)));
        if (stores) { result.Add(new(Opcode.SpillStore, A: temporaries[instruction.Destination]) { Immediate = _slots[instruction.Destination] }); }
    }

    private VReg Temporary(VReg of, Dictionary<VReg, VReg> temporaries)
    {
        var temporary = new VReg(RegisterCount++, of.Class);
        temporaries.Add(of, temporary);
        Temporaries.Add(temporary);
        return temporary;
    }
}
