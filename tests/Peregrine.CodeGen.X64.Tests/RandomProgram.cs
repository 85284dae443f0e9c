namespace Peregrine.CodeGen.X64.Tests;

/// <summary>Random programs over all operations: straight lines, loops, blocks, masks. They read up to <see cref="InputBytes"/> and write up to <see cref="OutputBytes"/>.</summary>
internal sealed class RandomProgram
{
    internal const int InputBytes = 4096, OutputBytes = 4096;
    private static readonly uint[] s_tables = [.. Enumerable.Range(0, 64).Select(i => 0x9E3779B9u * (uint)i)];
    private readonly Random _random;
    private readonly KernelBuilder _p;
    private readonly VReg _input, _output, _count;
    private readonly List<VReg> _vectors = [], _masks = [], _integers = [];
    private readonly List<int> _slots = [];

    private RandomProgram(int seed, int lanes)
    {
        _random = new Random(seed);
        _p = new KernelBuilder("fuzz-" + seed, lanes, _random.Next(2) == 0 ? ArgumentPassing.Registers : ArgumentPassing.Block);
        _input = _p.Argument("input", ArgumentKind.ReadPointer);
        _output = _p.Argument("output", ArgumentKind.WritePointer);
        _count = _p.Argument("count", ArgumentKind.Integer);
        _integers.Add(_count);
    }

    internal static KernelProgram Create(int seed, int lanes)
    {
        var program = new RandomProgram(seed, lanes);
        return program.Build();
    }

    private KernelProgram Build()
    {
        for (int i = 0; i < 3; i++) { _vectors.Add(_p.Load(In(_p.VectorBytes))); }
        _masks.Add(_p.TailMask(_random.Next(_p.Lanes + 1)));
        for (int i = _random.Next(8) - 4; i > 0; i--)
        {
            _slots.Add(_p.Slot());
            _p.StoreSlot(_slots[^1], Any(_vectors));
        }

        Statements(_random.Next(5, 60), 0);
        for (int i = 0; i < _vectors.Count && i < 20; i++) { _p.Store(new MemoryOperand(_output, i * 64), _vectors[_vectors.Count - 1 - i]); }
        return _p.Build();
    }

    private void Statements(int count, int depth)
    {
        for (int i = 0; i < count; i++)
        {
            int choice = _random.Next(100);
            if (choice < 6 && depth < 3) { Block(depth); }
            else if (choice < 18) { IntegerStatement(); }
            else if (choice < 40) { MemoryStatement(); }
            else if (choice < 50) { MaskStatement(); }
            else { VectorStatement(); }
        }
    }

    private void Block(int depth)
    {
        (int vectors, int masks, int integers) = (_vectors.Count, _masks.Count, _integers.Count);
        void Body() => Statements(_random.Next(1, 12), depth + 1);
        switch (_random.Next(4))
        {
            case 0: _p.Loop(_random.Next(1, 5), Body); return;
            case 1: _integers.Add(_p.Loop(_count, _random.Next(1, 4), () => { Body(); Shrink(); })); return;
            case 2: _p.When(Any(_integers), (Condition)_random.Next(6), _random.Next(-3, 6), Body); break;
            default: _p.When(Any(_integers), (Condition)_random.Next(6), Any(_integers), Body); break;
        }

        Shrink();

        void Shrink()
        {
            _vectors.RemoveRange(vectors, _vectors.Count - vectors);
            _masks.RemoveRange(masks, _masks.Count - masks);
            _integers.RemoveRange(integers, _integers.Count - integers);
        }
    }

    private void IntegerStatement()
    {
        VReg target = _p.Copy(Any(_integers)), source = Any(_integers);
        switch (_random.Next(11))
        {
            case 0: _p.AddTo(target, _random.Next(-1000, 1000)); break;
            case 1: _p.AddTo(target, source); break;
            case 2: _p.SubtractFrom(target, source); break;
            case 3: _p.MultiplyBy(target, source); break;
            case 4: target = _p.Multiply(target, _random.Next(-100, 100)); break;
            case 5: _p.AndWith(target, _random.Next()); break;
            case 6: _p.ShiftLeftBy(target, _random.Next(64)); break;
            case 7: _p.ShiftRightBy(target, _random.Next(64)); break;
            case 8: _p.LimitAbove(target, source); break;
            case 9: _p.LimitBelow(target, source); break;
            default: target = _random.Next(2) == 0 ? _p.LoadInteger32(In(4)) : _p.Integer(_random.NextInt64(long.MinValue, long.MaxValue) >> _random.Next(64)); break;
        }

        VReg known = Any(_integers);
        if (known != _count && _random.Next(4) == 0) { _p.Assign(known, target); }
        else { _integers.Add(target); }
    }

