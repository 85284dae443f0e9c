namespace Peregrine.CodeGen.X64;

/// <summary>What a loop does with a remainder smaller than its step.</summary>
public enum TailMode
{
    /// <summary>Nothing: the caller handles it, <see cref="KernelBuilder.Loop(VReg, int, Action)"/> returns how much is left.</summary>
    None,
    /// <summary>The body runs once more, its loads and stores of vectors under a mask. The step must be the lane count.</summary>
    Masked,
}

/// <summary>
/// Writes a <see cref="KernelProgram"/>. Registers are variables of three classes; control flow is loops and conditional blocks only. A method that returns a register writes a fresh one;
/// accumulating methods (<see cref="Fma"/> and the like) change their first argument. A misuse throws <see cref="InvalidOperationException"/> or <see cref="ArgumentException"/> at once:
/// it is a bug in the caller, never a matter of input.
/// </summary>
public sealed partial class KernelBuilder
{
    // The list of the thread's last program: instructions are large, and lists that grow leave twice their size behind.
    [ThreadStatic]
    private static List<KernelInstruction>? s_spare;

    private readonly List<KernelInstruction> _instructions = TakeSpare();
    private readonly List<KernelArgument> _arguments = [];
    private readonly Dictionary<uint, VReg> _constants = [];
    private readonly Dictionary<int, VReg> _maskConstants = [];
    private readonly List<uint[]> _tables = [];
    private readonly ArgumentPassing _passing;
    private readonly string _name;
    // Constants that have been asked for but not been used yet.
    private readonly Dictionary<VReg, KernelInstruction> _awaited = [];
    private Dictionary<uint, VReg>? _ownConstants;
    private List<KernelInstruction>? _captured;
    private VReg _block;
    private VReg _activeMask;
    private int _registerCount = 1;
    private int _slotCount;
    private int _depth;
    private int _outermostBlock;
    private bool _built;

