using Iced.Intel;
using Peregrine.CodeGen.X64.Encoding;

namespace Peregrine.CodeGen.X64.Emitters;

/// <summary>AVX2 and FMA with 256-bit vectors; masks are vectors of all-ones dwords. F16C and AVX_VNNI where declared.</summary>
internal sealed class Avx2Emitter : Emitter
{
    internal override int VectorRegisters => 16;

    internal override int[] MaskRegisters => [];

    internal override int Lanes => 8;

    internal override Register VectorRegister(RegisterClass registerClass, int number) => Register.YMM0 + number;

    internal override void Legalize(in KernelInstruction i, Legalizer target)
    {
        switch (i.Op)
        {
            case Opcode.TailMask: TailMask(i, target); break;
            case Opcode.MaskConstant: target.Emit(new(Opcode.PoolVector, i.Destination) { Immediate = target.Pool.Add(MaskBytes((int)i.Immediate)) }); break;
            case Opcode.MaskNot: target.Emit(new(Opcode.Xor, i.Destination, i.A, target.Constant(uint.MaxValue))); break;
            case Opcode.MaskAnd: target.Emit(i with { Op = Opcode.And }); break;
            case Opcode.MaskOr: target.Emit(i with { Op = Opcode.Or }); break;
            case Opcode.FmaBroadcast:
                target.Emit(new(Opcode.Fma, i.Destination, i.A, target.Define(RegisterClass.Vec, new(Opcode.LoadBroadcast) { Memory = i.Memory })));
                break;
            case Opcode.LoadU8 or Opcode.LoadS8 or Opcode.LoadU16 or Opcode.LoadS16 or Opcode.LoadF16 or Opcode.StoreU8 or Opcode.StoreS8 or Opcode.StoreLow16 or Opcode.StoreBf16 or Opcode.StoreF16 when i.Mask.IsValid:
                target.Decline(i, "AVX-512 for a mask");
                break;
            case Opcode.LoadF16 or Opcode.StoreF16 when !target.Has(CpuFeatures.F16c): target.Decline(i, "F16C"); break;
            case Opcode.StoreU8: StoreBytes(i, target.Define(RegisterClass.Vec, new(Opcode.MinU32, A: i.A, B: target.Constant(255))), target); break;
            case Opcode.StoreS8:
                VReg low = target.Define(RegisterClass.Vec, new(Opcode.MaxS32, A: i.A, B: target.Constant(unchecked((uint)-128))));
                StoreBytes(i, target.Define(RegisterClass.Vec, new(Opcode.MinS32, A: low, B: target.Constant(127))), target);
                break;
            case Opcode.StoreLow16: StoreWords(i, i.A, target); break;
            case Opcode.StoreBf16: StoreWords(i, target.RoundToBf16(i.A), target); break;
            case Opcode.ScaleByPowerOfTwo: ScaleByPowerOfTwo(i, target); break;
            case Opcode.LookUp: LookUp(i, target); break;
            case Opcode.AddDown or Opcode.Above32nd: target.Decline(i, "AVX-512"); break;
            case Opcode.DotBf16: target.Decline(i, "AVX512_BF16"); break;
            case Opcode.DotU8S8 when !target.Has(CpuFeatures.AvxVnni): target.Decline(i, "AVX_VNNI"); break;
            default: target.Emit(i); break;
        }
    }

    // The mask is a window into 8 dwords of ones followed by 8 of zeros.
    private static void TailMask(in KernelInstruction i, Legalizer target)
    {
        Span<byte> table = stackalloc byte[64];
        table[..32].Fill(0xFF);
        int entry = target.Pool.Add(table);
        VReg offset = target.Define(RegisterClass.Gpr, new(Opcode.MultiplyImmediate, A: i.A) { Immediate = -4 });
        VReg zeros = target.Define(RegisterClass.Gpr, new(Opcode.PoolAddress) { Immediate = entry, Selector = 32 });
        target.Emit(new(Opcode.Load, i.Destination) { Memory = new MemoryOperand(zeros, 0, offset) });
    }

    // Two factors, because one exponent alone can be out of range; the first product is exact.
    private static void ScaleByPowerOfTwo(in KernelInstruction i, Legalizer target)
    {
        VReg n = target.Define(RegisterClass.Vec, new(Opcode.ConvertF32ToS32, A: i.B));
        VReg half = target.Define(RegisterClass.Vec, new(Opcode.ShiftRightArithmetic, A: n) { Immediate = 1 });
        VReg rest = target.Define(RegisterClass.Vec, new(Opcode.SubtractS32, A: n, B: half));
        VReg first = target.Define(RegisterClass.Vec, new(Opcode.Multiply, A: i.A, B: PowerOfTwo(half, target)));
        target.Emit(new(Opcode.Multiply, i.Destination, first, PowerOfTwo(rest, target)));
    }

