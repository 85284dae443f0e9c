namespace Peregrine.CodeGen.X64;

public sealed partial class KernelBuilder
{
    /// <summary>The float constant in all lanes; one register for all uses, loaded before the outermost loop, or within <see cref="WithOwnConstants"/> before the first use there.</summary>
    public VReg Constant(float value) => ConstantBits(BitConverter.SingleToUInt32Bits(value));

    /// <summary>The dword constant in all lanes. Must not be written to.</summary>
    public VReg ConstantBits(uint bits)
    {
        VReg register;
        if (_ownConstants is not null)
        {
            if (!_ownConstants.TryGetValue(bits, out register))
            {
                register = Fresh(RegisterClass.Vec);
                _ownConstants.Add(bits, register);
                _awaited.Add(register, new(Opcode.Constant, register) { Immediate = bits });
            }

            return register;
        }

        if (!_constants.TryGetValue(bits, out register))
        {
            register = Hoist(new(Opcode.Constant, Fresh(RegisterClass.Vec)) { Immediate = bits });
            _constants.Add(bits, register);
        }

        return register;
    }

    /// <summary>
    /// Constants that the body asks for are loaded before their first use in it and need registers no longer than until their last: where accumulators leave none for the length of the kernel, each
    /// use of a hoisted constant would load it again. The body has no loops or blocks.
    /// </summary>
    public void WithOwnConstants(Action body)
    {
        ArgumentNullException.ThrowIfNull(body);
        if (_ownConstants is not null || _captured is not null) { throw new InvalidOperationException("Bodies with constants of their own cannot be nested."); }
        _ownConstants = [];
        try { body(); }
        finally
        {
            _ownConstants = null;
            _awaited.Clear();
        }
    }

    /// <summary>Zeros in a fresh register that may be accumulated into.</summary>
    public VReg Zero() => Define(RegisterClass.Vec, new(Opcode.Constant));

    /// <summary>Sets an accumulator to zeros again.</summary>
    public void Clear(VReg accumulator) => Emit(new(Opcode.Constant, Writable(accumulator)));

    /// <summary>Loads a vector; without the lanes' mask or an active one, all of it.</summary>
    public VReg Load(MemoryOperand memory, VReg mask = default) => LoadAs(Opcode.Load, memory, mask);

    /// <summary>Loads a dword into all lanes. Never masked.</summary>
    public VReg LoadBroadcast(MemoryOperand memory) => Define(RegisterClass.Vec, new(Opcode.LoadBroadcast) { Memory = Expect(memory) });

    /// <summary>Loads unsigned bytes as dwords. AVX2 has no masked form of this and the further narrow loads.</summary>
    public VReg LoadU8(MemoryOperand memory, VReg mask = default) => LoadAs(Opcode.LoadU8, memory, mask);

    /// <summary>Loads signed bytes as dwords.</summary>
    public VReg LoadS8(MemoryOperand memory, VReg mask = default) => LoadAs(Opcode.LoadS8, memory, mask);

    /// <summary>Loads unsigned words as dwords.</summary>
    public VReg LoadU16(MemoryOperand memory, VReg mask = default) => LoadAs(Opcode.LoadU16, memory, mask);

    /// <summary>Loads signed words as dwords.</summary>
    public VReg LoadS16(MemoryOperand memory, VReg mask = default) => LoadAs(Opcode.LoadS16, memory, mask);

    /// <summary>Loads half-precision floats as floats.</summary>
    public VReg LoadF16(MemoryOperand memory, VReg mask = default) => LoadAs(Opcode.LoadF16, memory, mask);

    /// <summary>Loads bfloat16 numbers as floats.</summary>
    public VReg LoadBf16(MemoryOperand memory, VReg mask = default) => ShiftLeft(LoadU16(memory, mask), 16);

    /// <summary>Stores a vector.</summary>
    public void Store(MemoryOperand memory, VReg value, VReg mask = default) => StoreAs(Opcode.Store, memory, value, mask);

