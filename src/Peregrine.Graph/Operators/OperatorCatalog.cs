namespace Peregrine.Operators;

/// <summary>The operators that a program knows, by domain and name. Explicit registration, no reflection: trimming stays possible.</summary>
public sealed class OperatorCatalog
{
    private readonly Dictionary<(string Domain, string Name), OperatorSchema> _schemas = [];
    private readonly Dictionary<(string Domain, string Name), ForeignSchema> _foreign = [];

    /// <summary>Every operator that Peregrine brings along, by family.</summary>
    public static OperatorCatalog Standard { get; } = new OperatorCatalog()
        .Add(AttentionFamily.Schemas)
        .Add(CommunityFamily.Schemas)
        .Add(ControlFamily.Schemas)
        .Add(ConvolutionFamily.Schemas)
        .Add(FusionFamily.Schemas)
        .Add(LinearFamily.Schemas)
        .Add(MlFamily.Schemas)
        .Add(NormalizationFamily.Schemas)
        .Add(PointwiseFamily.Schemas)
        .Add(QuantizationFamily.Schemas)
        .Add(RecurrentFamily.Schemas)
        .Add(ReductionFamily.Schemas)
        .Add(SequenceFamily.Schemas)
        .Add(ShapeFamily.Schemas)
        .Add(SignalFamily.Schemas)
        .Add(TextFamily.Schemas)
        .Add(VisionFamily.Schemas);

    /// <summary>In ordinal order of their full names.</summary>
    public IEnumerable<OperatorSchema> Schemas => _schemas.Values.OrderBy(s => s.FullName, StringComparer.Ordinal);

    /// <summary>The operators that exist only in models that are imported, in ordinal order of their full names.</summary>
    public IEnumerable<ForeignSchema> ForeignSchemas => _foreign.Values.OrderBy(s => s.FullName, StringComparer.Ordinal);

    public OperatorCatalog Add(params IEnumerable<OperatorSchema> schemas)
    {
        foreach (OperatorSchema schema in schemas)
        {
            (string, string) key = (schema.Domain, schema.Name);
            if (_schemas.ContainsKey(key) || _foreign.ContainsKey(key))
            {
                throw new ArgumentException($"The operator {schema.FullName} is registered twice.", nameof(schemas));
            }

            if (schema is ForeignSchema foreign)
            {
                _foreign.Add(key, foreign);
            }
            else
            {
                _schemas.Add(key, schema);
            }
        }

        return this;
    }

    /// <summary>The schema, or null. <c>ai.onnx</c> and <c>""</c> are one domain.</summary>
    public OperatorSchema? Find(string domain, string name) => _schemas.GetValueOrDefault((domain == "ai.onnx" ? "" : domain, name));

    /// <summary>The operator of another project's domain that an importer turns into known ones, or null.</summary>
    public ForeignSchema? FindForeign(string domain, string name) => _foreign.GetValueOrDefault((domain == "ai.onnx" ? "" : domain, name));

    /// <summary>A copy to which a module can add.</summary>
    public OperatorCatalog Clone() => new OperatorCatalog().Add(_schemas.Values).Add(_foreign.Values);

    /// <summary>Known names that look like <paramref name="name"/>: what a suggestion offers.</summary>
    public string? Similar(string name) => _schemas.Values.Concat(_foreign.Values).Select(s => s.Name).FirstOrDefault(n => string.Equals(n, name, StringComparison.OrdinalIgnoreCase));
}