    // Eight entries at a time; the index's fourth and fifth bit, moved to the sign, select among them.
    private static void LookUp(in KernelInstruction i, Legalizer target)
    {
        VReg index = i.A, fourth = target.Define(RegisterClass.Vec, new(Opcode.ShiftLeft, A: index) { Immediate = 28 });
        uint[] table = target.Program.Tables[(int)i.Immediate];
        VReg Eight(int first) => target.Define(RegisterClass.Vec, new(Opcode.PermutePool, A: index) { Immediate = target.PoolEntry(table.AsSpan(first, 8)) });
        VReg low = target.Define(RegisterClass.Vec, new(Opcode.Select, A: Eight(8), B: Eight(0), C: fourth));
        VReg high = target.Define(RegisterClass.Vec, new(Opcode.Select, A: Eight(24), B: Eight(16), C: fourth));
        VReg fifth = target.Define(RegisterClass.Vec, new(Opcode.ShiftLeft, A: index) { Immediate = 27 });
        target.Emit(new(Opcode.Select, i.Destination, high, low, fifth));
    }

    private static VReg PowerOfTwo(VReg exponent, Legalizer target)
    {
        VReg biased = target.Define(RegisterClass.Vec, new(Opcode.AddS32, A: exponent, B: target.Constant(127)));
        return target.Define(RegisterClass.Vec, new(Opcode.ShiftLeft, A: biased) { Immediate = 23 });
    }

    private static byte[] MaskBytes(int lanes)
    {
        byte[] bytes = new byte[32];
        bytes.AsSpan(0, 4 * lanes).Fill(0xFF);
        return bytes;
    }

    private static void StoreBytes(in KernelInstruction i, VReg value, Legalizer target)
    {
        VReg narrow = target.Define(RegisterClass.Vec, new(Opcode.PermuteBytes, A: value, B: target.Vector((ReadOnlySpan<uint>)[0x0C080400, ~0u, ~0u, ~0u, 0x0C080400, ~0u, ~0u, ~0u])));
        VReg packed = target.Define(RegisterClass.Vec, new(Opcode.PermuteDwords, A: narrow, B: target.Vector((ReadOnlySpan<uint>)[0, 4, 1, 1, 1, 1, 1, 1])));
        target.Emit(new(Opcode.StoreLow64, A: packed) { Memory = i.Memory });
    }

    private static void StoreWords(in KernelInstruction i, VReg value, Legalizer target)
    {
        VReg narrow = target.Define(RegisterClass.Vec, new(Opcode.PermuteBytes, A: value, B: target.Vector((ReadOnlySpan<uint>)[0x05040100, 0x0D0C0908, ~0u, ~0u, 0x05040100, 0x0D0C0908, ~0u, ~0u])));
        VReg packed = target.Define(RegisterClass.Vec, new(Opcode.PermuteDwords, A: narrow, B: target.Vector((ReadOnlySpan<uint>)[0, 1, 4, 5, 2, 2, 2, 2])));
        target.Emit(new(Opcode.StoreLow128, A: packed) { Memory = i.Memory });
    }

