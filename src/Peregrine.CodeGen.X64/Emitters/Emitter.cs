using Iced.Intel;
using Peregrine.CodeGen.X64.Allocation;
using Peregrine.CodeGen.X64.Encoding;

namespace Peregrine.CodeGen.X64.Emitters;

/// <summary>All that is known about one instruction set: what it lacks, its registers, and the machine instruction of each operation.</summary>
internal abstract class Emitter
{
    internal abstract int VectorRegisters { get; }

    /// <summary>Mask registers that can be allocated; empty where masks live in vectors.</summary>
    internal abstract int[] MaskRegisters { get; }

    internal abstract int Lanes { get; }

    internal int FileOf(RegisterClass registerClass) => registerClass switch
    {
        RegisterClass.Gpr => RegisterFiles.Integer,
        RegisterClass.Vec => RegisterFiles.Vector,
        _ => MaskRegisters.Length == 0 ? RegisterFiles.Vector : RegisterFiles.Mask,
    };

    /// <summary>Writes the instruction as what the target can do.</summary>
    internal abstract void Legalize(in KernelInstruction instruction, Legalizer target);

    /// <summary>Emits a vector or mask instruction.</summary>
    internal abstract void EmitVector(in KernelInstruction instruction, EmissionContext context);

    /// <summary>The register of a vector or mask.</summary>
    internal abstract Register VectorRegister(RegisterClass registerClass, int number);
}

/// <summary>What emission needs to know: places of registers, the frame, the assembler.</summary>
internal sealed class EmissionContext(Emitter emitter, Allocation.Allocation allocation, Frame frame, CodeAssembler assembler, CpuFeatures features)
{
    internal CodeAssembler Assembler { get; } = assembler;
    internal Frame Frame { get; } = frame;
    internal CpuFeatures Features { get; } = features;

    internal bool Has(CpuFeatures feature) => (Features & feature) == feature;

    internal void Emit(Instruction instruction) => Assembler.Emit(instruction);

    internal Register this[VReg register] => register.Class == RegisterClass.Gpr ? Register.RAX + allocation[register] : emitter.VectorRegister(register.Class, allocation[register]);

    /// <summary>The register's low 128 or 256 bits.</summary>
    internal Register Xmm(VReg register) => Register.XMM0 + allocation[register];

    /// <inheritdoc cref="Xmm"/>
    internal Register Ymm(VReg register) => Register.YMM0 + allocation[register];

    /// <summary>
    /// Emits a fused multiply-add in the form that overwrites the source with which the destination shares its register: 132 (D = D · third + second), 213 (D = second · D + third) or
    /// 231 (D += second · third). In each form A's NaN goes before B's and that before C's. Where no source shares it, the summand is moved there first.
    /// </summary>
    internal void Fused(in KernelInstruction i, Code form132, Code form213, Code form231, Code move)
    {
        Register d = this[i.Destination], a = this[i.A], b = this[i.B], c = this[i.C];
        if (d == c) { Emit(Instruction.Create(form231, d, a, b)); }
        else if (d == a) { Emit(Instruction.Create(form132, d, c, b)); }
        else if (d == b) { Emit(Instruction.Create(form213, d, a, c)); }
        else
        {
            Emit(Instruction.Create(move, d, c));
            Emit(Instruction.Create(form231, d, a, b));
        }
    }

    internal bool SameRegister(VReg a, VReg b) => allocation[a] == allocation[b];

    internal Iced.Intel.MemoryOperand Memory(in MemoryOperand memory, bool broadcast = false) => new(
        this[memory.Base], memory.Index.IsValid ? this[memory.Index] : Register.None, memory.Scale, memory.Displacement, memory.Displacement == 0 ? 0 : 1, broadcast, Register.None);
}
