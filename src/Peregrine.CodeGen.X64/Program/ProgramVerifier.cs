namespace Peregrine.CodeGen.X64;

/// <summary>Checks that blocks nest and that every register is written on every way to its uses.</summary>
internal static class ProgramVerifier
{
    private const int NotSkippable = -1;

    /// <param name="registerCount">Above the number of every register.</param>
    internal static void Verify(string name, ReadOnlySpan<KernelInstruction> instructions, int registerCount)
    {
        bool[] written = new bool[registerCount];
        Span<VReg> room = stackalloc VReg[KernelInstruction.MostSources];
        var open = new Stack<OpenBlock>();
        // What the open skippable blocks write first, block by block.
        var conditional = new List<VReg>();
        int skippable = 0;
        for (int i = 0; i < instructions.Length; i++)
        {
            ref readonly KernelInstruction instruction = ref instructions[i];
            foreach (VReg source in instruction.Sources(room))
            {
                if (!written[source.Id]) { throw new InvalidOperationException($"Kernel \"{name}\", instruction {i} ({instruction}): {source} may be read before it is written."); }
            }

            switch (instruction.Op)
            {
                case Opcode.LoopBegin or Opcode.WhenBegin:
                    bool canBeSkipped = instruction.Op == Opcode.WhenBegin || instruction.Selector == 1;
                    open.Push(new(i, canBeSkipped ? conditional.Count : NotSkippable));
                    skippable += canBeSkipped ? 1 : 0;
                    continue;
                case Opcode.LoopEnd or Opcode.WhenEnd:
                    skippable -= Close(name, instructions, i, open, conditional, written) ? 1 : 0;
                    continue;
            }

            if (instruction.Destination.IsValid && !written[instruction.Destination.Id])
            {
                written[instruction.Destination.Id] = true;
                if (skippable > 0) { conditional.Add(instruction.Destination); }
            }
        }

        if (open.Count != 0) { throw new InvalidOperationException($"Kernel \"{name}\": {instructions[open.Peek().Begin]} is not closed."); }
    }

    /// <summary>Returns whether the block was a skippable one.</summary>
    private static bool Close(string name, ReadOnlySpan<KernelInstruction> instructions, int position, Stack<OpenBlock> open, List<VReg> conditional, bool[] written)
    {
        KernelInstruction end = instructions[position];
        bool matches = open.TryPop(out OpenBlock top)
            && (end.Op == Opcode.WhenEnd ? instructions[top.Begin].Op == Opcode.WhenBegin : instructions[top.Begin].Op == Opcode.LoopBegin && instructions[top.Begin].Destination == end.Destination);
        if (!matches) { throw new InvalidOperationException($"Kernel \"{name}\", instruction {position} ({end}) closes no open block."); }
        if (top.FirstConditional == NotSkippable) { return false; }

        // What only a skippable block writes is not written behind it.
        for (int i = top.FirstConditional; i < conditional.Count; i++) { written[conditional[i].Id] = false; }
        conditional.RemoveRange(top.FirstConditional, conditional.Count - top.FirstConditional);
        return true;
    }

    /// <summary>A block: the instruction that opens it, and where what it writes conditionally begins.</summary>
    private readonly record struct OpenBlock(int Begin, int FirstConditional);
}
