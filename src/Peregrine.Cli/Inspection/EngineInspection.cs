namespace Peregrine.Cli.Inspection;

/// <summary>All that is known of an engine, as JSON shows it.</summary>
/// <param name="Source"><c>engine</c> or <c>onnx</c> (built in memory).</param>
/// <param name="SourceNodes">Nodes of the model.</param>
/// <param name="RemovedNodes">Nodes of the model that no layer stands for any more: computed when the engine was built, or found to be superfluous. Known only for a model.</param>
/// <param name="ArenaPeakBytes">The exact peak of the planned arena, at <paramref name="PlannedAt"/>; null if it depends on shapes that nobody gave.</param>
/// <param name="PlannedAt">The values of the symbols for which memory is planned.</param>
/// <param name="Reselected">Layers that run with another tactic than they were built with.</param>
internal sealed record EngineInspection(
    string Model,
    string Source,
    string Builder,
    string Precision,
    int Level,
    string BuiltFor,
    string RunsOn,
    int Threads,
    int SourceNodes,
    IReadOnlyList<string> RemovedNodes,
    IReadOnlyList<string> Passes,
    IReadOnlyList<BindingInspection> Inputs,
    IReadOnlyList<BindingInspection> Outputs,
    IReadOnlyList<ProfileInspection> Profiles,
    IReadOnlyList<string> Symbols,
    long WeightBytes,
    int Constants,
    long? ArenaPeakBytes,
    IReadOnlyDictionary<string, long> PlannedAt,
    IReadOnlyList<string> Reselected,
    IReadOnlyList<LayerInspection> Layers);

/// <summary>An input or output.</summary>
internal sealed record BindingInspection(string Name, string Type);

/// <summary>A range of shapes, per input as text.</summary>
internal sealed record ProfileInspection(string Name, IReadOnlyList<string> Inputs);

/// <summary>A step of the plan, or a value that costs no step (kind View or Dims).</summary>
/// <param name="Plan">The plan it belongs to: empty for the main one, else the steps around it.</param>
/// <param name="Sources">The nodes of the model that it stands for.</param>
/// <param name="Tactic">Who computes it: a tactic, <c>host</c>, or <c>none</c> for what costs nothing.</param>
/// <param name="Declines">Why faster tactics were not taken.</param>
internal sealed record LayerInspection(
    string Plan,
    int Index,
    string Name,
    string Kind,
    string Tactic,
    string Precision,
    string Attributes,
    IReadOnlyList<string> Sources,
    IReadOnlyList<ValueInspection> Inputs,
    IReadOnlyList<ValueInspection> Outputs,
    IReadOnlyList<string> Declines);

/// <summary>An operand: type, layout, and where it lies.</summary>
/// <param name="Memory">input, constant, arena, growable, managed, view or dims.</param>
/// <param name="Offset">In the arena; null if it lies elsewhere or depends on shapes.</param>
/// <param name="Bytes">Null if it depends on shapes.</param>
internal sealed record ValueInspection(int Slot, string Name, string Type, string Layout, string Memory, long? Offset, long? Bytes);
