using System.Text;

namespace Peregrine.Diagnostics;

/// <summary>How much a <see cref="Diagnostic"/> matters.</summary>
public enum Severity
{
    /// <summary>Worth knowing; nothing to do.</summary>
    Information,
    /// <summary>The result may not be what was meant.</summary>
    Warning,
    /// <summary>The model, engine or input cannot be used as it is.</summary>
    Error,
}

/// <summary>One finding about a model, an engine or an input.</summary>
/// <param name="Code">Stable code such as <c>PG2104</c>; each is explained in docs/diagnostics.</param>
/// <param name="Message">One sentence that names the node, tensor or option at fault.</param>
/// <param name="Where">The source node or file, if the message does not name it; may be empty.</param>
/// <param name="Suggestion">What to do about it; may be empty.</param>
public sealed record Diagnostic(Severity Severity, string Code, string Message, string Where = "", string Suggestion = "")
{
    public static Diagnostic Error(string code, string message, string where = "", string suggestion = "") => new(Severity.Error, code, message, where, suggestion);

    public static Diagnostic Warning(string code, string message, string where = "", string suggestion = "") => new(Severity.Warning, code, message, where, suggestion);

    /// <summary><c>PG2104 error: message (where). suggestion</c></summary>
    public override string ToString()
    {
        string severity = Severity switch { Severity.Error => "error", Severity.Warning => "warning", _ => "info" };
        StringBuilder text = new($"{Code} {severity}: {Message}");
        if (Where.Length > 0)
        {
            text.Append($" (at {Where})");
        }

        if (Suggestion.Length > 0)
        {
            text.Append(' ').Append(Suggestion);
        }

        return text.ToString();
    }
}
