namespace Peregrine.CodeGen.X64;

public sealed partial class KernelBuilder
{
    /// <summary>An integer constant in a fresh register.</summary>
    public VReg Integer(long value) => Define(RegisterClass.Gpr, new(Opcode.Integer) { Immediate = value });

    /// <summary>A copy in a fresh register, of any class but masks.</summary>
    public VReg Copy(VReg source) => source.Class == RegisterClass.Vec
        ? Define(RegisterClass.Vec, new(Opcode.Move, A: Expect(source, RegisterClass.Vec)))
        : Define(RegisterClass.Gpr, new(Opcode.MoveInteger, A: Expect(source, RegisterClass.Gpr)));

    /// <summary>target = source, of the same class (vector or integer).</summary>
    public void Assign(VReg target, VReg source)
    {
        Expect(source, target.Class);
        Emit(target.Class switch
        {
            RegisterClass.Gpr => new(Opcode.MoveInteger, target, source),
            RegisterClass.Vec => new(Opcode.Move, Writable(target), source),
            _ => throw new ArgumentException("Masks are not assigned.", nameof(target)),
        });
    }

    /// <summary>target += value.</summary>
    public void AddTo(VReg target, int value) => Emit(new(Opcode.AddImmediate, Expect(target, RegisterClass.Gpr)) { Immediate = value });

    /// <summary>target += value. A pointer stays a pointer.</summary>
    public void AddTo(VReg target, VReg value) => Emit(new(Opcode.AddInteger, Expect(target, RegisterClass.Gpr), Expect(value, RegisterClass.Gpr)));

    /// <summary>Every pointer += bytes.</summary>
    public void Advance(int bytes, params ReadOnlySpan<VReg> pointers)
    {
        foreach (VReg pointer in pointers) { AddTo(pointer, bytes); }
    }

    /// <summary>target -= value.</summary>
    public void SubtractFrom(VReg target, VReg value) => Emit(new(Opcode.SubtractInteger, Expect(target, RegisterClass.Gpr), Expect(value, RegisterClass.Gpr)));

    /// <summary>target *= value.</summary>
    public void MultiplyBy(VReg target, VReg value) => Emit(new(Opcode.MultiplyInteger, Expect(target, RegisterClass.Gpr), Expect(value, RegisterClass.Gpr)));

    /// <summary>value · factor.</summary>
    public VReg Multiply(VReg value, int factor) => Define(RegisterClass.Gpr, new(Opcode.MultiplyImmediate, A: Expect(value, RegisterClass.Gpr)) { Immediate = factor });

    /// <summary>target &amp;= mask, the mask sign-extended to 64 bits.</summary>
    public void AndWith(VReg target, int mask) => Emit(new(Opcode.AndImmediate, Expect(target, RegisterClass.Gpr)) { Immediate = mask });

    /// <summary>target &lt;&lt;= count, 0..63.</summary>
    public void ShiftLeftBy(VReg target, int count) => Emit(new(Opcode.ShiftLeftInteger, Expect(target, RegisterClass.Gpr)) { Immediate = InRange(count, 63) });

    /// <summary>target &gt;&gt;= count, 0..63, arithmetic.</summary>
    public void ShiftRightBy(VReg target, int count) => Emit(new(Opcode.ShiftRightInteger, Expect(target, RegisterClass.Gpr)) { Immediate = InRange(count, 63) });

    /// <summary>target = min(target, value), signed.</summary>
    public void LimitAbove(VReg target, VReg value) => Emit(new(Opcode.MinInteger, Expect(target, RegisterClass.Gpr), Expect(value, RegisterClass.Gpr)));

    /// <summary>target = max(target, value), signed.</summary>
    public void LimitBelow(VReg target, VReg value) => Emit(new(Opcode.MaxInteger, Expect(target, RegisterClass.Gpr), Expect(value, RegisterClass.Gpr)));

    /// <summary>The address of a memory operand in a fresh register.</summary>
    public VReg Address(MemoryOperand memory) => Define(RegisterClass.Gpr, new(Opcode.Address) { Memory = Expect(memory) });

    /// <summary>The 64-bit integer or, from a table argument, pointer at the operand.</summary>
    public VReg LoadInteger64(MemoryOperand memory) => Define(RegisterClass.Gpr, new(Opcode.LoadInteger64) { Memory = Expect(memory) });

    /// <summary>The 32-bit integer at the operand, sign-extended.</summary>
    public VReg LoadInteger32(MemoryOperand memory) => Define(RegisterClass.Gpr, new(Opcode.LoadInteger32) { Memory = Expect(memory) });

    /// <summary>Fetches a line into all caches. The address need not be readable.</summary>
    public void Prefetch(MemoryOperand memory) => Emit(new(Opcode.Prefetch) { Memory = Expect(memory) });

    private VReg Define(RegisterClass registerClass, KernelInstruction instruction)
    {
        VReg destination = Fresh(registerClass);
        Emit(instruction with { Destination = destination });
        return destination;
    }

    private static int InRange(int value, int maximum, int minimum = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, minimum);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, maximum);
        return value;
    }

    private static MemoryOperand Expect(MemoryOperand memory)
    {
        Expect(memory.Base, RegisterClass.Gpr);
        if (memory.Index.IsValid) { Expect(memory.Index, RegisterClass.Gpr); }
        if (memory.Scale is not (1 or 2 or 4 or 8)) { throw new ArgumentException($"A scale of {memory.Scale} is not 1, 2, 4 or 8.", nameof(memory)); }
        return memory;
    }
}
