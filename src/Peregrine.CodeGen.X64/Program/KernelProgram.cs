using System.Text;

namespace Peregrine.CodeGen.X64;

/// <summary>What the caller hands over in an argument, and what the kernel may do with it.</summary>
public enum ArgumentKind
{
    /// <summary>A 64-bit signed integer.</summary>
    Integer,
    /// <summary>A pointer to memory that is only read.</summary>
    ReadPointer,
    /// <summary>A pointer to memory that is read and written.</summary>
    WritePointer,
    /// <summary>A pointer to an array of <see cref="ReadPointer"/>s.</summary>
    ReadPointerTable,
    /// <summary>A pointer to an array of <see cref="WritePointer"/>s.</summary>
    WritePointerTable,
}

/// <summary>How arguments reach the kernel.</summary>
public enum ArgumentPassing
{
    /// <summary>As the arguments of the function: at most 6.</summary>
    Registers,
    /// <summary>In an array of 8-byte values that the function's only argument points to.</summary>
    Block,
}

/// <summary>A declared argument.</summary>
public readonly record struct KernelArgument(string Name, ArgumentKind Kind);

/// <summary>A finished, verified program: flat, target-neutral but for its lane count, printable.</summary>
public sealed class KernelProgram
{
    internal KernelProgram(string name, int lanes, ArgumentPassing passing, KernelArgument[] arguments, KernelInstruction[] instructions, uint[][] tables, int registerCount, int slotCount)
    {
        Name = name;
        Lanes = lanes;
        Passing = passing;
        Arguments = Array.AsReadOnly(arguments);
        Instructions = Array.AsReadOnly(instructions);
        Tables = Array.AsReadOnly(tables);
        RegisterCount = registerCount;
        SlotCount = slotCount;
    }

    /// <summary>The tables of <see cref="Opcode.LookUp"/>, 32 dwords each.</summary>
    internal IReadOnlyList<uint[]> Tables { get; }

    /// <summary>Name for listings.</summary>
    public string Name { get; }

    /// <summary>Dwords in a vector: 16 for AVX-512, 8 for AVX2.</summary>
    public int Lanes { get; }

    /// <summary>How arguments are passed.</summary>
    public ArgumentPassing Passing { get; }

    /// <summary>The arguments in order.</summary>
    public IReadOnlyList<KernelArgument> Arguments { get; }

    /// <summary>The instructions in order; loops and blocks nest properly.</summary>
    public IReadOnlyList<KernelInstruction> Instructions { get; }

    /// <summary>One more than the highest register id.</summary>
    public int RegisterCount { get; }

    /// <summary>Vectors for which the program has room on the stack.</summary>
    public int SlotCount { get; }

    /// <summary>What callers of the kernel need to know: everything but instructions and tables.</summary>
    internal KernelProgram Declaration() => new(Name, Lanes, Passing, [.. Arguments], [], [], RegisterCount, SlotCount);

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append("kernel ").Append(Name).Append(" lanes=").Append(Lanes).Append(" (")
            .AppendJoin(", ", Arguments.Select(a => $"{a.Name}: {a.Kind}")).Append(") by ").Append(Passing).Append('\n');
        Listing.Append(text, Instructions);
        return text.ToString();
    }
}

/// <summary>Numbered, indented listing of instructions.</summary>
internal static class Listing
{
    internal static void Append(StringBuilder text, IEnumerable<KernelInstruction> instructions, Func<KernelInstruction, string>? remark = null)
    {
        int depth = 1, number = 0;
        foreach (KernelInstruction instruction in instructions)
        {
            if (instruction.Op is Opcode.LoopEnd or Opcode.WhenEnd) { depth--; }
            string line = new string(' ', 2 * depth) + instruction;
            text.Append($"{number++,4}").Append(remark is null ? line : $"{line,-60} ; {remark(instruction)}").Append('\n');
            if (instruction.Op is Opcode.LoopBegin or Opcode.WhenBegin) { depth++; }
        }
    }
}
