namespace Peregrine.CodeGen.X64.Tests;

/// <summary>Executes a program lane by lane in plain C#, on real memory. NaNs follow the rules of SSE: the first operand's payload wins, made quiet; invalid operations give 0xFFC00000.</summary>
internal sealed unsafe class ProgramInterpreter(KernelProgram program, long[] arguments)
{
    private readonly Dictionary<VReg, long> _integers = [];
    private readonly Dictionary<VReg, uint[]> _vectors = [];
    private readonly Dictionary<VReg, uint> _masks = [];
    private readonly uint[][] _slots = new uint[program.SlotCount][];
    private readonly int _lanes = program.Lanes;

    internal void Run() => Run(0, program.Instructions.Count);

    private void Run(int from, int to)
    {
        for (int i = from; i < to; i++)
        {
            KernelInstruction instruction = program.Instructions[i];
            if (instruction.Op == Opcode.LoopBegin)
            {
                int end = End(i);
                _integers[instruction.Destination] -= instruction.Immediate;
                bool again = instruction.Selector == 0 || _integers[instruction.Destination] >= 0;
                while (again)
                {
                    Run(i + 1, end);
                    again = (_integers[instruction.Destination] -= program.Instructions[end].Immediate) >= 0;
                }

                i = end;
            }
            else if (instruction.Op == Opcode.WhenBegin)
            {
                int end = End(i);
                long left = _integers[instruction.A], right = instruction.B.IsValid ? _integers[instruction.B] : instruction.Immediate;
                bool holds = (Condition)instruction.Selector switch
                {
                    Condition.Equal => left == right, Condition.NotEqual => left != right, Condition.Less => left < right,
                    Condition.LessOrEqual => left <= right, Condition.Greater => left > right, _ => left >= right,
                };
                if (holds) { Run(i + 1, end); }
                i = end;
            }
            else { Step(instruction); }
        }
    }

    private int End(int begin)
    {
        int depth = 0;
        for (int i = begin; ; i++)
        {
            Opcode op = program.Instructions[i].Op;
            if (op is Opcode.LoopBegin or Opcode.WhenBegin) { depth++; }
            if (op is Opcode.LoopEnd or Opcode.WhenEnd && --depth == 0) { return i; }
        }
    }

    private void Step(in KernelInstruction i)
    {
        if (i.Destination.Class == RegisterClass.Gpr && i.Destination.IsValid) { _integers[i.Destination] = Integer(i); }
        else if (i.Op == Opcode.Prefetch) { return; }
        else if (i.Op == Opcode.SpillStore) { _slots[i.Immediate] = [.. _vectors[i.A]]; }
        else if (i.WritesMemory) { Store(i); }
        else if (i.Destination.Class == RegisterClass.Mask) { _masks[i.Destination] = Mask(i); }
        else
        {
            uint[] result = new uint[_lanes];
            for (int lane = 0; lane < _lanes; lane++) { result[lane] = Lane(i, lane); }
            _vectors[i.Destination] = result;
        }
    }

    private long Integer(in KernelInstruction i)
    {
        long d = i.ReadsDestination ? _integers[i.Destination] : 0, a = i.A.IsValid ? _integers[i.A] : 0;
        return i.Op switch
        {
            Opcode.Argument => arguments[Math.Max(0, i.Immediate)],
            Opcode.Integer => i.Immediate,
            Opcode.MoveInteger => a,
            Opcode.AddInteger => d + a,
            Opcode.AddImmediate => d + i.Immediate,
            Opcode.SubtractInteger => d - a,
            Opcode.MultiplyInteger => d * a,
            Opcode.MultiplyImmediate => a * i.Immediate,
            Opcode.AndImmediate => d & i.Immediate,
            Opcode.ShiftLeftInteger => d << (int)i.Immediate,
            Opcode.ShiftRightInteger => d >> (int)i.Immediate,
            Opcode.MinInteger => Math.Min(d, a),
            Opcode.MaxInteger => Math.Max(d, a),
            Opcode.Address => Address(i.Memory),
            Opcode.LoadInteger64 => *(long*)Address(i.Memory),
            Opcode.LoadInteger32 => *(int*)Address(i.Memory),
            _ => throw new NotSupportedException(i.ToString()),
        };
    }

    // The sum rounded to nearest and its exact error tell on which side it lies (D. Knuth's two-sum).
    private static float SumDown(float x, float y)
    {
        float sum = x + y;
        if (!float.IsFinite(sum))
        {
            return float.IsPositiveInfinity(sum) && float.IsFinite(x) && float.IsFinite(y) ? float.MaxValue : sum;
        }

        float part = sum - x, error = (x - (sum - part)) + (y - part);
        return error < 0 ? MathF.BitDecrement(sum) : sum == 0 && !(x == 0 && y == 0 && float.IsPositive(x) && float.IsPositive(y)) ? -0f : sum;
    }