    internal override void EmitVector(in KernelInstruction i, EmissionContext c)
    {
        switch (i.Op)
        {
            case Opcode.Constant when i.Immediate == 0: c.Emit(Instruction.Create(Code.VEX_Vpxor_ymm_ymm_ymmm256, c[i.Destination], c[i.Destination], c[i.Destination])); break;
            case Opcode.Constant: c.Assembler.EmitPool(Instruction.Create(Code.VEX_Vbroadcastss_ymm_m32, c[i.Destination], CodeAssembler.PoolOperand), c.Assembler.Pool.Add((uint)i.Immediate)); break;
            case Opcode.PoolVector: c.Assembler.EmitPool(Instruction.Create(Code.VEX_Vmovups_ymm_ymmm256, c[i.Destination], CodeAssembler.PoolOperand), (int)i.Immediate); break;
            case Opcode.PermutePool: c.Assembler.EmitPool(Instruction.Create(Code.VEX_Vpermps_ymm_ymm_ymmm256, c[i.Destination], c[i.A], CodeAssembler.PoolOperand), (int)i.Immediate); break;
            case Opcode.Move:
                if (!c.SameRegister(i.Destination, i.A)) { Two(Code.VEX_Vmovups_ymm_ymmm256, c, i); }
                break;
            case Opcode.Load when i.Mask.IsValid: c.Emit(Instruction.Create(Code.VEX_Vmaskmovps_ymm_ymm_m256, c[i.Destination], c[i.Mask], c.Memory(i.Memory))); break;
            case Opcode.Load: Load(Code.VEX_Vmovups_ymm_ymmm256, c, i); break;
            case Opcode.LoadBroadcast: Load(Code.VEX_Vbroadcastss_ymm_m32, c, i); break;
            case Opcode.LoadU8: Load(Code.VEX_Vpmovzxbd_ymm_xmmm64, c, i); break;
            case Opcode.LoadS8: Load(Code.VEX_Vpmovsxbd_ymm_xmmm64, c, i); break;
            case Opcode.LoadU16: Load(Code.VEX_Vpmovzxwd_ymm_xmmm128, c, i); break;
            case Opcode.LoadS16: Load(Code.VEX_Vpmovsxwd_ymm_xmmm128, c, i); break;
            case Opcode.LoadF16: Load(Code.VEX_Vcvtph2ps_ymm_xmmm128, c, i); break;
            case Opcode.Store when i.Mask.IsValid: c.Emit(Instruction.Create(Code.VEX_Vmaskmovps_m256_ymm_ymm, c.Memory(i.Memory), c[i.Mask], c[i.A])); break;
            case Opcode.Store: c.Emit(Instruction.Create(Code.VEX_Vmovups_ymmm256_ymm, c.Memory(i.Memory), c[i.A])); break;
            case Opcode.StoreLane0: c.Emit(Instruction.Create(Code.VEX_Vmovss_m32_xmm, c.Memory(i.Memory), c.Xmm(i.A))); break;
            case Opcode.StoreLow64: c.Emit(Instruction.Create(Code.VEX_Vmovq_xmmm64_xmm, c.Memory(i.Memory), c.Xmm(i.A))); break;
            case Opcode.StoreLow128: c.Emit(Instruction.Create(Code.VEX_Vmovups_xmmm128_xmm, c.Memory(i.Memory), c.Xmm(i.A))); break;
            case Opcode.StoreF16: c.Emit(Instruction.Create(Code.VEX_Vcvtps2ph_xmmm128_ymm_imm8, c.Memory(i.Memory), c[i.A], 0)); break;
            case Opcode.CompareF32: c.Emit(Instruction.Create(Code.VEX_Vcmpps_ymm_ymm_ymmm256_imm8, c[i.Destination], c[i.A], c[i.B], i.Selector)); break;
            case Opcode.Select: c.Emit(Instruction.Create(Code.VEX_Vblendvps_ymm_ymm_ymmm256_ymm, c[i.Destination], c[i.B], c[i.A], c[i.C])); break;
            case Opcode.Round: c.Emit(Instruction.Create(Code.VEX_Vroundps_ymm_ymmm256_imm8, c[i.Destination], c[i.A], i.Selector | 8)); break;
            case Opcode.ShiftLeft: Shift(Code.VEX_Vpslld_ymm_ymm_imm8, c, i); break;
            case Opcode.ShiftRight: Shift(Code.VEX_Vpsrld_ymm_ymm_imm8, c, i); break;
            case Opcode.ShiftRightArithmetic: Shift(Code.VEX_Vpsrad_ymm_ymm_imm8, c, i); break;
            case Opcode.LaneXor when i.Selector == 4: c.Emit(Instruction.Create(Code.VEX_Vperm2f128_ymm_ymm_ymmm256_imm8, c[i.Destination], c[i.A], c[i.A], 1)); break;
            case Opcode.LaneXor: c.Emit(Instruction.Create(Code.VEX_Vpermilps_ymm_ymmm256_imm8, c[i.Destination], c[i.A], i.Selector == 2 ? 0x4E : 0xB1)); break;
            case Opcode.FmaLoad: c.Emit(Instruction.Create(Code.VEX_Vfmadd231ps_ymm_ymm_ymmm256, c[i.Destination], c[i.A], c.Memory(i.Memory))); break;
            case Opcode.PermuteDwords: c.Emit(Instruction.Create(Code.VEX_Vpermd_ymm_ymm_ymmm256, c[i.Destination], c[i.B], c[i.A])); break;
            case Opcode.SpillLoad: c.Emit(Instruction.Create(Code.VEX_Vmovups_ymm_ymmm256, c[i.Destination], c.Frame.Slot(i.Immediate))); break;
            case Opcode.SpillStore: c.Emit(Instruction.Create(Code.VEX_Vmovups_ymmm256_ymm, c.Frame.Slot(i.Immediate), c[i.A])); break;
            case Opcode.AddSlot: c.Emit(Instruction.Create(Code.VEX_Vaddps_ymm_ymm_ymmm256, c[i.Destination], c[i.Destination], c.Frame.Slot(i.Immediate))); break;
            case Opcode.MultiplyAdd:
                c.Fused(i, Code.VEX_Vfmadd132ps_ymm_ymm_ymmm256, Code.VEX_Vfmadd213ps_ymm_ymm_ymmm256, Code.VEX_Vfmadd231ps_ymm_ymm_ymmm256, Code.VEX_Vmovups_ymm_ymmm256);
                break;
            case Opcode.NegatedMultiplyAdd:
                c.Fused(i, Code.VEX_Vfnmadd132ps_ymm_ymm_ymmm256, Code.VEX_Vfnmadd213ps_ymm_ymm_ymmm256, Code.VEX_Vfnmadd231ps_ymm_ymm_ymmm256, Code.VEX_Vmovups_ymm_ymmm256);
                break;
            case Opcode.SquareRoot: Two(Code.VEX_Vsqrtps_ymm_ymmm256, c, i); break;
            case Opcode.ConvertS32ToF32: Two(Code.VEX_Vcvtdq2ps_ymm_ymmm256, c, i); break;
            case Opcode.ConvertF32ToS32: Two(Code.VEX_Vcvtps2dq_ymm_ymmm256, c, i); break;
            case Opcode.TruncateF32ToS32: Two(Code.VEX_Vcvttps2dq_ymm_ymmm256, c, i); break;
            default: c.Emit(Instruction.Create(CodeOf(i.Op), c[i.Destination], c[i.A], c[i.B])); break;
        }
    }