    /// <param name="name">Name for listings and dumps.</param>
    /// <param name="lanes">Dwords in a vector: 16 or 8, see <see cref="InstructionSet"/>.</param>
    /// <param name="passing">How the caller hands over arguments.</param>
    public KernelBuilder(string name, int lanes, ArgumentPassing passing = ArgumentPassing.Registers)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (lanes is not (8 or 16)) { throw new ArgumentOutOfRangeException(nameof(lanes), lanes, "A vector has 8 or 16 lanes."); }
        (_name, Lanes, _passing) = (name, lanes, passing);
        if (passing == ArgumentPassing.Block)
        {
            _block = Fresh(RegisterClass.Gpr);
            Emit(new(Opcode.Argument, _block) { Immediate = -1 });
        }
    }

    /// <summary>Dwords in a vector.</summary>
    public int Lanes { get; }

    /// <summary>Bytes in a vector.</summary>
    public int VectorBytes => 4 * Lanes;

    /// <summary>Declares the next argument and gives its value. Arguments are declared outside of loops and blocks.</summary>
    public VReg Argument(string name, ArgumentKind kind)
    {
        if (_built) { throw new InvalidOperationException("The program is built already."); }
        if (_depth != 0) { throw new InvalidOperationException($"Argument \"{name}\" is declared inside a block."); }
        if (_passing == ArgumentPassing.Registers && _arguments.Count == 6) { throw new InvalidOperationException("At most 6 arguments are passed in registers; use ArgumentPassing.Block."); }
        int number = _arguments.Count;
        _arguments.Add(new KernelArgument(name, kind));
        VReg value = Fresh(RegisterClass.Gpr);
        if (_passing == ArgumentPassing.Block)
        {
            Emit(new(Opcode.LoadInteger64, value) { Memory = new MemoryOperand(_block, 8 * number) });
        }
        else
        {
            // Incoming registers are taken from the first instruction on, so all arguments stand in front.
            _instructions.Insert(number, new(Opcode.Argument, value) { Immediate = number });
            _outermostBlock = _instructions.Count;
        }

        return value;
    }

    /// <summary>
    /// Runs the body while <paramref name="step"/> or more of <paramref name="count"/> remain, and returns what remains (0..step−1; a negative count stays as it is). The count register is not changed.
    /// </summary>
    public VReg Loop(VReg count, int step, Action body)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        VReg counter = Copy(Expect(count, RegisterClass.Gpr));
        Enter(new(Opcode.LoopBegin, counter) { Immediate = step, Selector = 1 });
        body();
        Leave(new(Opcode.LoopEnd, counter) { Immediate = step });
        AddTo(counter, step);
        return counter;
    }

    /// <summary>As <see cref="Loop(VReg, int, Action)"/>, with the remainder handled as <paramref name="tail"/> says. The body is called once more for the tail.</summary>
    public void Loop(VReg count, int step, TailMode tail, Action body)
    {
        VReg remaining = Loop(count, step, body);
        if (tail == TailMode.None) { return; }
        if (step != Lanes) { throw new ArgumentException($"A masked tail needs a step of {Lanes} lanes, not {step}.", nameof(step)); }
        When(remaining, Condition.Greater, 0, () => Masked(TailMask(remaining), body));
    }

    /// <summary>Runs the body a constant number of times; nothing is emitted for 0 and no loop for 1.</summary>
    public void Loop(int count, Action body)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (count == 0) { return; }
        if (count == 1) { body(); return; }
        VReg counter = Integer(count - 1);
        Enter(new(Opcode.LoopBegin, counter) { Immediate = 0 });
        body();
        Leave(new(Opcode.LoopEnd, counter) { Immediate = 1 });
    }

    /// <summary>Runs the body if the comparison holds.</summary>
    public void When(VReg left, Condition condition, int right, Action body) => Block(new(Opcode.WhenBegin, A: Expect(left, RegisterClass.Gpr)) { Selector = (int)condition, Immediate = right }, body);

    /// <summary>Runs the body if the comparison holds.</summary>
    public void When(VReg left, Condition condition, VReg right, Action body) =>
        Block(new(Opcode.WhenBegin, A: Expect(left, RegisterClass.Gpr), B: Expect(right, RegisterClass.Gpr)) { Selector = (int)condition }, body);

    /// <summary>Within the body, vector loads and stores without a mask of their own use this one.</summary>
    public void Masked(VReg mask, Action body)
    {
        VReg outer = _activeMask;
        _activeMask = Expect(mask, RegisterClass.Mask);
        try { body(); }
        finally { _activeMask = outer; }
    }

    /// <summary>
    /// Mixes the instructions of bodies that do not depend on each other: one of each in turn. Long chains of dependent instructions, one behind the other, would fill the processor's schedulers with
    /// instructions that wait. Bodies have no loops or blocks.
    /// </summary>
    public void Interleave(IReadOnlyList<Action> bodies)
    {
        ArgumentNullException.ThrowIfNull(bodies);
        if (_captured is not null) { throw new InvalidOperationException("Interleaved bodies cannot be nested."); }
        var streams = new List<KernelInstruction>[bodies.Count];
        int longest = 0;
        for (int i = 0; i < streams.Length; i++)
        {
            // Bodies are mostly alike, and so is their length.
            _captured = streams[i] = new(longest);
            try { bodies[i](); }
            finally { _captured = null; }
            longest = Math.Max(longest, streams[i].Count);
        }

        for (int at = 0; at < longest; at++)
        {
            foreach (List<KernelInstruction> stream in streams)
            {
                if (at < stream.Count) { Emit(stream[at]); }
            }
        }
    }

    /// <summary>Ends the program. Throws <see cref="InvalidOperationException"/> if a register may be read before it is written.</summary>
    public KernelProgram Build()
    {
        if (_depth != 0 || _built) { throw new InvalidOperationException(_built ? "The program is built already." : "A block is open."); }
        _built = true;
        KernelInstruction[] instructions = GC.AllocateUninitializedArray<KernelInstruction>(_instructions.Count);
        _instructions.CopyTo(instructions);
        _instructions.Clear();
        s_spare = _instructions;
        ProgramVerifier.Verify(_name, instructions, _registerCount);
        return new KernelProgram(_name, Lanes, _passing, [.. _arguments], instructions, [.. _tables], _registerCount, _slotCount);
    }

    private static List<KernelInstruction> TakeSpare()
    {
        List<KernelInstruction> list = s_spare ?? new(512);
        s_spare = null;
        return list;
    }

    private void Block(KernelInstruction begin, Action body)
    {
        Enter(begin);
        body();
        Leave(new(Opcode.WhenEnd));
    }

    private void Enter(KernelInstruction begin)
    {
        if (_captured is not null || _ownConstants is not null) { throw new InvalidOperationException("Interleaved bodies, and those with constants of their own, have no loops or blocks."); }
        if (_depth == 0) { _outermostBlock = _instructions.Count; }
        Emit(begin);
        _depth++;
    }

    private void Leave(KernelInstruction end)
    {
        _depth--;
        Emit(end);
    }

    private void Emit(KernelInstruction instruction)
    {
        if (_built) { throw new InvalidOperationException("The program is built already."); }
        if (_captured is not null)
        {
            _captured.Add(instruction);
            return;
        }

        if (_awaited.Count > 0)
        {
            foreach (VReg source in instruction.Sources(stackalloc VReg[KernelInstruction.MostSources]))
            {
                if (_awaited.Remove(source, out KernelInstruction definition)) { _instructions.Add(definition); }
            }
        }

        _instructions.Add(instruction);
    }

    private VReg Fresh(RegisterClass registerClass) => new(_registerCount++, registerClass);

    // A hoisted definition stands in front of the outermost open block, so that it reaches every later use.
    private VReg Hoist(KernelInstruction instruction)
    {
        if (_built) { throw new InvalidOperationException("The program is built already."); }
        if (_depth == 0) { _instructions.Add(instruction); }
        else { _instructions.Insert(_outermostBlock++, instruction); }
        return instruction.Destination;
    }

    private VReg Writable(VReg vector) => _constants.ContainsValue(Expect(vector, RegisterClass.Vec)) || (_ownConstants?.ContainsValue(vector) ?? false)
        ? throw new ArgumentException($"{vector} is a shared constant; write to Zero() or a copy.", nameof(vector))
        : vector;

    private static VReg Expect(VReg register, RegisterClass registerClass) =>
        register.IsValid && register.Class == registerClass ? register : throw new ArgumentException($"{register} is {(register.IsValid ? $"a {register.Class} register" : "no register")}, a {registerClass} register is needed.", nameof(register));
}
