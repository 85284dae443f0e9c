using Iced.Intel;
using Peregrine.CodeGen.X64.Encoding;

namespace Peregrine.CodeGen.X64.Emitters;

/// <summary>AVX-512 F, BW, DQ, VL with 512-bit vectors; BF16 and VNNI where declared.</summary>
internal sealed class Avx512Emitter : Emitter
{
    internal override int VectorRegisters => 32;

    // k0 means "no mask" in an encoding.
    internal override int[] MaskRegisters => [1, 2, 3, 4, 5, 6, 7];

    internal override int Lanes => 16;

    internal override Register VectorRegister(RegisterClass registerClass, int number) => registerClass == RegisterClass.Mask ? Register.K0 + number : Register.ZMM0 + number;

    internal override void Legalize(in KernelInstruction i, Legalizer target)
    {
        switch (i.Op)
        {
            case Opcode.TailMask:
                VReg bits = target.Define(RegisterClass.Gpr, new(Opcode.Integer) { Immediate = -1 });
                target.Emit(new(Opcode.KeepLowBits, bits, i.A));
                target.Emit(new(Opcode.MaskFromInteger, i.Destination, bits));
                break;
            case Opcode.MaskConstant:
                target.Emit(new(Opcode.MaskFromInteger, i.Destination, target.Define(RegisterClass.Gpr, new(Opcode.Integer) { Immediate = (1L << (int)i.Immediate) - 1 })));
                break;
            case Opcode.LookUp:
                ReadOnlySpan<uint> table = target.Program.Tables[(int)i.Immediate];
                target.Emit(new(Opcode.PoolVector, i.Destination) { Immediate = target.PoolEntry(table[..16]) });
                target.Emit(new(Opcode.PermuteWithPool, i.Destination, i.A) { Immediate = target.PoolEntry(table[16..]) });
                break;
            case Opcode.StoreBf16 when !target.Has(CpuFeatures.Avx512Bf16):
                target.Emit(i with { Op = Opcode.StoreLow16, A = target.RoundToBf16(i.A) });
                break;
            case Opcode.StoreBf16:
                target.Emit(i with { Op = Opcode.StoreLowerHalf, A = target.Define(RegisterClass.Vec, new(Opcode.ConvertF32ToBf16, A: i.A)) });
                break;
            case Opcode.DotBf16 when !target.Has(CpuFeatures.Avx512Bf16): target.Decline(i, "AVX512_BF16"); break;
            case Opcode.DotU8S8 when !target.Has(CpuFeatures.Avx512Vnni): target.Decline(i, "AVX512_VNNI"); break;
            default: target.Emit(i); break;
        }
    }