    private long Address(MemoryOperand memory) => _integers[memory.Base] + (memory.Index.IsValid ? _integers[memory.Index] * memory.Scale : 0) + memory.Displacement;

    private bool Selected(in KernelInstruction i, int lane) => !i.Mask.IsValid || (_masks[i.Mask] >> lane & 1) != 0;

    private void Store(in KernelInstruction i)
    {
        long address = Address(i.Memory);
        for (int lane = 0; lane < (i.Op == Opcode.StoreLane0 ? 1 : _lanes); lane++)
        {
            if (!Selected(i, lane)) { continue; }
            uint value = _vectors[i.A][lane];
            switch (i.Op)
            {
                case Opcode.Store or Opcode.StoreLane0: ((uint*)address)[lane] = value; break;
                case Opcode.StoreS8: ((sbyte*)address)[lane] = (sbyte)Math.Clamp((int)value, -128, 127); break;
                case Opcode.StoreU8: ((byte*)address)[lane] = (byte)Math.Min(value, 255); break;
                case Opcode.StoreLow16: ((ushort*)address)[lane] = (ushort)value; break;
                case Opcode.StoreBf16: ((ushort*)address)[lane] = ToBf16(value); break;
                case Opcode.StoreF16: ((Half*)address)[lane] = ToHalf(value); break;
                default: throw new NotSupportedException(i.ToString());
            }
        }
    }

    internal static ushort ToBf16(uint bits)
    {
        if ((bits & 0x7FFFFFFF) > 0x7F800000) { return (ushort)(bits >> 16 | 0x40); }
        if ((bits & 0x7F800000) == 0) { return (ushort)(bits >> 16 & 0x8000); }
        return (ushort)(bits + 0x7FFF + (bits >> 16 & 1) >> 16);
    }

    private static Half ToHalf(uint bits) => float.IsNaN(BitConverter.UInt32BitsToSingle(bits))
        ? BitConverter.UInt16BitsToHalf((ushort)(bits >> 16 & 0x8000 | 0x7E00 | bits >> 13 & 0x1FF))
        : (Half)BitConverter.UInt32BitsToSingle(bits);

    private uint Mask(in KernelInstruction i)
    {
        uint result = 0;
        switch (i.Op)
        {
            case Opcode.TailMask: return (uint)((1UL << (int)_integers[i.A]) - 1);
            case Opcode.MaskConstant: return (uint)((1UL << (int)i.Immediate) - 1);
            case Opcode.MaskAnd: return _masks[i.A] & _masks[i.B];
            case Opcode.MaskOr: return _masks[i.A] | _masks[i.B];
            case Opcode.MaskNot: return ~_masks[i.A];
        }

        for (int lane = 0; lane < _lanes; lane++)
        {
            uint a = _vectors[i.A][lane], b = _vectors[i.B][lane];
            float x = BitConverter.UInt32BitsToSingle(a), y = BitConverter.UInt32BitsToSingle(b);
            bool unordered = float.IsNaN(x) || float.IsNaN(y);
            bool holds = i.Op switch
            {
                Opcode.CompareEqualS32 => a == b,
                Opcode.CompareGreaterS32 => (int)a > (int)b,
                _ => (FloatComparison)i.Selector switch
                {
                    FloatComparison.Equal => x == y, FloatComparison.Unordered => unordered, FloatComparison.NotEqual => x != y, FloatComparison.Ordered => !unordered,
                    FloatComparison.Less => x < y, FloatComparison.LessOrEqual => x <= y, FloatComparison.GreaterOrEqual => x >= y, _ => x > y,
                },
            };
            if (holds) { result |= 1u << lane; }
        }

        return result;
    }

