namespace Peregrine.Diagnostics;

/// <summary>Base of all exceptions that blame the model, the engine file, the caller's data or the device, never the program.</summary>
public abstract class PeregrineException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The model cannot be used; <see cref="Diagnostics"/> tells every reason that was found.</summary>
public sealed class ModelException : PeregrineException
{
    public ModelException(params IReadOnlyList<Diagnostic> diagnostics)
        : base(Describe(diagnostics)) => Diagnostics = diagnostics;

    public IReadOnlyList<Diagnostic> Diagnostics { get; }

    private static string Describe(IReadOnlyList<Diagnostic> diagnostics)
    {
        const int Shown = 50;
        IEnumerable<Diagnostic> ordered = diagnostics.OrderByDescending(d => d.Severity).Take(Shown);
        string text = string.Join('\n', ordered);
        return diagnostics.Count > Shown ? $"{text}\n… and {diagnostics.Count - Shown} more." : text;
    }
}

/// <summary>A file is not an engine, or is a damaged, truncated or too new one.</summary>
public sealed class EngineFormatException(string message, Exception? inner = null) : PeregrineException(message, inner);

/// <summary>A call's inputs or outputs do not fit the engine: wrong name, type, shape or value range.</summary>
public sealed class BindingException(string message, Exception? inner = null) : PeregrineException(message, inner);

/// <summary>A device cannot do what was asked of it.</summary>
public sealed class BackendException(string message, Exception? inner = null) : PeregrineException(message, inner);

/// <summary>A bug in Peregrine itself. <see cref="DumpFolder"/>, if any, holds what is needed to reproduce it.</summary>
public sealed class InternalCompilerException(string message, Exception? inner = null, string? dumpFolder = null) : Exception(message, inner)
{
    public string? DumpFolder { get; } = dumpFolder;
}
