using System.Text;

namespace Peregrine.CodeGen.X64;

/// <summary>What is known about a compilation, for the case that it fails.</summary>
internal sealed class CompilationDump(KernelProgram program, CompileOptions options)
{
    internal Func<string> Allocation { get; set; } = () => "";

    internal Func<string> Assembly { get; set; } = () => "";

    /// <summary>Writes all of it into one file of the caller's folder and returns the path; null if there is no folder or it cannot be written.</summary>
    internal string? Write(string failure)
    {
        if (options.DumpFolder is null) { return null; }
        string name = string.Concat(program.Name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '_'));
        string path = Path.Combine(options.DumpFolder, $"{name}.{options.InstructionSet}.codegen.txt");
        var text = new StringBuilder();
        text.Append("failure:\n").Append(failure).Append("\n\noptions:\n").Append(options).Append("\n\nprogram:\n").Append(program)
            .Append("\nallocation:\n").Append(Allocation()).Append("\nassembly:\n").Append(Assembly());
        try
        {
            Directory.CreateDirectory(options.DumpFolder);
            File.WriteAllText(path, text.ToString());
            return path;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            // The failure itself must be reported, not that its dump could not be written.
            return null;
        }
    }
}