    internal override void EmitVector(in KernelInstruction i, EmissionContext c)
    {
        switch (i.Op)
        {
            case Opcode.Constant when i.Immediate == 0: Three(Code.EVEX_Vpxord_zmm_k1z_zmm_zmmm512b32, c, i.Destination, i.Destination, i.Destination); break;
            case Opcode.Constant: c.Assembler.EmitPool(Instruction.Create(Code.EVEX_Vbroadcastss_zmm_k1z_xmmm32, c[i.Destination], CodeAssembler.PoolOperand), c.Assembler.Pool.Add((uint)i.Immediate)); break;
            case Opcode.PoolVector: c.Assembler.EmitPool(Instruction.Create(Code.EVEX_Vmovups_zmm_k1z_zmmm512, c[i.Destination], CodeAssembler.PoolOperand), (int)i.Immediate); break;
            case Opcode.PermuteWithPool:
                c.Assembler.EmitPool(Instruction.Create(Code.EVEX_Vpermt2ps_zmm_k1z_zmm_zmmm512b32, c[i.Destination], c[i.A], CodeAssembler.PoolOperand), (int)i.Immediate);
                break;
            case Opcode.Move:
                if (!c.SameRegister(i.Destination, i.A)) { Two(Code.EVEX_Vmovups_zmm_k1z_zmmm512, c, i); }
                break;
            case Opcode.Load: Load(Code.EVEX_Vmovups_zmm_k1z_zmmm512, c, i); break;
            case Opcode.LoadBroadcast: Load(Code.EVEX_Vbroadcastss_zmm_k1z_xmmm32, c, i); break;
            case Opcode.LoadU8: Load(Code.EVEX_Vpmovzxbd_zmm_k1z_xmmm128, c, i); break;
            case Opcode.LoadS8: Load(Code.EVEX_Vpmovsxbd_zmm_k1z_xmmm128, c, i); break;
            case Opcode.LoadU16: Load(Code.EVEX_Vpmovzxwd_zmm_k1z_ymmm256, c, i); break;
            case Opcode.LoadS16: Load(Code.EVEX_Vpmovsxwd_zmm_k1z_ymmm256, c, i); break;
            case Opcode.LoadF16: Load(Code.EVEX_Vcvtph2ps_zmm_k1z_ymmm256_sae, c, i); break;
            case Opcode.Store: Store(Instruction.Create(Code.EVEX_Vmovups_zmmm512_k1z_zmm, c.Memory(i.Memory), c[i.A]), c, i); break;
            case Opcode.StoreLane0: c.Emit(Instruction.Create(Code.EVEX_Vmovss_m32_k1_xmm, c.Memory(i.Memory), c.Xmm(i.A))); break;
            case Opcode.StoreS8: Store(Instruction.Create(Code.EVEX_Vpmovsdb_xmmm128_k1z_zmm, c.Memory(i.Memory), c[i.A]), c, i); break;
            case Opcode.StoreU8: Store(Instruction.Create(Code.EVEX_Vpmovusdb_xmmm128_k1z_zmm, c.Memory(i.Memory), c[i.A]), c, i); break;
            case Opcode.StoreLow16: Store(Instruction.Create(Code.EVEX_Vpmovdw_ymmm256_k1z_zmm, c.Memory(i.Memory), c[i.A]), c, i); break;
            case Opcode.StoreF16: Store(Instruction.Create(Code.EVEX_Vcvtps2ph_ymmm256_k1z_zmm_imm8_sae, c.Memory(i.Memory), c[i.A], 0), c, i); break;
            case Opcode.ConvertF32ToBf16: c.Emit(Instruction.Create(Code.EVEX_Vcvtneps2bf16_ymm_k1z_zmmm512b32, c.Ymm(i.Destination), c[i.A])); break;
            case Opcode.StoreLowerHalf: Store(Instruction.Create(Code.EVEX_Vmovdqu16_ymmm256_k1z_ymm, c.Memory(i.Memory), c.Ymm(i.A)), c, i); break;
            case Opcode.CompareF32: c.Emit(Instruction.Create(Code.EVEX_Vcmpps_kr_k1_zmm_zmmm512b32_imm8_sae, c[i.Destination], c[i.A], c[i.B], i.Selector)); break;
            case Opcode.Select: Masked(Instruction.Create(Code.EVEX_Vblendmps_zmm_k1z_zmm_zmmm512b32, c[i.Destination], c[i.B], c[i.A]), c[i.C], false, c); break;
            case Opcode.Round: c.Emit(Instruction.Create(Code.EVEX_Vrndscaleps_zmm_k1z_zmmm512b32_imm8_sae, c[i.Destination], c[i.A], i.Selector | 8)); break;
            case Opcode.AddDown:
                Instruction add = Instruction.Create(Code.EVEX_Vaddps_zmm_k1z_zmm_zmmm512b32_er, c[i.Destination], c[i.A], c[i.B]);
                add.RoundingControl = RoundingControl.RoundDown;
                c.Emit(add);
                break;
            case Opcode.Above32nd: c.Emit(Instruction.Create(Code.EVEX_Vreduceps_zmm_k1z_zmmm512b32_imm8_sae, c[i.Destination], c[i.A], (5 << 4) | 8 | (int)RoundingMode.Down)); break;
            case Opcode.ShiftLeft: Shift(Code.EVEX_Vpslld_zmm_k1z_zmmm512b32_imm8, c, i); break;
            case Opcode.ShiftRight: Shift(Code.EVEX_Vpsrld_zmm_k1z_zmmm512b32_imm8, c, i); break;
            case Opcode.ShiftRightArithmetic: Shift(Code.EVEX_Vpsrad_zmm_k1z_zmmm512b32_imm8, c, i); break;
            case Opcode.LaneXor when i.Selector >= 4: c.Emit(Instruction.Create(Code.EVEX_Vshuff32x4_zmm_k1z_zmm_zmmm512b32_imm8, c[i.Destination], c[i.A], c[i.A], i.Selector == 8 ? 0x4E : 0xB1)); break;
            case Opcode.LaneXor: c.Emit(Instruction.Create(Code.EVEX_Vpermilps_zmm_k1z_zmmm512b32_imm8, c[i.Destination], c[i.A], i.Selector == 2 ? 0x4E : 0xB1)); break;
            case Opcode.FmaLoad or Opcode.FmaBroadcast:
                c.Emit(Instruction.Create(Code.EVEX_Vfmadd231ps_zmm_k1z_zmm_zmmm512b32_er, c[i.Destination], c[i.A], c.Memory(i.Memory, i.Op == Opcode.FmaBroadcast)));
                break;
            case Opcode.MaskFromInteger: c.Emit(Instruction.Create(Code.VEX_Kmovw_kr_r32, c[i.Destination], Register.EAX + (c[i.A] - Register.RAX))); break;
            case Opcode.MaskNot: Two(Code.VEX_Knotw_kr_kr, c, i); break;
            case Opcode.MaskAnd: Three(Code.VEX_Kandw_kr_kr_kr, c, i); break;
            case Opcode.MaskOr: Three(Code.VEX_Korw_kr_kr_kr, c, i); break;
            case Opcode.SpillLoad when i.Destination.Class == RegisterClass.Mask: c.Emit(Instruction.Create(Code.VEX_Kmovw_kr_km16, c[i.Destination], c.Frame.Slot(i.Immediate))); break;
            case Opcode.SpillStore when i.A.Class == RegisterClass.Mask: c.Emit(Instruction.Create(Code.VEX_Kmovw_m16_kr, c.Frame.Slot(i.Immediate), c[i.A])); break;
            case Opcode.SpillLoad: c.Emit(Instruction.Create(Code.EVEX_Vmovups_zmm_k1z_zmmm512, c[i.Destination], c.Frame.Slot(i.Immediate))); break;
            case Opcode.SpillStore: c.Emit(Instruction.Create(Code.EVEX_Vmovups_zmmm512_k1z_zmm, c.Frame.Slot(i.Immediate), c[i.A])); break;
            case Opcode.AddSlot: c.Emit(Instruction.Create(Code.EVEX_Vaddps_zmm_k1z_zmm_zmmm512b32_er, c[i.Destination], c[i.Destination], c.Frame.Slot(i.Immediate))); break;
            case Opcode.MultiplyAdd:
                c.Fused(i, Code.EVEX_Vfmadd132ps_zmm_k1z_zmm_zmmm512b32_er, Code.EVEX_Vfmadd213ps_zmm_k1z_zmm_zmmm512b32_er, Code.EVEX_Vfmadd231ps_zmm_k1z_zmm_zmmm512b32_er, Code.EVEX_Vmovups_zmm_k1z_zmmm512);
                break;
            case Opcode.NegatedMultiplyAdd:
                c.Fused(i, Code.EVEX_Vfnmadd132ps_zmm_k1z_zmm_zmmm512b32_er, Code.EVEX_Vfnmadd213ps_zmm_k1z_zmm_zmmm512b32_er, Code.EVEX_Vfnmadd231ps_zmm_k1z_zmm_zmmm512b32_er, Code.EVEX_Vmovups_zmm_k1z_zmmm512);
                break;
            case Opcode.SquareRoot: Two(Code.EVEX_Vsqrtps_zmm_k1z_zmmm512b32_er, c, i); break;
            case Opcode.ConvertS32ToF32: Two(Code.EVEX_Vcvtdq2ps_zmm_k1z_zmmm512b32_er, c, i); break;
            case Opcode.ConvertF32ToS32: Two(Code.EVEX_Vcvtps2dq_zmm_k1z_zmmm512b32_er, c, i); break;
            case Opcode.TruncateF32ToS32: Two(Code.EVEX_Vcvttps2dq_zmm_k1z_zmmm512b32_sae, c, i); break;
            default: Three(CodeOf(i.Op), c, i); break;
        }
    }

