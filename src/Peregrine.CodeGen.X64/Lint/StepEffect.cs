using Iced.Intel;

namespace Peregrine.CodeGen.X64.Lint;

/// <summary>What one machine instruction does to the abstract state, and whether its memory access is allowed.</summary>
internal sealed class StepEffect(CompiledCode code)
{
    private readonly InstructionInfoFactory _info = new();
    private AbstractValue _alignedFrame;

    internal HashSet<int> BlockStarts { get; set; } = [];

    internal static AbstractValue ValueOf(ArgumentKind kind) => kind == ArgumentKind.Integer ? AbstractValue.Integer : new(ValueKind.Pointer, (long)kind);

    internal void Apply(in Instruction instruction, MachineState state, Action<string>? report)
    {
        bool isLoadOrStore = LintRun.HasMemory(instruction) && instruction.Mnemonic is not (Mnemonic.Lea or Mnemonic.Nop);
        AbstractValue address = isLoadOrStore ? Access(instruction, state, report) : AbstractValue.Unknown;
        switch (instruction.Mnemonic)
        {
            case Mnemonic.Push:
                state.Integers[4] = state.Integers[4].Plus(-8);
                state.StoreSlot(state.Integers[4], 8, state.Integers[Number(instruction.Op0Register)]);
                return;
            case Mnemonic.Pop:
                state.Integers[Number(instruction.Op0Register)] = state.LoadSlot(state.Integers[4], 8);
                state.Integers[4] = state.Integers[4].Plus(8);
                return;
            case Mnemonic.Vmovups when instruction.Op0Kind == OpKind.Memory:
                if (address.IsStack) { state.StoreSlot(address, Size(instruction), instruction.Op1Register.IsXMM() ? state.Vectors[Number(instruction.Op1Register)] : AbstractValue.Unknown); }
                return;
            case Mnemonic.Vmovups when address.IsStack && instruction.Op0Register.IsXMM():
                state.Vectors[Number(instruction.Op0Register)] = state.LoadSlot(address, 16);
                return;
            case Mnemonic.Vzeroupper:
                return;
        }

        if (isLoadOrStore && instruction.Op0Kind == OpKind.Memory && address.IsStack)
        {
            bool isWord = instruction.Mnemonic == Mnemonic.Mov && instruction.Op1Kind == OpKind.Register && instruction.Op1Register.IsGPR64();
            state.StoreSlot(address, Size(instruction), isWord ? state.Integers[Number(instruction.Op1Register)] : AbstractValue.Unknown);
            return;
        }

        if (instruction.OpCount > 0 && instruction.Op0Kind == OpKind.Register && instruction.Op0Register.IsGPR() && instruction.Mnemonic is not (Mnemonic.Cmp or Mnemonic.Test))
        {
            state.Integers[Number(instruction.Op0Register)] = Integer(instruction, state, address);
            return;
        }

        // Only gathers write a second register; asking for all effects of everything would cost more than the compilation.
        if (instruction.OpCount > 0 && instruction.Op0Kind == OpKind.Register && !instruction.IsVsib && instruction.Encoding is (EncodingKind.VEX or EncodingKind.EVEX))
        {
            if (instruction.Op0Register.IsVectorRegister())
            {
                state.Vectors[Number(instruction.Op0Register)] = AbstractValue.Unknown;
                return;
            }

            if (instruction.Op0Register.IsK()) { return; }
        }

        foreach (UsedRegister used in _info.GetInfo(instruction).GetUsedRegisters())
        {
            if (used.Access is not (OpAccess.Write or OpAccess.CondWrite or OpAccess.ReadWrite or OpAccess.ReadCondWrite)) { continue; }
            if (used.Register.IsVectorRegister()) { state.Vectors[Number(used.Register)] = AbstractValue.Unknown; }
            else if (used.Register.IsGPR()) { state.Integers[Number(used.Register)] = AbstractValue.Unknown; }
        }
    }

    // The value that an integer instruction leaves in its first operand.
    private AbstractValue Integer(in Instruction instruction, MachineState state, AbstractValue address)
    {
        AbstractValue before = state.Integers[Number(instruction.Op0Register)];
        bool isRegister = instruction.OpCount > 1 && instruction.Op1Kind == OpKind.Register && instruction.Op1Register.IsGPR();
        AbstractValue source = isRegister ? state.Integers[Number(instruction.Op1Register)] : AbstractValue.Integer;
        bool isWide = instruction.Op0Register.IsGPR64();
        switch (instruction.Mnemonic)
        {
            case Mnemonic.Mov when isRegister: return isWide ? source : AbstractValue.Integer;
            case Mnemonic.Mov when instruction.Op1Kind == OpKind.Memory: return isWide ? Loaded(instruction, address, state) : AbstractValue.Integer;
            case Mnemonic.Lea: return AddressOf(instruction, state);
            case Mnemonic.Add when !isRegister: return before.Plus((long)instruction.GetImmediate(1));
            case Mnemonic.Sub when !isRegister: return before.Plus(-(long)instruction.GetImmediate(1));
            case Mnemonic.Add: return before.Plus(source);
            case Mnemonic.Sub: return source.Kind == ValueKind.Integer && (before.IsAddress || before.Kind == ValueKind.Integer) ? before : AbstractValue.Unknown;
            case Mnemonic.And when before.Kind == ValueKind.Stack && instruction.Op0Register == Register.RSP && (long)instruction.GetImmediate(1) == -64:
                _alignedFrame = before;
                return new(ValueKind.Frame);
            case Mnemonic.Cmovg or Mnemonic.Cmovl: return before.Join(source);
            case Mnemonic.Xor when isRegister && instruction.Op0Register == instruction.Op1Register: return AbstractValue.Integer;
            case Mnemonic.And or Mnemonic.Shl or Mnemonic.Sar or Mnemonic.Imul or Mnemonic.Bzhi or Mnemonic.Xor:
                bool replaces = instruction.Mnemonic == Mnemonic.Imul && instruction.OpCount == 3;
                return source.Kind == ValueKind.Integer && (replaces || before.Kind == ValueKind.Integer) ? AbstractValue.Integer : AbstractValue.Unknown;
            case Mnemonic.Mov or Mnemonic.Movsxd: return AbstractValue.Integer;
            default: return AbstractValue.Unknown;
        }
    }