    private void SlotStatement(int slot)
    {
        switch (_random.Next(5))
        {
            case 0 or 1: _p.StoreSlot(slot, Any(_vectors)); break;
            case 2: _p.Clear(Any(_vectors)); break;
            default: _p.AddSlot(Any(_vectors), slot); break;
        }
    }

    private void MemoryStatement()
    {
        if (_slots.Count > 0 && _random.Next(4) == 0)
        {
            SlotStatement(_slots[_random.Next(_slots.Count)]);
            return;
        }

        VReg mask = _random.Next(3) == 0 ? Any(_masks) : default;
        int full = _p.VectorBytes;
        switch (_random.Next(18))
        {
            case 0 or 1 or 2: _vectors.Add(_p.Load(In(full), mask)); break;
            case 3: _vectors.Add(_p.LoadBroadcast(In(4))); break;
            case 4: _vectors.Add(_p.LoadU8(In(full / 4))); break;
            case 5: _vectors.Add(_p.LoadS8(In(full / 4), Wide(mask))); break;
            case 6: _vectors.Add(_p.LoadU16(In(full / 2), Wide(mask))); break;
            case 7: _vectors.Add(_p.LoadS16(In(full / 2))); break;
            case 8: _p.Store(Out(full), Any(_vectors), mask); break;
            case 9: _p.StoreLane0(Out(4), Any(_vectors)); break;
            case 10: _p.StoreS8(Out(full / 4), Any(_vectors), Wide(mask)); break;
            case 11: _p.StoreU8(Out(full / 4), Any(_vectors), Wide(mask)); break;
            case 12: _p.StoreBf16(Out(full / 2), Any(_vectors), Wide(mask)); break;
            case 13: _p.StoreF16(Out(full / 2), Any(_vectors), Wide(mask)); break;
            case 14: _vectors.Add(_p.LoadF16(In(full / 2), Wide(mask))); break;
            case 15: _p.StoreU8FromUnsigned(Out(full / 4), Any(_vectors)); break;
            case 16: _p.Prefetch(In(1)); _vectors.Add(_p.LoadBf16(In(full / 2))); break;
            default: _p.StoreLow16(Out(full / 2), Any(_vectors), Wide(mask)); break;
        }
    }

    private void MaskStatement()
    {
        _masks.Add(_random.Next(6) switch
        {
            0 => _p.Compare(Any(_vectors), Pick(Enum.GetValues<FloatComparison>()), Any(_vectors)),
            1 => _p.CompareS32(Any(_vectors), (Condition)_random.Next(6), Any(_vectors)),
            2 => _p.MaskAnd(Any(_masks), Any(_masks)),
            3 => _p.MaskOr(Any(_masks), Any(_masks)),
            4 => _p.MaskNot(Any(_masks)),
            _ => TailOfInteger(),
        });
    }

    private VReg TailOfInteger()
    {
        VReg count = _p.Copy(Any(_integers));
        _p.AndWith(count, _p.Lanes - 1);
        return _p.TailMask(count);
    }