    private static Code CodeOf(Opcode op) => op switch
    {
        Opcode.Fma => Code.EVEX_Vfmadd231ps_zmm_k1z_zmm_zmmm512b32_er,
        Opcode.FmaNegated => Code.EVEX_Vfnmadd231ps_zmm_k1z_zmm_zmmm512b32_er,
        Opcode.DotBf16 => Code.EVEX_Vdpbf16ps_zmm_k1z_zmm_zmmm512b32,
        Opcode.DotU8S8 => Code.EVEX_Vpdpbusd_zmm_k1z_zmm_zmmm512b32,
        Opcode.Add => Code.EVEX_Vaddps_zmm_k1z_zmm_zmmm512b32_er,
        Opcode.Subtract => Code.EVEX_Vsubps_zmm_k1z_zmm_zmmm512b32_er,
        Opcode.Multiply => Code.EVEX_Vmulps_zmm_k1z_zmm_zmmm512b32_er,
        Opcode.Divide => Code.EVEX_Vdivps_zmm_k1z_zmm_zmmm512b32_er,
        Opcode.ScaleByPowerOfTwo => Code.EVEX_Vscalefps_zmm_k1z_zmm_zmmm512b32_er,
        Opcode.Min => Code.EVEX_Vminps_zmm_k1z_zmm_zmmm512b32_sae,
        Opcode.Max => Code.EVEX_Vmaxps_zmm_k1z_zmm_zmmm512b32_sae,
        Opcode.And => Code.EVEX_Vpandd_zmm_k1z_zmm_zmmm512b32,
        Opcode.Or => Code.EVEX_Vpord_zmm_k1z_zmm_zmmm512b32,
        Opcode.Xor => Code.EVEX_Vpxord_zmm_k1z_zmm_zmmm512b32,
        Opcode.AndNot => Code.EVEX_Vpandnd_zmm_k1z_zmm_zmmm512b32,
        Opcode.AddS32 => Code.EVEX_Vpaddd_zmm_k1z_zmm_zmmm512b32,
        Opcode.SubtractS32 => Code.EVEX_Vpsubd_zmm_k1z_zmm_zmmm512b32,
        Opcode.MultiplyS32 => Code.EVEX_Vpmulld_zmm_k1z_zmm_zmmm512b32,
        Opcode.MinS32 => Code.EVEX_Vpminsd_zmm_k1z_zmm_zmmm512b32,
        Opcode.MaxS32 => Code.EVEX_Vpmaxsd_zmm_k1z_zmm_zmmm512b32,
        Opcode.CompareEqualS32 => Code.EVEX_Vpcmpeqd_kr_k1_zmm_zmmm512b32,
        Opcode.CompareGreaterS32 => Code.EVEX_Vpcmpgtd_kr_k1_zmm_zmmm512b32,
        _ => throw new InvalidOperationException($"{op} has no AVX-512 form."),
    };