    private AbstractValue Loaded(in Instruction instruction, AbstractValue address, MachineState state)
    {
        if (address.IsStack) { return state.LoadSlot(address, 8); }
        if (address.Kind == ValueKind.Block)
        {
            long number = (long)instruction.MemoryDisplacement64 / 8;
            return number < code.Program.Arguments.Count ? ValueOf(code.Program.Arguments[(int)number].Kind) : AbstractValue.Unknown;
        }

        return (ArgumentKind)address.Detail switch
        {
            ArgumentKind.ReadPointerTable => ValueOf(ArgumentKind.ReadPointer),
            ArgumentKind.WritePointerTable => ValueOf(ArgumentKind.WritePointer),
            _ => AbstractValue.Integer,
        };
    }

    private static AbstractValue AddressOf(in Instruction instruction, MachineState state)
    {
        if (instruction.IsIPRelativeMemoryOperand) { return new(ValueKind.Pool); }
        AbstractValue value = instruction.MemoryBase == Register.None ? AbstractValue.Integer : state.Integers[Number(instruction.MemoryBase)];
        if (instruction.MemoryIndex != Register.None)
        {
            AbstractValue index = state.Integers[Number(instruction.MemoryIndex)];
            if (instruction.MemoryIndexScale != 1 && index.Kind != ValueKind.Integer) { return AbstractValue.Unknown; }
            value = value.Plus(index);
        }

        return value.Plus((long)instruction.MemoryDisplacement64);
    }

    // Checks a load, store or prefetch; returns where it goes.
    private AbstractValue Access(in Instruction instruction, MachineState state, Action<string>? report)
    {
        int size = Size(instruction);
        bool writes = instruction.Op0Kind == OpKind.Memory && instruction.Mnemonic is not (Mnemonic.Cmp or Mnemonic.Test or Mnemonic.Prefetcht0);
        if (instruction.IsIPRelativeMemoryOperand)
        {
            long target = (long)instruction.IPRelativeMemoryAddress;
            if (writes || target < code.PoolOffset || target + size > code.Bytes.Length) { report?.Invoke("is outside of the constants or writes them"); }
            return new(ValueKind.Pool);
        }

        AbstractValue address = AddressOf(instruction, state);
        string? problem = address.Kind switch
        {
            ValueKind.Stack => StackProblem(address.Detail, size, writes, state),
            ValueKind.Frame => address.Detail < 0 || address.Detail + size > code.FrameBytes || _alignedFrame.Detail > -code.FrameBytes ? "is outside of the frame" : null,
            ValueKind.Pool => writes ? "writes constants" : null,
            ValueKind.Block => writes || size != 8 || instruction.MemoryIndex != Register.None || instruction.MemoryDisplacement64 % 8 != 0 || instruction.MemoryDisplacement64 >= 8 * (ulong)code.Program.Arguments.Count
                ? "is no declared argument of the block" : null,
            ValueKind.Pointer when (ArgumentKind)address.Detail is ArgumentKind.ReadPointerTable or ArgumentKind.WritePointerTable => writes || size != 8 ? "does not read a pointer from a table" : null,
            ValueKind.Pointer => writes && (ArgumentKind)address.Detail != ArgumentKind.WritePointer ? "writes through a pointer for reading" : null,
            _ => "has an address that comes from no argument",
        };
        if (problem is not null) { report?.Invoke(problem); }
        return address;
    }

    private string? StackProblem(long offset, int size, bool writes, MachineState state)
    {
        bool inFrame = state.Integers[4].Kind == ValueKind.Stack && offset >= state.Integers[4].Detail && offset + size <= 0;
        bool isArgument = !writes && size == 8 && state.Slots.ContainsKey((new AbstractValue(ValueKind.Stack, offset), 8)) && offset > 0;
        return inFrame || isArgument ? null : "is outside of the stack frame";
    }

    private static int Size(in Instruction instruction) => instruction.MemorySize.GetSize();

    private static int Number(Register register) => register.GetNumber();
}
