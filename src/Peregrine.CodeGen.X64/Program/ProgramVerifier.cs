namespace Peregrine.CodeGen.X64;

/// <summary>Checks that blocks nest and that every register is written on every way to its uses.</summary>
internal static class ProgramVerifier
{
    /// <param name="registerCount">Above the number of every register.</param>
    internal static void Verify(string name, ReadOnlySpan<KernelInstruction> instructions, int registerCount)
    {
        bool[] written = new bool[registerCount];
        Span<VReg> room = stackalloc VReg[KernelInstruction.MostSources];
        var open = new Stack<(KernelInstruction Begin, List<VReg>? Conditional)>();
        for (int i = 0; i < instructions.Length; i++)
        {
            KernelInstruction instruction = instructions[i];
            int position = i;
            foreach (VReg source in instruction.Sources(room))
            {
                if (!written[source.Id]) { throw new InvalidOperationException($"Kernel \"{name}\", instruction {position} ({instruction}): {source} may be read before it is written."); }
            }
            switch (instruction.Op)
            {
                case Opcode.LoopBegin:
                    open.Push((instruction, instruction.Selector == 1 ? [] : null));
                    continue;
                case Opcode.WhenBegin:
                    open.Push((instruction, []));
                    continue;
                case Opcode.LoopEnd or Opcode.WhenEnd:
                    Close(name, instruction, position, open, written);
                    continue;
            }

            if (instruction.Destination.IsValid && !written[instruction.Destination.Id])
            {
                written[instruction.Destination.Id] = true;
                NoteConditional(open, instruction.Destination);
            }
        }

        if (open.Count != 0) { throw new InvalidOperationException($"Kernel \"{name}\": {open.Peek().Begin} is not closed."); }
    }

    private static void Close(string name, KernelInstruction end, int position, Stack<(KernelInstruction Begin, List<VReg>? Conditional)> open, bool[] written)
    {
        bool matches = open.TryPop(out (KernelInstruction Begin, List<VReg>? Conditional) top)
            && (end.Op == Opcode.WhenEnd ? top.Begin.Op == Opcode.WhenBegin : top.Begin.Op == Opcode.LoopBegin && top.Begin.Destination == end.Destination);
        if (!matches) { throw new InvalidOperationException($"Kernel \"{name}\", instruction {position} ({end}) closes no open block."); }

        // What only a skippable block writes is not written behind it.
        foreach (VReg register in top.Conditional ?? []) { written[register.Id] = false; }
    }

    private static void NoteConditional(Stack<(KernelInstruction Begin, List<VReg>? Conditional)> open, VReg register)
    {
        foreach ((KernelInstruction _, List<VReg>? conditional) in open)
        {
            if (conditional is not null) { conditional.Add(register); return; }
        }
    }
}