    /// <summary>Stores lane 0. Never masked.</summary>
    public void StoreLane0(MemoryOperand memory, VReg value) => Emit(new(Opcode.StoreLane0, A: Expect(value, RegisterClass.Vec)) { Memory = Expect(memory) });

    /// <summary>Stores dwords as bytes, saturated to −128..127. AVX2 has no masked form of this and the further narrow stores.</summary>
    public void StoreS8(MemoryOperand memory, VReg value, VReg mask = default) => StoreAs(Opcode.StoreS8, memory, value, mask);

    /// <summary>Stores signed dwords as bytes, saturated to 0..255.</summary>
    public void StoreU8(MemoryOperand memory, VReg value, VReg mask = default) => StoreAs(Opcode.StoreU8, memory, MaxS32(value, ConstantBits(0)), mask);

    /// <summary>Stores dwords that are not negative as bytes, saturated to 255; a negative one is read as a large unsigned number.</summary>
    public void StoreU8FromUnsigned(MemoryOperand memory, VReg value, VReg mask = default) => StoreAs(Opcode.StoreU8, memory, value, mask);

    /// <summary>Stores the low halves of dwords.</summary>
    public void StoreLow16(MemoryOperand memory, VReg value, VReg mask = default) => StoreAs(Opcode.StoreLow16, memory, value, mask);

    /// <summary>Stores floats as bfloat16: nearest even, denormals as zeros.</summary>
    public void StoreBf16(MemoryOperand memory, VReg value, VReg mask = default) => StoreAs(Opcode.StoreBf16, memory, value, mask);

    /// <summary>Stores floats in half precision: nearest even.</summary>
    public void StoreF16(MemoryOperand memory, VReg value, VReg mask = default) => StoreAs(Opcode.StoreF16, memory, value, mask);

    /// <summary>Reserves room for a vector on the stack and returns its number. Nobody has written there: <see cref="StoreSlot"/> comes first.</summary>
    public int Slot()
    {
        if (_built) { throw new InvalidOperationException("The program is built already."); }
        return _slotCount++;
    }

    /// <summary>Keeps a vector in a slot. Never masked.</summary>
    public void StoreSlot(int slot, VReg value) => Emit(new(Opcode.SpillStore, A: Expect(value, RegisterClass.Vec)) { Immediate = InRange(slot, _slotCount - 1) });

    /// <summary><paramref name="accumulator"/> += the vector in a slot. Never masked.</summary>
    public void AddSlot(VReg accumulator, int slot) => Emit(new(Opcode.AddSlot, Writable(accumulator)) { Immediate = InRange(slot, _slotCount - 1) });

    /// <summary>A mask of the first <paramref name="count"/> lanes, count in 0..<see cref="Lanes"/>.</summary>
    public VReg TailMask(VReg count) => Define(RegisterClass.Mask, new(Opcode.TailMask, A: Expect(count, RegisterClass.Gpr)));

    /// <summary>A mask of the first <paramref name="count"/> lanes; one register for all uses, made before the outermost loop.</summary>
    public VReg TailMask(int count)
    {
        InRange(count, Lanes);
        if (!_maskConstants.TryGetValue(count, out VReg register))
        {
            register = Hoist(new(Opcode.MaskConstant, Fresh(RegisterClass.Mask)) { Immediate = count });
            _maskConstants.Add(count, register);
        }

        return register;
    }

    private VReg LoadAs(Opcode op, MemoryOperand memory, VReg mask) => Define(RegisterClass.Vec, new(op) { Memory = Expect(memory), Mask = MaskOrActive(mask) });

    private void StoreAs(Opcode op, MemoryOperand memory, VReg value, VReg mask) =>
        Emit(new(op, A: Expect(value, RegisterClass.Vec)) { Memory = Expect(memory), Mask = MaskOrActive(mask) });

    private VReg MaskOrActive(VReg mask) => mask.IsValid ? Expect(mask, RegisterClass.Mask) : _activeMask;
}
