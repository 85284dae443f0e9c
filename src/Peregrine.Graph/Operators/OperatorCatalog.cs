namespace Peregrine.Operators;

/// <summary>The operators that a program knows, by domain and name. Explicit registration, no reflection: trimming stays possible. Schemas are made at their first use.</summary>
public sealed class OperatorCatalog
{
    private readonly Dictionary<(string Domain, string Name), CatalogEntry> _entries = [];

    /// <summary>Every operator that Peregrine brings along, by family.</summary>
    public static OperatorCatalog Standard { get; } = new OperatorCatalog()
        .Add(AttentionFamily.Entries)
        .Add(CommunityFamily.Entries)
        .Add(ControlFamily.Entries)
        .Add(ConvolutionFamily.Entries)
        .Add(FusionFamily.Entries)
        .Add(LinearFamily.Entries)
        .Add(MlFamily.Entries)
        .Add(NormalizationFamily.Entries)
        .Add(PointwiseFamily.Entries)
        .Add(QuantizationFamily.Entries)
        .Add(RecurrentFamily.Entries)
        .Add(ReductionFamily.Entries)
        .Add(SequenceFamily.Entries)
        .Add(ShapeFamily.Entries)
        .Add(SignalFamily.Entries)
        .Add(TextFamily.Entries)
        .Add(VisionFamily.Entries);

    /// <summary>In ordinal order of their full names.</summary>
    public IEnumerable<OperatorSchema> Schemas => All.Where(s => s is not ForeignSchema).OrderBy(s => s.FullName, StringComparer.Ordinal);

    /// <summary>The operators that exist only in models that are imported, in ordinal order of their full names.</summary>
    public IEnumerable<ForeignSchema> ForeignSchemas => All.OfType<ForeignSchema>().OrderBy(s => s.FullName, StringComparer.Ordinal);

    /// <summary>What the families state of each schema that they list.</summary>
    internal IEnumerable<CatalogEntry> Entries => _entries.Values;

    private IEnumerable<OperatorSchema> All => _entries.Values.Select(e => e.Schema);

    public OperatorCatalog Add(params IEnumerable<OperatorSchema> schemas)
    {
        foreach (OperatorSchema schema in schemas)
        {
            Add(new CatalogEntry(schema.Name, () => schema, schema.Domain));
        }

        return this;
    }

    /// <summary>The schema, or null. <c>ai.onnx</c> and <c>""</c> are one domain.</summary>
    public OperatorSchema? Find(string domain, string name) => Look(domain, name) is { } schema and not ForeignSchema ? schema : null;

    /// <summary>The operator of another project's domain that an importer turns into known ones, or null.</summary>
    public ForeignSchema? FindForeign(string domain, string name) => Look(domain, name) as ForeignSchema;

    /// <summary>A copy to which a module can add.</summary>
    public OperatorCatalog Clone() => new OperatorCatalog().Add([.. _entries.Values]);

    /// <summary>Known names that look like <paramref name="name"/>: what a suggestion offers.</summary>
    public string? Similar(string name) => _entries.Keys.Select(k => k.Name).FirstOrDefault(n => string.Equals(n, name, StringComparison.OrdinalIgnoreCase));

    private OperatorSchema? Look(string domain, string name) => _entries.GetValueOrDefault((domain == "ai.onnx" ? "" : domain, name))?.Schema;

    private OperatorCatalog Add(IReadOnlyList<CatalogEntry> entries)
    {
        foreach (CatalogEntry entry in entries)
        {
            Add(entry);
        }

        return this;
    }

    private void Add(CatalogEntry entry)
    {
        if (!_entries.TryAdd(entry.Key, entry))
        {
            throw new ArgumentException($"The operator {(entry.Key.Domain.Length == 0 ? "" : $"{entry.Key.Domain}.")}{entry.Key.Name} is registered twice.", nameof(entry));
        }
    }
}
