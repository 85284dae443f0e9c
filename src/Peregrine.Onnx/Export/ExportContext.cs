using Peregrine.Diagnostics;

namespace Peregrine.Onnx.Export;

/// <summary>What all graphs of one export share.</summary>
internal sealed class ExportContext(ExportOptions options)
{
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    public ExportOptions Options { get; } = options;

    public DiagnosticBag Diagnostics { get; } = new();

    /// <summary>The operator sets that the nodes so far need, by domain.</summary>
    public SortedDictionary<string, long> Opsets { get; } = new(StringComparer.Ordinal);

    /// <summary>A node of this domain needs the operator set of at least this version.</summary>
    public void Require(string domain, long version) => Opsets[domain] = Math.Max(version, Opsets.GetValueOrDefault(domain, 1));

    /// <summary>Remembers a value's name, so that no generated one equals it.</summary>
    public void Remember(string name) => _names.Add(name);

    /// <summary>A name that no value of the model bears: <paramref name="hint"/>, or with a number behind it.</summary>
    public string UniqueName(string hint)
    {
        string name = hint;
        for (int i = 1; !_names.Add(name); i++)
        {
            name = $"{hint}_{i}";
        }

        return name;
    }
}
