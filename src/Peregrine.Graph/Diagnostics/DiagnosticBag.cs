namespace Peregrine.Diagnostics;

/// <summary>Collects the findings of a pass; <see cref="ThrowIfErrors"/> turns them into one exception.</summary>
public sealed class DiagnosticBag
{
    private readonly List<Diagnostic> _items = [];

    public IReadOnlyList<Diagnostic> Items => _items;

    public bool HasErrors => _items.Exists(d => d.Severity == Severity.Error);

    public void Add(Diagnostic diagnostic) => _items.Add(diagnostic);

    public void Error(string code, string message, string where = "", string suggestion = "") => Add(Diagnostic.Error(code, message, where, suggestion));

    public void Warning(string code, string message, string where = "", string suggestion = "") => Add(Diagnostic.Warning(code, message, where, suggestion));

    /// <summary>Throws one <see cref="ModelException"/> that carries every finding, if any is an error.</summary>
    public void ThrowIfErrors()
    {
        if (HasErrors)
        {
            throw new ModelException([.. _items]);
        }
    }
}
