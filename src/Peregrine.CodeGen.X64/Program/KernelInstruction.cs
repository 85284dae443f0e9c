using System.Globalization;
using System.Text;

namespace Peregrine.CodeGen.X64;

/// <summary>One instruction of a kernel program; the meaning of the fields is told at <see cref="Opcode"/>.</summary>
public readonly record struct KernelInstruction(Opcode Op, VReg Destination = default, VReg A = default, VReg B = default, VReg C = default)
{
    /// <summary>Lane mask of a load or store, or none.</summary>
    public VReg Mask { get; init; }

    /// <summary>The memory operand; its base is none where the operation has no memory operand.</summary>
    public MemoryOperand Memory { get; init; }

    /// <summary>A number: constant bits, shift count, step, slot.</summary>
    public long Immediate { get; init; }

    /// <summary>A choice: comparison, rounding, distance.</summary>
    public int Selector { get; init; }

    /// <summary>Whether the destination is read before it is written.</summary>
    public bool ReadsDestination => Op is Opcode.LoopBegin or Opcode.LoopEnd or Opcode.AddInteger or Opcode.AddImmediate or Opcode.SubtractInteger or Opcode.MultiplyInteger
        or Opcode.AndImmediate or Opcode.ShiftLeftInteger or Opcode.ShiftRightInteger or Opcode.MinInteger or Opcode.MaxInteger or Opcode.KeepLowBits
        or Opcode.Fma or Opcode.FmaNegated or Opcode.FmaLoad or Opcode.FmaBroadcast or Opcode.DotBf16 or Opcode.DotU8S8
        or Opcode.PermuteWithPool or Opcode.AddSlot;

    /// <summary>Whether the instruction writes memory that arguments point to.</summary>
    public bool WritesMemory => Op is Opcode.Store or Opcode.StoreLane0 or Opcode.StoreS8 or Opcode.StoreU8 or Opcode.StoreLow16 or Opcode.StoreBf16 or Opcode.StoreF16
        or Opcode.StoreLow64 or Opcode.StoreLow128 or Opcode.StoreLowerHalf;

    /// <summary>The most registers that an instruction reads.</summary>
    internal const int MostSources = 7;

    /// <summary>The registers that are read, the destination included where it is: written to the front of <paramref name="room"/>, which holds <see cref="MostSources"/>.</summary>
    internal ReadOnlySpan<VReg> Sources(Span<VReg> room)
    {
        int count = 0;
        if (ReadsDestination) { room[count++] = Destination; }
        if (A.IsValid) { room[count++] = A; }
        if (B.IsValid) { room[count++] = B; }
        if (C.IsValid) { room[count++] = C; }
        if (Mask.IsValid) { room[count++] = Mask; }
        if (Memory.Base.IsValid) { room[count++] = Memory.Base; }
        if (Memory.Index.IsValid) { room[count++] = Memory.Index; }
        return room[..count];
    }

    /// <summary>The same instruction with each register replaced.</summary>
    internal KernelInstruction Map(Func<VReg, VReg> map) => new(Op, One(Destination, map), One(A, map), One(B, map), One(C, map))
    {
        Mask = One(Mask, map),
        Memory = Memory with { Base = One(Memory.Base, map), Index = One(Memory.Index, map) },
        Immediate = Immediate,
        Selector = Selector,
    };

    private static VReg One(VReg register, Func<VReg, VReg> map) => register.IsValid ? map(register) : register;

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder();
        if (Destination.IsValid) { text.Append(Destination).Append(ReadsDestination ? " <- " : " = "); }
        text.Append(Op);
        foreach (VReg source in (ReadOnlySpan<VReg>)[A, B, C])
        {
            if (source.IsValid) { text.Append(' ').Append(source); }
        }

        if (Memory.Base.IsValid) { text.Append(' ').Append(Memory); }
        if (Mask.IsValid) { text.Append(" {").Append(Mask).Append('}'); }
        switch (Op)
        {
            case Opcode.Constant:
                text.Append(CultureInfo.InvariantCulture, $" 0x{(uint)Immediate:x8} ({BitConverter.UInt32BitsToSingle((uint)Immediate):g9})");
                break;
            case Opcode.CompareF32: text.Append(' ').Append((FloatComparison)Selector); break;
            case Opcode.Round: text.Append(' ').Append((RoundingMode)Selector); break;
            case Opcode.LaneXor: text.Append(" ^").Append(Selector); break;
            case Opcode.WhenBegin:
                text.Append(' ').Append((Condition)Selector);
                if (!B.IsValid) { text.Append(' ').Append(Immediate); }
                break;
            case Opcode.LoopBegin: text.Append(Selector == 0 ? " step " : " skippable step ").Append(Immediate); break;
            case Opcode.LoopEnd: text.Append(" step ").Append(Immediate); break;
            default:
                if (Immediate != 0 || Op is Opcode.Integer or Opcode.Argument or Opcode.SpillLoad or Opcode.SpillStore or Opcode.AddSlot) { text.Append(" #").Append(Immediate); }
                break;
        }

        return text.ToString();
    }
}
