namespace Peregrine.CodeGen.X64;

/// <summary>What happens when a program needs more registers than there are. Constants are always loaded again where they are used, before anything else.</summary>
public enum SpillPolicy
{
    /// <summary>The program is declined: right for inner kernels, where a spill is slower than a smaller tile.</summary>
    Forbid,
    /// <summary>Values go to the stack.</summary>
    Allow,
}

/// <summary>Which registers hold arguments and which a function preserves.</summary>
public enum CallingConvention
{
    /// <summary>Linux, macOS and the like.</summary>
    SystemV,
    /// <summary>Windows x64.</summary>
    Windows,
}

/// <summary>How to compile a program.</summary>
public sealed record CompileOptions
{
    /// <summary>The target. Its lane count must be the program's.</summary>
    public required InstructionSet InstructionSet { get; init; }

    /// <summary>What the code may use; the instruction set's required features must be among it.</summary>
    public CpuFeatures Features { get; init; } = HostCpu.Features;

    /// <summary>The caller's convention; by default this system's.</summary>
    public CallingConvention Convention { get; init; } = OperatingSystem.IsWindows() ? CallingConvention.Windows : CallingConvention.SystemV;

    /// <summary>What happens when registers run out.</summary>
    public SpillPolicy Spills { get; init; } = SpillPolicy.Forbid;

    /// <summary>Uses no more than that many vector registers, to exercise spilling. 0: no such limit.</summary>
    public int VectorRegisterLimit { get; init; }

    /// <summary>Innermost loops begin at a multiple of that many bytes: 1, 16, 32 or 64.</summary>
    public int LoopAlignment { get; init; } = 64;

    /// <summary>
    /// Whether the finished code is decoded and checked (<see cref="Lint.CodeLint"/>). Only for code that this generator has made from the same program and options before, and checked: it makes the same bytes again.
    /// </summary>
    public bool Lint { get; init; } = true;

    /// <summary>Where to write program, allocation and assembly if the generator fails; null for nowhere.</summary>
    public string? DumpFolder { get; init; }
}

/// <summary>Why a sound program cannot be compiled as asked.</summary>
public enum DeclineReason
{
    /// <summary>Registers ran out and spills are forbidden, or are of no help.</summary>
    RegistersExhausted,
    /// <summary>An operation does not exist with the declared features.</summary>
    Unsupported,
    /// <summary>The stack frame would exceed a page.</summary>
    FrameTooLarge,
}

/// <summary>What came of a compilation: <see cref="Compiled"/> or <see cref="Declined"/>.</summary>
public abstract record CompileResult
{
    private CompileResult() { }

    /// <summary>The code, or <see cref="CodeGenerationException"/> with the reason where it was declined.</summary>
    public CompiledCode GetCode() => this switch
    {
        Compiled compiled => compiled.Code,
        Declined declined => throw new CodeGenerationException(declined.Message),
        _ => throw new InvalidOperationException(),
    };

    /// <summary>There is code.</summary>
    public sealed record Compiled(CompiledCode Code) : CompileResult;

    /// <summary>There is none; the message says what is missing.</summary>
    public sealed record Declined(DeclineReason Reason, string Message) : CompileResult;
}

/// <summary>A bug in the generator or in its use; what was known lies in the dump folder.</summary>
public sealed class CodeGenerationException : Exception
{
    /// <param name="message">What went wrong.</param>
    /// <param name="inner">The cause.</param>
    public CodeGenerationException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }

    /// <summary>The files written, if any.</summary>
    public string? DumpPath { get; init; }
}
