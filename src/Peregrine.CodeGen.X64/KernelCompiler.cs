using Peregrine.CodeGen.X64.Allocation;
using Peregrine.CodeGen.X64.Emitters;
using Peregrine.CodeGen.X64.Encoding;
using Peregrine.CodeGen.X64.Lint;

namespace Peregrine.CodeGen.X64;

/// <summary>
/// From program to code: legalise for the target, give out registers, emit, encode, and decode again to check. Deterministic: the same program and options give the same bytes. Thread-safe.
/// </summary>
public static class KernelCompiler
{
    // A larger frame would need stack probes on Windows.
    private const int LargestFrame = 3_840;

    /// <summary>
    /// Compiles the program. What cannot be done comes back as <see cref="CompileResult.Declined"/>. Throws <see cref="ArgumentException"/> if program and options do not fit each other, and
    /// <see cref="CodeGenerationException"/> (after writing the dump) if the generator produced something wrong.
    /// </summary>
    public static CompileResult Compile(KernelProgram program, CompileOptions options)
    {
        InstructionSet set = options.InstructionSet;
        if (program.Lanes != set.Lanes) { throw new ArgumentException($"\"{program.Name}\" has {program.Lanes} lanes, {set} has {set.Lanes}.", nameof(options)); }
        if (!set.IsSupportedBy(options.Features)) { throw new ArgumentException($"{set} needs {set.RequiredFeatures & ~options.Features}, which is not declared.", nameof(options)); }
        var dump = new CompilationDump(program, options);
        try
        {
            return Compile(program, options, dump);
        }
        catch (Exception failure) when (failure is not CodeGenerationException)
        {
            throw new CodeGenerationException($"Compiling \"{program.Name}\" for {set} failed: {failure.Message}", failure) { DumpPath = dump.Write(failure.ToString()) };
        }
    }

    private static CompileResult Compile(KernelProgram program, CompileOptions options, CompilationDump dump)
    {
        Emitter emitter = options.InstructionSet.Emitter;
        var assembler = new CodeAssembler();
        var legal = new Legalizer(program, options.Features, assembler.Pool);
        foreach (KernelInstruction instruction in program.Instructions) { emitter.Legalize(instruction, legal); }
        if (legal.Unsupported is not null) { return new CompileResult.Declined(DeclineReason.Unsupported, $"\"{program.Name}\" for {options.InstructionSet}: {legal.Unsupported}"); }
        int[] argumentRegisters = Abi.ArgumentRegisters(options.Convention);
        int ArgumentRegister(int number) => Math.Max(0, number) < argumentRegisters.Length ? argumentRegisters[Math.Max(0, number)] : -1;
        RegisterFile[] Files(bool vectorSlots) => Abi.Files(emitter, options.Convention, vectorSlots, options.VectorRegisterLimit);
        (Allocation.Allocation? allocation, CompileResult.Declined? declined) = Allocator.Allocate(legal.Finish(), legal.RegisterCount, program.SlotCount, Files, emitter.FileOf, ArgumentRegister, options.Spills);
        if (allocation is null) { return declined! with { Message = $"\"{program.Name}\" for {options.InstructionSet}: {declined.Message}" }; }
        dump.Allocation = () => allocation.Describe(Files(false));
        var frame = new Frame(allocation, emitter, options.Convention);
        if (frame.Bytes > LargestFrame) { return new CompileResult.Declined(DeclineReason.FrameTooLarge, $"\"{program.Name}\" needs a frame of {frame.Bytes} bytes, {LargestFrame} are allowed"); }
        Emit(emitter, allocation, frame, assembler, options, argumentRegisters);
        (byte[] bytes, int codeLength, int poolOffset) = assembler.Encode();
        dump.Assembly = () => CompiledCode.Disassemble(bytes, codeLength, poolOffset);
        var code = new CompiledCode(options.Lint ? program : program.Declaration(), options, bytes, codeLength, poolOffset)
        {
            VectorRegistersUsed = allocation.Used(RegisterFiles.Vector).Count,
            SpillSlots = allocation.Slots.Count - program.SlotCount,
            FrameBytes = frame.Bytes,
            // It holds on to all that the compilation made.
            Allocation = options.Lint ? dump.Allocation : () => "",
        };
        if (!options.Lint) { legal.Retire(); }
        IReadOnlyList<string> findings = options.Lint ? CodeLint.Check(code) : [];
        return findings.Count == 0
            ? new CompileResult.Compiled(code)
            : throw new CodeGenerationException($"The code of \"{program.Name}\" for {options.InstructionSet} breaks its own rules: {string.Join("; ", findings)}") { DumpPath = dump.Write(string.Join('\n', findings)) };
    }

    private static void Emit(Emitter emitter, Allocation.Allocation allocation, Frame frame, CodeAssembler assembler, CompileOptions options, int[] argumentRegisters)
    {
        var context = new EmissionContext(emitter, allocation, frame, assembler, options.Features);
        var integers = new IntegerEmitter(context, argumentRegisters, options.LoopAlignment);
        frame.EmitPrologue(assembler);
        List<KernelInstruction> instructions = allocation.Instructions;
        for (int i = 0; i < instructions.Count; i++)
        {
            KernelInstruction instruction = instructions[i];
            bool isInnermost = instruction.Op == Opcode.LoopBegin && instructions.FindIndex(i + 1, n => n.Op is Opcode.LoopBegin or Opcode.LoopEnd) is var next && instructions[next].Op == Opcode.LoopEnd;
            if (!integers.TryEmit(instruction, isInnermost)) { emitter.EmitVector(instruction, context); }
        }

        frame.EmitEpilogue(assembler);
    }
}
