using Iced.Intel;
using Peregrine.CodeGen.X64.Allocation;
using Peregrine.CodeGen.X64.Encoding;

namespace Peregrine.CodeGen.X64.Emitters;

/// <summary>Conventions: register numbers as in the encoding (rax 0, rcx 1, rdx 2, rbx 3, rsp 4, rbp 5, rsi 6, rdi 7, r8…r15).</summary>
internal static class Abi
{
    private const int StackPointer = 4;

    internal static int[] ArgumentRegisters(CallingConvention convention) => convention == CallingConvention.Windows ? [1, 2, 8, 9] : [7, 6, 2, 1, 8, 9];

    internal static int[] CalleeSaved(CallingConvention convention) => convention == CallingConvention.Windows ? [3, 5, 6, 7, 12, 13, 14, 15] : [3, 5, 12, 13, 14, 15];

    /// <summary>Vector registers whose low 128 bits a Windows function preserves.</summary>
    internal static bool IsVectorSaved(CallingConvention convention, int register) => convention == CallingConvention.Windows && register is >= 6 and <= 15;

    internal static RegisterFile[] Files(Emitter emitter, CallingConvention convention, bool framePointer, int vectorLimit)
    {
        // What the caller wants kept is taken last.
        int[] saved = CalleeSaved(convention);
        List<int> integers = new(16), vectors = new(emitter.VectorRegisters);
        foreach (bool isSaved in (bool[])[false, true])
        {
            for (int register = 0; register < 16; register++)
            {
                if (register != StackPointer && !(framePointer && register == Frame.FramePointer) && Array.IndexOf(saved, register) >= 0 == isSaved) { integers.Add(register); }
            }

            for (int register = 0; register < emitter.VectorRegisters; register++)
            {
                if (IsVectorSaved(convention, register) == isSaved) { vectors.Add(register); }
            }
        }

        if (vectorLimit > 0 && vectorLimit < vectors.Count) { vectors.RemoveRange(vectorLimit, vectors.Count - vectorLimit); }
        return [new("integer", [.. integers]), new("vector", [.. vectors]), new("mask", emitter.MaskRegisters)];
    }
}

/// <summary>
/// The stack frame: pushed registers, then slots. With vector slots the frame is aligned to 64 bytes and rbp keeps the way back; else rsp is simply lowered. Leaf code: no shadow space, no red zone.
/// </summary>
internal sealed class Frame
{
    internal const int FramePointer = 5;
    private readonly int[] _pushed;
    private readonly int[] _savedVectors;
    private readonly int _savedVectorsAt;
    private readonly int[] _slotOffsets;

    internal Frame(Allocation.Allocation allocation, Emitter emitter, CallingConvention convention)
    {
        HashSet<int> integers = allocation.Used(RegisterFiles.Integer);
        foreach (RegisterClass slot in allocation.Slots) { HasVectorSlots |= emitter.FileOf(slot) == RegisterFiles.Vector; }
        _pushed = Array.FindAll(Abi.CalleeSaved(convention), r => integers.Contains(r) && !(HasVectorSlots && r == FramePointer));
        HashSet<int> vectors = allocation.Used(RegisterFiles.Vector);
        List<int> savedVectors = [];
        for (int register = 0; register < emitter.VectorRegisters; register++)
        {
            if (vectors.Contains(register) && Abi.IsVectorSaved(convention, register)) { savedVectors.Add(register); }
        }

        _savedVectors = [.. savedVectors];
        _slotOffsets = new int[allocation.Slots.Count];
        int end = 0;
        // The large ones first, so that all are aligned.
        foreach (bool isVector in (bool[])[true, false])
        {
            for (int slot = 0; slot < _slotOffsets.Length; slot++)
            {
                if (emitter.FileOf(allocation.Slots[slot]) == RegisterFiles.Vector != isVector) { continue; }
                _slotOffsets[slot] = end;
                end += Size(allocation.Slots[slot], emitter);
            }
        }

        _savedVectorsAt = end;
        Bytes = end + 16 * _savedVectors.Length;
        if (HasVectorSlots) { Bytes = (Bytes + 63) & ~63; }
    }

    internal bool HasVectorSlots { get; }

    /// <summary>Bytes below the pushed registers.</summary>
    internal int Bytes { get; }

    internal Iced.Intel.MemoryOperand Slot(long slot) => At(Register.RSP, _slotOffsets[slot]);

    /// <summary>Where a Windows function finds argument 4 or 5: above return address and shadow space.</summary>
    internal Iced.Intel.MemoryOperand StackArgument(int number)
    {
        int aboveEntry = 8 * (number + 1);
        return HasVectorSlots ? At(Register.RBP, 8 * (_pushed.Length + 1) + aboveEntry) : At(Register.RSP, Bytes + 8 * _pushed.Length + aboveEntry);
    }

    internal void EmitPrologue(CodeAssembler assembler)
    {
        foreach (int register in _pushed) { assembler.Emit(Instruction.Create(Code.Push_r64, Register.RAX + register)); }
        if (HasVectorSlots)
        {
            assembler.Emit(Instruction.Create(Code.Push_r64, Register.RBP));
            assembler.Emit(Instruction.Create(Code.Mov_r64_rm64, Register.RBP, Register.RSP));
            assembler.Emit(Instruction.Create(Code.Sub_rm64_imm32, Register.RSP, Bytes));
            assembler.Emit(Instruction.Create(Code.And_rm64_imm8, Register.RSP, -64));
        }
        else if (Bytes > 0)
        {
            assembler.Emit(Instruction.Create(Code.Sub_rm64_imm32, Register.RSP, Bytes));
        }

        for (int i = 0; i < _savedVectors.Length; i++)
        {
            assembler.Emit(Instruction.Create(Code.VEX_Vmovups_xmmm128_xmm, At(Register.RSP, _savedVectorsAt + 16 * i), Register.XMM0 + _savedVectors[i]));
        }
    }

    internal void EmitEpilogue(CodeAssembler assembler)
    {
        for (int i = 0; i < _savedVectors.Length; i++)
        {
            assembler.Emit(Instruction.Create(Code.VEX_Vmovups_xmm_xmmm128, Register.XMM0 + _savedVectors[i], At(Register.RSP, _savedVectorsAt + 16 * i)));
        }

        if (HasVectorSlots)
        {
            assembler.Emit(Instruction.Create(Code.Mov_r64_rm64, Register.RSP, Register.RBP));
            assembler.Emit(Instruction.Create(Code.Pop_r64, Register.RBP));
        }
        else if (Bytes > 0)
        {
            assembler.Emit(Instruction.Create(Code.Add_rm64_imm32, Register.RSP, Bytes));
        }

        for (int i = _pushed.Length - 1; i >= 0; i--) { assembler.Emit(Instruction.Create(Code.Pop_r64, Register.RAX + _pushed[i])); }

        // Last but one, so that every way out ends in the same two instructions.
        assembler.Emit(Instruction.Create(Code.VEX_Vzeroupper));
        assembler.Emit(Instruction.Create(Code.Retnq));
    }

    private static int Size(RegisterClass slot, Emitter emitter) => emitter.FileOf(slot) == RegisterFiles.Vector ? 4 * emitter.Lanes : 8;

    private static Iced.Intel.MemoryOperand At(Register register, int displacement) => new(register, Register.None, 1, displacement, displacement == 0 ? 0 : 1, false, Register.None);
}