    private static void Load(Code code, EmissionContext c, in KernelInstruction i)
    {
        Instruction load = Instruction.Create(code, c[i.Destination], c.Memory(i.Memory));
        if (i.Mask.IsValid) { Masked(load, c[i.Mask], true, c); }
        else { c.Emit(load); }
    }

    private static void Store(Instruction store, EmissionContext c, in KernelInstruction i)
    {
        if (i.Mask.IsValid) { Masked(store, c[i.Mask], false, c); }
        else { c.Emit(store); }
    }

    private static void Masked(Instruction instruction, Register mask, bool zeroing, EmissionContext c)
    {
        instruction.OpMask = mask;
        instruction.ZeroingMasking = zeroing;
        c.Emit(instruction);
    }

    private static void Shift(Code code, EmissionContext c, in KernelInstruction i) => c.Emit(Instruction.Create(code, c[i.Destination], c[i.A], (int)i.Immediate));

    private static void Two(Code code, EmissionContext c, in KernelInstruction i) => c.Emit(Instruction.Create(code, c[i.Destination], c[i.A]));

    private static void Three(Code code, EmissionContext c, in KernelInstruction i) => Three(code, c, i.Destination, i.A, i.B);

    private static void Three(Code code, EmissionContext c, VReg destination, VReg a, VReg b) => c.Emit(Instruction.Create(code, c[destination], c[a], c[b]));
}
