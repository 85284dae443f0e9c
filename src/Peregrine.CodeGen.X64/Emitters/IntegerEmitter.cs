using Iced.Intel;
using Peregrine.CodeGen.X64.Encoding;

namespace Peregrine.CodeGen.X64.Emitters;

/// <summary>Integers, addresses and control flow: the same on every instruction set.</summary>
internal sealed class IntegerEmitter(EmissionContext context, int[] argumentRegisters, int loopAlignment)
{
    private readonly Stack<(CodeLabel Head, CodeLabel Exit)> _blocks = new();

    /// <summary>Emits the instruction, or says that it is none of its own. <paramref name="isInnermost"/> tells loops without loops inside.</summary>
    internal bool TryEmit(in KernelInstruction i, bool isInnermost)
    {
        switch (i.Op)
        {
            case Opcode.LoopBegin: BeginLoop(i, isInnermost); return true;
            case Opcode.LoopEnd: EndLoop(i); return true;
            case Opcode.WhenBegin: BeginWhen(i); return true;
            case Opcode.WhenEnd: context.Assembler.Bind(_blocks.Pop().Exit); return true;
            case Opcode.Argument: EmitArgument(i); return true;
            case Opcode.Integer: EmitInteger(i); return true;
            case Opcode.MoveInteger:
                if (!context.SameRegister(i.Destination, i.A)) { Two(Code.Mov_r64_rm64, i); }
                return true;
            case Opcode.AddInteger: Two(Code.Add_r64_rm64, i); return true;
            case Opcode.SubtractInteger: Two(Code.Sub_r64_rm64, i); return true;
            case Opcode.MultiplyInteger: Two(Code.Imul_r64_rm64, i); return true;
            case Opcode.AddImmediate: Immediate(Code.Add_rm64_imm8, Code.Add_rm64_imm32, context[i.Destination], (int)i.Immediate); return true;
            case Opcode.AndImmediate: Immediate(Code.And_rm64_imm8, Code.And_rm64_imm32, context[i.Destination], (int)i.Immediate); return true;
            case Opcode.MultiplyImmediate: context.Emit(Instruction.Create(Code.Imul_r64_rm64_imm32, context[i.Destination], context[i.A], (int)i.Immediate)); return true;
            case Opcode.ShiftLeftInteger: context.Emit(Instruction.Create(Code.Shl_rm64_imm8, context[i.Destination], (int)i.Immediate)); return true;
            case Opcode.ShiftRightInteger: context.Emit(Instruction.Create(Code.Sar_rm64_imm8, context[i.Destination], (int)i.Immediate)); return true;
            case Opcode.MinInteger: Limit(Code.Cmovg_r64_rm64, i); return true;
            case Opcode.MaxInteger: Limit(Code.Cmovl_r64_rm64, i); return true;
            case Opcode.Address: context.Emit(Instruction.Create(Code.Lea_r64_m, context[i.Destination], context.Memory(i.Memory))); return true;
            case Opcode.LoadInteger64: context.Emit(Instruction.Create(Code.Mov_r64_rm64, context[i.Destination], context.Memory(i.Memory))); return true;
            case Opcode.LoadInteger32: context.Emit(Instruction.Create(Code.Movsxd_r64_rm32, context[i.Destination], context.Memory(i.Memory))); return true;
            case Opcode.Prefetch: context.Emit(Instruction.Create(Code.Prefetcht0_m8, context.Memory(i.Memory))); return true;
            case Opcode.PoolAddress: context.Assembler.EmitPool(Instruction.Create(Code.Lea_r64_m, context[i.Destination], CodeAssembler.PoolOperand), (int)i.Immediate, i.Selector); return true;
            case Opcode.KeepLowBits: context.Emit(Instruction.Create(Code.VEX_Bzhi_r64_rm64_r64, context[i.Destination], context[i.Destination], context[i.A])); return true;
            case Opcode.SpillLoad when i.Destination.Class == RegisterClass.Gpr: context.Emit(Instruction.Create(Code.Mov_r64_rm64, context[i.Destination], context.Frame.Slot(i.Immediate))); return true;
            case Opcode.SpillStore when i.A.Class == RegisterClass.Gpr: context.Emit(Instruction.Create(Code.Mov_rm64_r64, context.Frame.Slot(i.Immediate), context[i.A])); return true;
            default: return false;
        }
    }

