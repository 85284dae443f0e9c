namespace Peregrine.CodeGen.X64;

/// <summary>What a virtual register holds.</summary>
public enum RegisterClass
{
    /// <summary>A 64-bit integer or a pointer.</summary>
    Gpr,
    /// <summary>A vector of <see cref="KernelProgram.Lanes"/> dwords.</summary>
    Vec,
    /// <summary>One bit per lane. Where the instruction set has no mask registers it lives in a vector register.</summary>
    Mask,
}

/// <summary>A virtual register. Registers are variables: an instruction may write one again. <c>default</c> means "none".</summary>
public readonly record struct VReg
{
    private const int ClassBits = 2;

    // Programs are thousands of instructions of seven registers each, so a register is one word.
    private readonly int _word;

    /// <param name="id">Its number; 0 for "none".</param>
    /// <param name="registerClass">What it holds.</param>
    public VReg(int id, RegisterClass registerClass) => _word = (id << ClassBits) | (int)registerClass;

    /// <summary>Its number, from 1 on; 0 for "none".</summary>
    public int Id => _word >> ClassBits;

    /// <summary>What it holds.</summary>
    public RegisterClass Class => (RegisterClass)(_word & ((1 << ClassBits) - 1));

    /// <summary>Whether this names a register at all.</summary>
    public bool IsValid => Id > 0;

    /// <inheritdoc/>
    public override string ToString() => !IsValid ? "-" : Class switch { RegisterClass.Gpr => "r", RegisterClass.Vec => "v", _ => "m" } + Id;
}

/// <summary>A memory operand: base + index · scale + displacement, in bytes.</summary>
/// <param name="Base">A pointer.</param>
/// <param name="Displacement">Constant offset in bytes.</param>
/// <param name="Index">An integer register, or none.</param>
/// <param name="Scale">1, 2, 4 or 8.</param>
public readonly record struct MemoryOperand(VReg Base, int Displacement = 0, VReg Index = default, int Scale = 1)
{
    /// <summary>A bare pointer is the memory it points to.</summary>
    public static implicit operator MemoryOperand(VReg pointer) => new(pointer);

    /// <summary>The same operand, <paramref name="bytes"/> further on.</summary>
    public MemoryOperand Plus(int bytes) => this with { Displacement = checked(Displacement + bytes) };

    /// <inheritdoc/>
    public override string ToString()
    {
        string index = Index.IsValid ? $" + {Index}*{Scale}" : "";
        string displacement = Displacement == 0 ? "" : Displacement > 0 ? $" + {Displacement}" : $" - {-(long)Displacement}";
        return $"[{Base}{index}{displacement}]";
    }
}