    private void VectorStatement()
    {
        VReg a = Any(_vectors), b = _random.Next(5) == 0 ? _p.ConstantBits((uint)_random.NextInt64(1L << 32)) : Any(_vectors);
        int shift = _random.Next(32);
        VReg accumulator = Any(_vectors);
        switch (_random.Next(40))
        {
            case 0 or 1: _p.Fma(accumulator, a, b); return;
            case 2: _p.FmaNegated(accumulator, a, b); return;
            case 3: _p.FmaLoad(accumulator, a, In(_p.VectorBytes)); return;
            case 4: _p.FmaBroadcast(accumulator, a, In(4)); return;
            case 5: _p.DotU8S8(accumulator, a, b); return;
            case 6: _p.Assign(accumulator, a); return;
            case 7: _vectors.Add(_p.Add(a, b)); break;
            case 8: _vectors.Add(_p.Subtract(a, b)); break;
            case 9: _vectors.Add(_p.Multiply(a, b)); break;
            case 10: _vectors.Add(_p.Divide(a, b)); break;
            case 11: _vectors.Add(_p.Min(a, b)); break;
            case 12: _vectors.Add(_p.Max(a, b)); break;
            case 13: _vectors.Add(_p.SquareRoot(a)); break;
            case 14: _vectors.Add(_p.Round(a, (RoundingMode)_random.Next(4))); break;
            case 15: _vectors.Add(_p.ConvertS32ToF32(a)); break;
            case 16: _vectors.Add(_p.ConvertF32ToS32(a)); break;
            case 17: _vectors.Add(_p.TruncateF32ToS32(a)); break;
            case 18: _vectors.Add(_p.And(a, b)); break;
            case 19: _vectors.Add(_p.Or(a, b)); break;
            case 20: _vectors.Add(_p.Xor(a, b)); break;
            case 21: _vectors.Add(_p.AndNot(a, b)); break;
            case 22: _vectors.Add(_p.AddS32(a, b)); break;
            case 23: _vectors.Add(_p.SubtractS32(a, b)); break;
            case 24: _vectors.Add(_p.MultiplyS32(a, b)); break;
            case 25: _vectors.Add(_p.MinS32(a, b)); break;
            case 26: _vectors.Add(_p.MaxS32(a, b)); break;
            case 27: _vectors.Add(_p.ShiftLeft(a, shift)); break;
            case 28: _vectors.Add(_p.ShiftRight(a, shift)); break;
            case 29: _vectors.Add(_p.ShiftRightArithmetic(a, shift)); break;
            case 30: _vectors.Add(_p.LaneXor(a, 1 << _random.Next(int.Log2(_p.Lanes)))); break;
            case 31: _vectors.Add(_p.MultiplyAdd(a, b, accumulator)); break;
            case 37 when _p.Lanes == 16: _vectors.Add(_p.AddDown(a, b)); break;
            case 36 when _p.Lanes == 16: _vectors.Add(_p.Above32nd(a)); break;
            case 35: Mixed(a, b); return;
            case 34: _vectors.Add(_p.LookUp(a, s_tables.AsSpan(32 * _random.Next(2), 32))); break;
            case 33: _vectors.Add(_p.NegatedMultiplyAdd(a, b, accumulator)); break;
            case 32:
                VReg mantissa = _p.Or(_p.And(a, _p.ConstantBits(0x807FFFFF)), _p.ConstantBits(_random.Next(2) == 0 ? 0x3F000000u : 0x3F800000u));
                VReg limited = _p.Max(_p.Min(b, _p.Constant(250)), _p.Constant(-250));
                _vectors.Add(_p.ScaleByPowerOfTwo(mantissa, _p.Round(limited, RoundingMode.Down)));
                break;
            default: _vectors.Add(_p.Select(Any(_masks), a, b)); break;
        }
    }

    // Bodies that share constants of their own, mixed instruction by instruction.
    private void Mixed(VReg a, VReg b)
    {
        float[] constants = [.. Enumerable.Range(0, _random.Next(1, 6)).Select(i => _random.Next(3) - 0.5f * i)];
        VReg[] results = new VReg[_random.Next(1, 5)];
        Action[] bodies = [.. results.Select((_, number) => (Action)(() =>
        {
            VReg value = number % 2 == 0 ? a : b;
            foreach (float constant in constants.Skip(number % 2)) { value = _p.MultiplyAdd(value, _p.Constant(constant), _p.Constant(1)); }
            results[number] = _p.Add(value, _p.Constant(number));
        }))];
        _p.WithOwnConstants(() => _p.Interleave(bodies));
        _vectors.AddRange(results);
    }

    // Narrow masked accesses exist for 16 lanes only.
    private VReg Wide(VReg mask) => _p.Lanes == 16 ? mask : default;

    private MemoryOperand In(int size) => Operand(_input, InputBytes - size);

    private MemoryOperand Out(int size) => Operand(_output, OutputBytes - size);

    private MemoryOperand Operand(VReg pointer, int last)
    {
        if (_random.Next(8) == 0)
        {
            VReg end = _p.Copy(pointer);
            _p.AddTo(end, last);
            return new MemoryOperand(end, -_random.Next(last + 1));
        }

        if (_random.Next(4) != 0) { return new MemoryOperand(pointer, _random.Next(last + 1)); }
        VReg index = _p.Copy(Any(_integers));
        _p.AndWith(index, 127);
        return new MemoryOperand(_random.Next(2) == 0 ? pointer : _p.Address(new MemoryOperand(pointer, 0)), _random.Next(last - 1016), index, 1 << _random.Next(4));
    }

    private VReg Any(List<VReg> from) => from[_random.Next(from.Count)];

    private T Pick<T>(T[] from) => from[_random.Next(from.Length)];
}