    private void BeginLoop(in KernelInstruction i, bool isInnermost)
    {
        CodeLabel head = context.Assembler.NewLabel(), exit = context.Assembler.NewLabel();
        _blocks.Push((head, exit));
        if (i.Selector == 1)
        {
            Immediate(Code.Sub_rm64_imm8, Code.Sub_rm64_imm32, context[i.Destination], (int)i.Immediate);
            context.Assembler.Branch(Code.Jl_rel32_64, exit);
        }

        if (isInnermost && loopAlignment > 1) { context.Assembler.Align(loopAlignment); }
        context.Assembler.Bind(head);
    }

    private void EndLoop(in KernelInstruction i)
    {
        (CodeLabel head, CodeLabel exit) = _blocks.Pop();
        Immediate(Code.Sub_rm64_imm8, Code.Sub_rm64_imm32, context[i.Destination], (int)i.Immediate);
        context.Assembler.Branch(Code.Jge_rel32_64, head);
        context.Assembler.Bind(exit);
    }

    private void BeginWhen(in KernelInstruction i)
    {
        CodeLabel exit = context.Assembler.NewLabel();
        _blocks.Push((default, exit));
        if (i.B.IsValid) { context.Emit(Instruction.Create(Code.Cmp_r64_rm64, context[i.A], context[i.B])); }
        else { Immediate(Code.Cmp_rm64_imm8, Code.Cmp_rm64_imm32, context[i.A], (int)i.Immediate); }
        context.Assembler.Branch((Condition)i.Selector switch
        {
            Condition.Equal => Code.Jne_rel32_64,
            Condition.NotEqual => Code.Je_rel32_64,
            Condition.Less => Code.Jge_rel32_64,
            Condition.LessOrEqual => Code.Jg_rel32_64,
            Condition.Greater => Code.Jle_rel32_64,
            _ => Code.Jl_rel32_64,
        }, exit);
    }

    private void EmitArgument(in KernelInstruction i)
    {
        int number = Math.Max(0, (int)i.Immediate);
        if (number >= argumentRegisters.Length) { context.Emit(Instruction.Create(Code.Mov_r64_rm64, context[i.Destination], context.Frame.StackArgument(number))); }
    }

    private void EmitInteger(in KernelInstruction i)
    {
        Register register = context[i.Destination];
        Register low = Register.EAX + (register - Register.RAX);
        if (i.Immediate == 0) { context.Emit(Instruction.Create(Code.Xor_r32_rm32, low, low)); }
        else if (i.Immediate is > 0 and <= uint.MaxValue) { context.Emit(Instruction.Create(Code.Mov_r32_imm32, low, (uint)i.Immediate)); }
        else if (i.Immediate is >= int.MinValue and < 0) { context.Emit(Instruction.Create(Code.Mov_rm64_imm32, register, (int)i.Immediate)); }
        else { context.Emit(Instruction.Create(Code.Mov_r64_imm64, register, i.Immediate)); }
    }

    private void Limit(Code move, in KernelInstruction i)
    {
        Two(Code.Cmp_r64_rm64, i);
        Two(move, i);
    }

    private void Two(Code code, in KernelInstruction i) => context.Emit(Instruction.Create(code, context[i.Destination], context[i.A]));

    private void Immediate(Code small, Code large, Register register, int value) => context.Emit(Instruction.Create(value is >= -128 and <= 127 ? small : large, register, value));
}
