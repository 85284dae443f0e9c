namespace Peregrine.CodeGen.X64;

public sealed partial class KernelBuilder
{
    /// <summary>accumulator += a · b, rounded once.</summary>
    public void Fma(VReg accumulator, VReg a, VReg b) => Accumulate(Opcode.Fma, accumulator, a, b);

    /// <summary>accumulator -= a · b, rounded once.</summary>
    public void FmaNegated(VReg accumulator, VReg a, VReg b) => Accumulate(Opcode.FmaNegated, accumulator, a, b);

    /// <summary>accumulator += a · vector in memory. Under an active mask too the whole vector is read.</summary>
    public void FmaLoad(VReg accumulator, VReg a, MemoryOperand b) =>
        Emit(new(Opcode.FmaLoad, Writable(accumulator), Expect(a, RegisterClass.Vec)) { Memory = Expect(b) });

    /// <summary>accumulator += a · float in memory, for a broadcast that feeds this one alone.</summary>
    public void FmaBroadcast(VReg accumulator, VReg a, MemoryOperand b) =>
        Emit(new(Opcode.FmaBroadcast, Writable(accumulator), Expect(a, RegisterClass.Vec)) { Memory = Expect(b) });

    /// <summary>accumulator += dot products of bfloat16 pairs.</summary>
    public void DotBf16(VReg accumulator, VReg a, VReg b) => Accumulate(Opcode.DotBf16, accumulator, a, b);

    /// <summary>accumulator += dot products of four unsigned bytes of <paramref name="a"/> and signed bytes of <paramref name="b"/>, wrapping.</summary>
    public void DotU8S8(VReg accumulator, VReg a, VReg b) => Accumulate(Opcode.DotU8S8, accumulator, a, b);

    /// <summary>a + b.</summary>
    public VReg Add(VReg a, VReg b) => Binary(Opcode.Add, a, b);

    /// <summary>a − b.</summary>
    public VReg Subtract(VReg a, VReg b) => Binary(Opcode.Subtract, a, b);

    /// <summary>a · b.</summary>
    public VReg Multiply(VReg a, VReg b) => Binary(Opcode.Multiply, a, b);

    /// <summary>a / b.</summary>
    public VReg Divide(VReg a, VReg b) => Binary(Opcode.Divide, a, b);

    /// <summary>a &lt; b ? a : b; the second where either is NaN or both are zero.</summary>
    public VReg Min(VReg a, VReg b) => Binary(Opcode.Min, a, b);

    /// <summary>a &gt; b ? a : b; the second where either is NaN or both are zero.</summary>
    public VReg Max(VReg a, VReg b) => Binary(Opcode.Max, a, b);

    /// <summary>a · b + c, rounded once, in a fresh register.</summary>
    public VReg MultiplyAdd(VReg a, VReg b, VReg c) => Ternary(Opcode.MultiplyAdd, a, b, c);

    /// <summary>c − a · b, rounded once, in a fresh register.</summary>
    public VReg NegatedMultiplyAdd(VReg a, VReg b, VReg c) => Ternary(Opcode.NegatedMultiplyAdd, a, b, c);

    /// <summary>√a.</summary>
    public VReg SquareRoot(VReg a) => Unary(Opcode.SquareRoot, a);

    /// <summary>a rounded to an integral float.</summary>
    public VReg Round(VReg a, RoundingMode mode) => Define(RegisterClass.Vec, new(Opcode.Round, A: Expect(a, RegisterClass.Vec)) { Selector = (int)mode });

    /// <summary>Signed dwords as floats.</summary>
    public VReg ConvertS32ToF32(VReg a) => Unary(Opcode.ConvertS32ToF32, a);

    /// <summary>Floats as signed dwords, nearest even; 0x80000000 where they do not fit.</summary>
    public VReg ConvertF32ToS32(VReg a) => Unary(Opcode.ConvertF32ToS32, a);

    /// <summary>Floats as signed dwords, towards zero; 0x80000000 where they do not fit.</summary>
    public VReg TruncateF32ToS32(VReg a) => Unary(Opcode.TruncateF32ToS32, a);

