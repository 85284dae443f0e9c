using System.Text;
using Iced.Intel;

namespace Peregrine.CodeGen.X64;

/// <summary>Machine code of one kernel, relocatable, with all that is known about it. Put into memory by <see cref="CodeArena"/>.</summary>
public sealed class CompiledCode
{
    private CpuFeatures? _usedFeatures;

    internal CompiledCode(KernelProgram program, CompileOptions options, byte[] bytes, int codeLength, int poolOffset)
    {
        (Program, Options, Bytes, CodeLength, PoolOffset) = (program, options, bytes, codeLength, poolOffset);
    }

    /// <summary>What was compiled; its arguments are the kernel's. Without its instructions where the code was not to be checked: many kernels' instructions take more room than their code.</summary>
    public KernelProgram Program { get; }

    /// <summary>How it was compiled.</summary>
    public CompileOptions Options { get; }

    /// <summary>Code and constants, to be placed at a multiple of 64. The entry is the first byte.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Bytes of instructions.</summary>
    public int CodeLength { get; }

    /// <summary>Where the constants begin.</summary>
    public int PoolOffset { get; }

    /// <summary>CPUID features that the instructions need.</summary>
    public CpuFeatures UsedFeatures => _usedFeatures ??= Lint.CodeLint.FeaturesOf(Bytes.Span[..CodeLength]);

    /// <summary>Vector registers used.</summary>
    public int VectorRegistersUsed { get; internal init; }

    /// <summary>Stack slots used for values that found no register, beside those of the program itself; 0 unless spills were allowed and needed.</summary>
    public int SpillSlots { get; internal init; }

    /// <summary>Bytes of stack below the saved registers.</summary>
    public int FrameBytes { get; internal init; }

    /// <summary>Where every register lives, and the program as it was emitted.</summary>
    public string AllocationText => Allocation();

    internal Func<string> Allocation { get; init; } = () => "";

    /// <summary>The assembly listing, in Intel's syntax, with offsets from the entry.</summary>
    public string Disassemble() => Disassemble(Bytes.Span, CodeLength, PoolOffset);

    internal static string Disassemble(ReadOnlySpan<byte> bytes, int codeLength, int poolOffset)
    {
        var text = new StringBuilder();
        var formatter = new IntelFormatter();
        formatter.Options.HexPrefix = "0x";
        formatter.Options.HexSuffix = null;
        formatter.Options.SpaceAfterOperandSeparator = true;
        formatter.Options.RipRelativeAddresses = false;
        var output = new StringOutput();
        var decoder = Iced.Intel.Decoder.Create(64, new ByteArrayCodeReader(bytes[..codeLength].ToArray()));
        while (decoder.IP < (ulong)codeLength)
        {
            decoder.Decode(out Instruction instruction);
            formatter.Format(instruction, output);
            text.Append($"{instruction.IP:x5}  {output.ToStringAndReset()}\n");
        }

        for (int at = poolOffset; at < bytes.Length; at += 4) { text.Append($"{at:x5}  dd 0x{BitConverter.ToUInt32(bytes[at..]):x8}\n"); }
        return text.ToString();
    }

    /// <inheritdoc/>
    public override string ToString() => $"; {Program.Name} for {Options.InstructionSet} ({Options.Convention}), {Bytes.Length} bytes, needs {UsedFeatures}\n{Disassemble()}";
}
