using Iced.Intel;
using Peregrine.CodeGen.X64.Emitters;

namespace Peregrine.CodeGen.X64.Lint;

/// <summary>One check of one kernel: finds basic blocks, iterates states to their fixed point, then reports.</summary>
internal sealed class LintRun
{
    private readonly CompiledCode _code;
    private readonly List<Instruction> _instructions;
    private readonly Dictionary<ulong, int> _indexOf = [];
    private readonly List<string> _findings = [];
    private readonly StepEffect _effect;
    private readonly CallingConvention _convention;

    internal LintRun(CompiledCode code, byte[] bytes)
    {
        _code = code;
        _convention = code.Options.Convention;
        _instructions = CodeLint.Decode(bytes[..code.CodeLength]);
        for (int i = 0; i < _instructions.Count; i++) { _indexOf[_instructions[i].IP] = i; }
        _effect = new StepEffect(code);
    }

    internal IReadOnlyList<string> Run()
    {
        for (int i = 0; i < _instructions.Count; i++) { CheckForm(i); }
        if (_findings.Count > 0) { return _findings; }
        foreach ((int start, MachineState state) in Solve().OrderBy(s => s.Key)) { Walk(start, state.Copy(), _findings, (_, _) => { }); }
        return _findings;
    }

    private void CheckForm(int index)
    {
        Instruction instruction = _instructions[index];
        if (instruction.IsInvalid)
        {
            Report(instruction, "is no instruction");
            return;
        }

        foreach (CpuidFeature feature in instruction.CpuidFeatures)
        {
            CpuFeatures? known = CodeLint.Translate(feature);
            if (known is null || (known.Value & ~_code.Options.Features) != 0) { Report(instruction, $"needs {feature}, which is not declared"); }
        }

        bool touchesMemory = HasMemory(instruction);
        if (touchesMemory && instruction.Mnemonic is Mnemonic.Vmovaps or Mnemonic.Vmovapd or Mnemonic.Vmovdqa or Mnemonic.Vmovdqa32 or Mnemonic.Vmovdqa64 or Mnemonic.Vmovntps or Mnemonic.Vmovntdq)
        {
            Report(instruction, "demands alignment");
        }

        if (instruction.Encoding == EncodingKind.Legacy && Enumerable.Range(0, instruction.OpCount).Any(o => instruction.GetOpKind(o) == OpKind.Register && instruction.GetOpRegister(o).IsVectorRegister()))
        {
            Report(instruction, "is in SSE encoding");
        }

        switch (instruction.FlowControl)
        {
            case FlowControl.Next:
                if (index == _instructions.Count - 1) { Report(instruction, "runs off the end"); }
                break;
            case FlowControl.ConditionalBranch or FlowControl.UnconditionalBranch:
                if (!_indexOf.ContainsKey(instruction.NearBranchTarget)) { Report(instruction, "leaves the code"); }
                if (instruction.FlowControl == FlowControl.ConditionalBranch && index == _instructions.Count - 1) { Report(instruction, "runs off the end"); }
                break;
            case FlowControl.Return:
                if (index == 0 || _instructions[index - 1].Mnemonic != Mnemonic.Vzeroupper || instruction.OpCount != 0) { Report(instruction, "does not follow vzeroupper"); }
                break;
            default:
                Report(instruction, "is a transfer of control that kernels do not use");
                break;
        }
    }

    private Dictionary<int, MachineState> Solve()
    {
        var states = new Dictionary<int, MachineState> { [0] = Entry() };
        var pending = new SortedSet<int> { 0 };
        var blocks = new HashSet<int>(_instructions.Where(i => i.FlowControl is FlowControl.ConditionalBranch or FlowControl.UnconditionalBranch).Select(i => _indexOf[i.NearBranchTarget])) { 0 };
        _effect.BlockStarts = blocks;
        while (pending.Count > 0)
        {
            int start = pending.Min;
            pending.Remove(start);
            Walk(start, states[start].Copy(), null, (target, state) =>
            {
                if (!states.TryGetValue(target, out MachineState? known))
                {
                    states.Add(target, state.Copy());
                    pending.Add(target);
                }
                else if (known.Join(state)) { pending.Add(target); }
            });
        }

        return states;
    }

    // Follows one basic block; hands the state at its end to its successors.
    private void Walk(int index, MachineState state, List<string>? findings, Action<int, MachineState> flow)
    {
        int start = index;
        while (true)
        {
            if (index != start && _effect.BlockStarts.Contains(index))
            {
                flow(index, state);
                return;
            }

            Instruction instruction = _instructions[index];
            if (instruction.FlowControl != FlowControl.Return) { _effect.Apply(instruction, state, findings is null ? null : problem => Report(instruction, problem)); }
            switch (instruction.FlowControl)
            {
                case FlowControl.ConditionalBranch:
                    flow(_indexOf[instruction.NearBranchTarget], state);
                    break;
                case FlowControl.UnconditionalBranch:
                    flow(_indexOf[instruction.NearBranchTarget], state);
                    return;
                case FlowControl.Return:
                    if (findings is not null) { CheckReturn(instruction, state); }
                    return;
            }

            index++;
        }
    }

    private MachineState Entry()
    {
        var state = new MachineState();
        for (int i = 0; i < 16; i++) { state.Integers[i] = new(ValueKind.Initial, i); }
        for (int i = 0; i < 32; i++) { state.Vectors[i] = new(ValueKind.Initial, i); }
        state.Integers[4] = new(ValueKind.Stack);
        int[] registers = Abi.ArgumentRegisters(_convention);
        KernelProgram program = _code.Program;
        if (program.Passing == ArgumentPassing.Block) { state.Integers[registers[0]] = new(ValueKind.Block); }
        else
        {
            for (int i = 0; i < program.Arguments.Count; i++)
            {
                AbstractValue value = StepEffect.ValueOf(program.Arguments[i].Kind);
                if (i < registers.Length) { state.Integers[registers[i]] = value; }
                else { state.Slots[(new AbstractValue(ValueKind.Stack, 8 * (i + 1)), 8)] = value; }
            }
        }

        return state;
    }

    private void CheckReturn(Instruction instruction, MachineState state)
    {
        if (state.Integers[4] != new AbstractValue(ValueKind.Stack)) { Report(instruction, $"returns with an unbalanced stack ({state.Integers[4]})"); }
        foreach (int register in Abi.CalleeSaved(_convention))
        {
            if (state.Integers[register] != new AbstractValue(ValueKind.Initial, register)) { Report(instruction, $"returns with {Register.RAX + register} changed"); }
        }

        for (int register = 0; register < 32; register++)
        {
            if (Abi.IsVectorSaved(_convention, register) && state.Vectors[register] != new AbstractValue(ValueKind.Initial, register)) { Report(instruction, $"returns with {Register.XMM0 + register} changed"); }
        }
    }

    private void Report(in Instruction instruction, string problem) => _findings.Add($"{instruction.IP:x5} {instruction}: {problem}");

    internal static bool HasMemory(in Instruction instruction)
    {
        for (int operand = 0; operand < instruction.OpCount; operand++)
        {
            if (instruction.GetOpKind(operand) == OpKind.Memory) { return true; }
        }

        return false;
    }
}