    /// <summary>|a|.</summary>
    public VReg Absolute(VReg a) => And(a, ConstantBits(0x7FFFFFFF));

    /// <summary>−a, the sign bit turned over.</summary>
    public VReg Negate(VReg a) => Xor(a, ConstantBits(0x80000000));

    /// <summary>a · 2^n, rounded once, for |a| in 0.5..4 or NaN and n a whole float in −250..250; with AVX-512 a · 2^⌊n⌋ for every n, else unspecified for others.</summary>
    public VReg ScaleByPowerOfTwo(VReg a, VReg n) => Binary(Opcode.ScaleByPowerOfTwo, a, n);

    /// <summary>a + b, rounded down. Needs AVX-512.</summary>
    public VReg AddDown(VReg a, VReg b) => Binary(Opcode.AddDown, a, b);

    /// <summary>What a lies above the nearest multiple of 1/32 that is not larger, rounded down; 0 of infinite ones. Needs AVX-512.</summary>
    public VReg Above32nd(VReg a) => Unary(Opcode.Above32nd, a);

    /// <summary>a &amp; b.</summary>
    public VReg And(VReg a, VReg b) => Binary(Opcode.And, a, b);

    /// <summary>a | b.</summary>
    public VReg Or(VReg a, VReg b) => Binary(Opcode.Or, a, b);

    /// <summary>a ^ b.</summary>
    public VReg Xor(VReg a, VReg b) => Binary(Opcode.Xor, a, b);

    /// <summary>~a &amp; b.</summary>
    public VReg AndNot(VReg a, VReg b) => Binary(Opcode.AndNot, a, b);

    /// <summary>a + b as dwords.</summary>
    public VReg AddS32(VReg a, VReg b) => Binary(Opcode.AddS32, a, b);

    /// <summary>a − b as dwords.</summary>
    public VReg SubtractS32(VReg a, VReg b) => Binary(Opcode.SubtractS32, a, b);

    /// <summary>Low dwords of a · b.</summary>
    public VReg MultiplyS32(VReg a, VReg b) => Binary(Opcode.MultiplyS32, a, b);

    /// <summary>min(a, b) of signed dwords.</summary>
    public VReg MinS32(VReg a, VReg b) => Binary(Opcode.MinS32, a, b);

    /// <summary>max(a, b) of signed dwords.</summary>
    public VReg MaxS32(VReg a, VReg b) => Binary(Opcode.MaxS32, a, b);

    /// <summary>a &lt;&lt; count, 0..31.</summary>
    public VReg ShiftLeft(VReg a, int count) => Shift(Opcode.ShiftLeft, a, count);

    /// <summary>a &gt;&gt;&gt; count, 0..31.</summary>
    public VReg ShiftRight(VReg a, int count) => Shift(Opcode.ShiftRight, a, count);

    /// <summary>a &gt;&gt; count, 0..31, arithmetic.</summary>
    public VReg ShiftRightArithmetic(VReg a, int count) => Shift(Opcode.ShiftRightArithmetic, a, count);

    /// <summary>Lane i of the result is lane i xor distance of a; distance is 1, 2, 4, … below <see cref="Lanes"/>.</summary>
    public VReg LaneXor(VReg a, int distance)
    {
        if (distance < 1 || distance >= Lanes || !int.IsPow2(distance)) { throw new ArgumentOutOfRangeException(nameof(distance), distance, $"A power of two below {Lanes} is needed."); }
        return Define(RegisterClass.Vec, new(Opcode.LaneXor, A: Expect(a, RegisterClass.Vec)) { Selector = distance });
    }

    /// <summary>The entries of a table of 32 dwords whose numbers are in the lowest five bits of the lanes.</summary>
    public VReg LookUp(VReg index, ReadOnlySpan<uint> table)
    {
        if (table.Length != 32) { throw new ArgumentException($"A table has 32 entries, not {table.Length}.", nameof(table)); }
        int number = 0;
        while (number < _tables.Count && !table.SequenceEqual(_tables[number])) { number++; }
        if (number == _tables.Count) { _tables.Add(table.ToArray()); }
        return Define(RegisterClass.Vec, new(Opcode.LookUp, A: Expect(index, RegisterClass.Vec)) { Immediate = number });
    }

