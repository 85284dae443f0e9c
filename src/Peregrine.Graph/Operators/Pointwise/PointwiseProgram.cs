using System.Runtime.InteropServices;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>An <see cref="Expr"/> compiled for certain operand types: straight-line code over numbered slots, each of which holds one value per element of a block.</summary>
/// <param name="Types">The operands' element types; Undefined for an absent one.</param>
/// <param name="Instructions">In order of execution; arguments and targets are slots.</param>
/// <param name="SlotCount">How many slots the program needs.</param>
internal sealed record PointwiseProgram(DataType[] Types, PointwiseInstruction[] Instructions, int SlotCount)
{
    /// <summary>The slot that holds the result in the end.</summary>
    public int ResultSlot => Instructions[^1].Target;

    public static PointwiseProgram Compile(Expr body, DataType[] types)
    {
        PointwiseCompiler compiler = new(types);
        List<PointwiseInstruction> code = compiler.Compile(body);
        return Allocate(types, code);
    }

    /// <summary>Gives every instruction a slot; a slot is used again after the last use of what it holds.</summary>
    private static PointwiseProgram Allocate(DataType[] types, List<PointwiseInstruction> code)
    {
        int[] lastUse = new int[code.Count];
        for (int i = 0; i < code.Count; i++)
        {
            foreach (int argument in (ReadOnlySpan<int>)[code[i].A, code[i].B, code[i].C])
            {
                if (argument >= 0)
                {
                    lastUse[argument] = i;
                }
            }
        }

        lastUse[^1] = code.Count;
        int[] slots = new int[code.Count];
        Stack<int> free = [];
        int count = 0;
        PointwiseInstruction[] instructions = new PointwiseInstruction[code.Count];
        for (int i = 0; i < code.Count; i++)
        {
            PointwiseInstruction step = code[i];
            // All steps work element by element, so the result may overwrite an argument that ends here.
            Release(step.A);
            Release(step.B != step.A ? step.B : -1);
            Release(step.C != step.A && step.C != step.B ? step.C : -1);
            slots[i] = free.TryPop(out int slot) ? slot : count++;
            instructions[i] = step with { A = Slot(step.A), B = Slot(step.B), C = Slot(step.C), Target = slots[i] };

            void Release(int argument)
            {
                if (argument >= 0 && lastUse[argument] == i)
                {
                    free.Push(slots[argument]);
                }
            }

            int Slot(int argument) => argument < 0 ? -1 : slots[argument];
        }

        return new(types, instructions, count);
    }
}