    private static Code CodeOf(Opcode op) => op switch
    {
        Opcode.Fma => Code.VEX_Vfmadd231ps_ymm_ymm_ymmm256,
        Opcode.FmaNegated => Code.VEX_Vfnmadd231ps_ymm_ymm_ymmm256,
        Opcode.DotU8S8 => Code.VEX_Vpdpbusd_ymm_ymm_ymmm256,
        Opcode.Add => Code.VEX_Vaddps_ymm_ymm_ymmm256,
        Opcode.Subtract => Code.VEX_Vsubps_ymm_ymm_ymmm256,
        Opcode.Multiply => Code.VEX_Vmulps_ymm_ymm_ymmm256,
        Opcode.Divide => Code.VEX_Vdivps_ymm_ymm_ymmm256,
        Opcode.Min => Code.VEX_Vminps_ymm_ymm_ymmm256,
        Opcode.Max => Code.VEX_Vmaxps_ymm_ymm_ymmm256,
        Opcode.And => Code.VEX_Vpand_ymm_ymm_ymmm256,
        Opcode.Or => Code.VEX_Vpor_ymm_ymm_ymmm256,
        Opcode.Xor => Code.VEX_Vpxor_ymm_ymm_ymmm256,
        Opcode.AndNot => Code.VEX_Vpandn_ymm_ymm_ymmm256,
        Opcode.AddS32 => Code.VEX_Vpaddd_ymm_ymm_ymmm256,
        Opcode.SubtractS32 => Code.VEX_Vpsubd_ymm_ymm_ymmm256,
        Opcode.MultiplyS32 => Code.VEX_Vpmulld_ymm_ymm_ymmm256,
        Opcode.MinS32 => Code.VEX_Vpminsd_ymm_ymm_ymmm256,
        Opcode.MaxS32 => Code.VEX_Vpmaxsd_ymm_ymm_ymmm256,
        Opcode.MinU32 => Code.VEX_Vpminud_ymm_ymm_ymmm256,
        Opcode.CompareEqualS32 => Code.VEX_Vpcmpeqd_ymm_ymm_ymmm256,
        Opcode.CompareGreaterS32 => Code.VEX_Vpcmpgtd_ymm_ymm_ymmm256,
        Opcode.PermuteBytes => Code.VEX_Vpshufb_ymm_ymm_ymmm256,
        _ => throw new InvalidOperationException($"{op} has no AVX2 form."),
    };

    private static void Load(Code code, EmissionContext c, in KernelInstruction i) => c.Emit(Instruction.Create(code, c[i.Destination], c.Memory(i.Memory)));

    private static void Shift(Code code, EmissionContext c, in KernelInstruction i) => c.Emit(Instruction.Create(code, c[i.Destination], c[i.A], (int)i.Immediate));

    private static void Two(Code code, EmissionContext c, in KernelInstruction i) => c.Emit(Instruction.Create(code, c[i.Destination], c[i.A]));
}