    /// <summary>Combines all lanes pairwise, halves first; the result stands in every lane. The order of a sum is fixed by the lane count.</summary>
    /// <param name="value">What to reduce.</param>
    /// <param name="combine">For example <see cref="Add"/> or <see cref="Max"/>.</param>
    public VReg Reduce(VReg value, Func<VReg, VReg, VReg> combine)
    {
        for (int distance = Lanes / 2; distance >= 1; distance /= 2) { value = combine(value, LaneXor(value, distance)); }
        return value;
    }

    /// <summary>Lanes where the comparison holds.</summary>
    public VReg Compare(VReg a, FloatComparison comparison, VReg b) =>
        Define(RegisterClass.Mask, new(Opcode.CompareF32, A: Expect(a, RegisterClass.Vec), B: Expect(b, RegisterClass.Vec)) { Selector = (int)comparison });

    /// <summary>Lanes where the comparison of signed dwords holds.</summary>
    public VReg CompareS32(VReg a, Condition condition, VReg b)
    {
        Expect(a, RegisterClass.Vec);
        Expect(b, RegisterClass.Vec);
        return condition switch
        {
            Condition.Equal => Define(RegisterClass.Mask, new(Opcode.CompareEqualS32, A: a, B: b)),
            Condition.Greater => Define(RegisterClass.Mask, new(Opcode.CompareGreaterS32, A: a, B: b)),
            Condition.Less => Define(RegisterClass.Mask, new(Opcode.CompareGreaterS32, A: b, B: a)),
            Condition.NotEqual => MaskNot(CompareS32(a, Condition.Equal, b)),
            Condition.LessOrEqual => MaskNot(CompareS32(a, Condition.Greater, b)),
            Condition.GreaterOrEqual => MaskNot(CompareS32(a, Condition.Less, b)),
            _ => throw new ArgumentOutOfRangeException(nameof(condition)),
        };
    }

    /// <summary>Lanes in both.</summary>
    public VReg MaskAnd(VReg a, VReg b) => Define(RegisterClass.Mask, new(Opcode.MaskAnd, A: Expect(a, RegisterClass.Mask), B: Expect(b, RegisterClass.Mask)));

    /// <summary>Lanes in either.</summary>
    public VReg MaskOr(VReg a, VReg b) => Define(RegisterClass.Mask, new(Opcode.MaskOr, A: Expect(a, RegisterClass.Mask), B: Expect(b, RegisterClass.Mask)));

    /// <summary>Lanes not in it.</summary>
    public VReg MaskNot(VReg a) => Define(RegisterClass.Mask, new(Opcode.MaskNot, A: Expect(a, RegisterClass.Mask)));

    /// <summary>Where the mask is set the first, else the second.</summary>
    public VReg Select(VReg mask, VReg ifSet, VReg otherwise) =>
        Define(RegisterClass.Vec, new(Opcode.Select, A: Expect(ifSet, RegisterClass.Vec), B: Expect(otherwise, RegisterClass.Vec), C: Expect(mask, RegisterClass.Mask)));

    private void Accumulate(Opcode op, VReg accumulator, VReg a, VReg b)
    {
        Emit(new(op, Writable(accumulator), Expect(a, RegisterClass.Vec), Expect(b, RegisterClass.Vec)));
    }

    private VReg Binary(Opcode op, VReg a, VReg b) => Define(RegisterClass.Vec, new(op, A: Expect(a, RegisterClass.Vec), B: Expect(b, RegisterClass.Vec)));

    private VReg Ternary(Opcode op, VReg a, VReg b, VReg c) =>
        Define(RegisterClass.Vec, new(op, A: Expect(a, RegisterClass.Vec), B: Expect(b, RegisterClass.Vec), C: Expect(c, RegisterClass.Vec)));

    private VReg Unary(Opcode op, VReg a) => Define(RegisterClass.Vec, new(op, A: Expect(a, RegisterClass.Vec)));

    private VReg Shift(Opcode op, VReg a, int count) => Define(RegisterClass.Vec, new(op, A: Expect(a, RegisterClass.Vec)) { Immediate = InRange(count, 31) });
}