    private uint Lane(in KernelInstruction i, int lane)
    {
        if (i.Memory.Base.IsValid && i.Op is not (Opcode.FmaLoad or Opcode.FmaBroadcast))
        {
            if (!Selected(i, lane)) { return 0; }
            long address = Address(i.Memory);
            return i.Op switch
            {
                Opcode.Load => ((uint*)address)[lane],
                Opcode.LoadBroadcast => *(uint*)address,
                Opcode.LoadU8 => ((byte*)address)[lane],
                Opcode.LoadS8 => (uint)((sbyte*)address)[lane],
                Opcode.LoadU16 => ((ushort*)address)[lane],
                Opcode.LoadS16 => (uint)((short*)address)[lane],
                Opcode.LoadF16 => BitConverter.SingleToUInt32Bits((float)((Half*)address)[lane]),
                _ => throw new NotSupportedException(i.ToString()),
            };
        }

        if (i.Op == Opcode.Constant) { return (uint)i.Immediate; }
        if (i.Op == Opcode.AddSlot)
        {
            (uint sum, uint kept) = (_vectors[i.Destination][lane], _slots[i.Immediate][lane]);
            return Float(BitConverter.UInt32BitsToSingle(sum) + BitConverter.UInt32BitsToSingle(kept), sum, kept);
        }

        if (i.Op == Opcode.LaneXor) { return _vectors[i.A][lane ^ i.Selector]; }
        if (i.Op == Opcode.LookUp) { return program.Tables[(int)i.Immediate][_vectors[i.A][lane] & 31]; }
        uint a = _vectors[i.A][lane];
        uint b = i.Op switch { Opcode.FmaLoad => ((uint*)Address(i.Memory))[lane], Opcode.FmaBroadcast => *(uint*)Address(i.Memory), _ => i.B.IsValid ? _vectors[i.B][lane] : 0 };
        uint d = i.ReadsDestination ? _vectors[i.Destination][lane] : 0;
        float x = BitConverter.UInt32BitsToSingle(a), y = BitConverter.UInt32BitsToSingle(b), z = BitConverter.UInt32BitsToSingle(d);
        return i.Op switch
        {
            Opcode.Move => a,
            Opcode.Add => Float(x + y, a, b),
            Opcode.Subtract => Float(x - y, a, b),
            Opcode.Multiply => Float(x * y, a, b),
            Opcode.Divide => Float(x / y, a, b),
            Opcode.Min => x < y ? a : b,
            Opcode.Max => x > y ? a : b,
            Opcode.Fma or Opcode.FmaLoad or Opcode.FmaBroadcast => Float(MathF.FusedMultiplyAdd(x, y, z), a, b, d),
            Opcode.MultiplyAdd => Float(MathF.FusedMultiplyAdd(x, y, Third(i, lane)), a, b, _vectors[i.C][lane]),
            Opcode.NegatedMultiplyAdd => Float(MathF.FusedMultiplyAdd(-x, y, Third(i, lane)), a, b, _vectors[i.C][lane]),
            Opcode.FmaNegated => Float(MathF.FusedMultiplyAdd(-x, y, z), a, b, d),
            Opcode.ScaleByPowerOfTwo => Float((float)Math.ScaleB(x, (int)y), a),
            Opcode.AddDown => Float(SumDown(x, y), a, b),
            Opcode.Above32nd => Float(float.IsInfinity(x) ? 0 : MathF.Abs(x) > 1 << 24 ? -0f : SumDown(x, -MathF.Floor(x * 32) / 32), a),
            Opcode.SquareRoot => Float(MathF.Sqrt(x), a),
            Opcode.Round => Float((RoundingMode)i.Selector switch { RoundingMode.NearestEven => MathF.Round(x), RoundingMode.Down => MathF.Floor(x), RoundingMode.Up => MathF.Ceiling(x), _ => MathF.Truncate(x) }, a),
            Opcode.ConvertS32ToF32 => BitConverter.SingleToUInt32Bits((int)a),
            Opcode.ConvertF32ToS32 => ToInt(MathF.Round(x)),
            Opcode.TruncateF32ToS32 => ToInt(MathF.Truncate(x)),
            Opcode.And => a & b,
            Opcode.Or => a | b,
            Opcode.Xor => a ^ b,
            Opcode.AndNot => ~a & b,
            Opcode.AddS32 => a + b,
            Opcode.SubtractS32 => a - b,
            Opcode.MultiplyS32 => a * b,
            Opcode.MinS32 => (uint)Math.Min((int)a, (int)b),
            Opcode.MaxS32 => (uint)Math.Max((int)a, (int)b),
            Opcode.ShiftLeft => a << (int)i.Immediate,
            Opcode.ShiftRight => a >> (int)i.Immediate,
            Opcode.ShiftRightArithmetic => (uint)((int)a >> (int)i.Immediate),
            Opcode.Select => (_masks[i.C] >> lane & 1) != 0 ? a : b,
            Opcode.DotU8S8 => d + (uint)(Dot(a, b, 0) + Dot(a, b, 8) + Dot(a, b, 16) + Dot(a, b, 24)),
            _ => throw new NotSupportedException(i.ToString()),
        };
    }

    private float Third(in KernelInstruction i, int lane) => BitConverter.UInt32BitsToSingle(_vectors[i.C][lane]);

    private static int Dot(uint a, uint b, int shift) => (byte)(a >> shift) * (sbyte)(b >> shift);

    private static uint ToInt(float x) => x is >= -2147483648f and < 2147483648f ? (uint)(int)x : 0x80000000;

    private static uint Float(float result, params ReadOnlySpan<uint> operands)
    {
        if (!float.IsNaN(result)) { return BitConverter.SingleToUInt32Bits(result); }
        foreach (uint operand in operands)
        {
            if ((operand & 0x7FFFFFFF) > 0x7F800000) { return operand | 0x00400000; }
        }

        return 0xFFC00000;
    }
}
