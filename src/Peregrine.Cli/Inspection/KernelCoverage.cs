namespace Peregrine.Cli.Inspection;

/// <summary>Which tactic families compute a model's nodes on this machine.</summary>
/// <param name="Families">Families of generated and vectorised kernels, the busiest first.</param>
/// <param name="Reference">Layers that run on reference kernels, which are correct but not fast, with the reasons of the others.</param>
/// <param name="Host">Layers of the runtime itself: control flow, sequences, sizes.</param>
/// <param name="Free">Nodes for which nothing is computed when the engine runs: constants, views, what was found to be superfluous.</param>
internal sealed record KernelCoverage(IReadOnlyList<FamilyCoverage> Families, IReadOnlyList<LayerCoverage> Reference, IReadOnlyList<LayerCoverage> Host, IReadOnlyList<string> Free)
{
    private const string ReferenceTactic = "cpu.reference", HostTactic = "host", NoTactic = "none";
    private const int MostNames = 3;

    public static KernelCoverage Of(EngineInspection engine)
    {
        ILookup<string, LayerInspection> families = engine.Layers.ToLookup(l => FamilyOf(l.Tactic), StringComparer.Ordinal);
        return new(
            [.. families.Where(f => f.Key is not (ReferenceTactic or HostTactic or NoTactic))
                .OrderByDescending(f => f.Count()).ThenBy(f => f.Key, StringComparer.Ordinal)
                .Select(f => new FamilyCoverage(f.Key, [.. f.Select(LayerCoverage.Of)]))],
            [.. families[ReferenceTactic].Select(LayerCoverage.Of)],
            [.. families[HostTactic].Select(LayerCoverage.Of)],
            [.. families[NoTactic].SelectMany(l => l.Sources).Concat(engine.RemovedNodes).Distinct(StringComparer.Ordinal)]);
    }

    public void Print(Session session)
    {
        foreach (FamilyCoverage family in Families)
        {
            session.Write($"  {Count(family.Layers.Count)} by {family.Tactic}: {Names(family.Layers)}");
        }

        foreach ((IReadOnlyList<LayerCoverage> layers, string by) in new[] { (Host, "by the runtime itself"), (Reference, "by reference kernels, which are correct but not fast") })
        {
            if (layers.Count > 0)
            {
                session.Write($"  {Count(layers.Count)} {by}:");
            }

            foreach (LayerCoverage layer in layers)
            {
                session.Write($"    {layer.Kind} \"{layer.Name}\"");
                foreach (string reason in layer.Reasons)
                {
                    session.Write($"      {reason}");
                }
            }
        }

        if (Free.Count > 0)
        {
            session.Write($"  {Free.Count} {(Free.Count == 1 ? "node costs" : "nodes cost")} nothing: {Shortened(Free)}");
        }
    }

    private static string FamilyOf(string tactic) => tactic.Split(' ', '@')[0];

    private static string Count(int layers) => layers == 1 ? "1 layer" : $"{layers} layers";

    private static string Names(IReadOnlyList<LayerCoverage> layers) =>
        string.Join(", ", layers.GroupBy(l => l.Kind, StringComparer.Ordinal).OrderByDescending(g => g.Count()).Select(g => g.Count() == 1 ? g.Key : $"{g.Count()} {g.Key}"));

    private static string Shortened(IReadOnlyList<string> names) =>
        string.Join(", ", names.Take(MostNames).Select(n => $"\"{n}\"")) + (names.Count > MostNames ? $" and {names.Count - MostNames} more" : "");
}

/// <summary>What one family of tactics computes.</summary>
internal sealed record FamilyCoverage(string Tactic, IReadOnlyList<LayerCoverage> Layers);

/// <summary>A layer and the nodes of the model that it stands for.</summary>
/// <param name="Reasons">Why tactics of other families declined.</param>
internal sealed record LayerCoverage(string Name, string Kind, IReadOnlyList<string> Sources, IReadOnlyList<string> Reasons)
{
    public static LayerCoverage Of(LayerInspection layer) => new(layer.Name, layer.Kind, layer.Sources, layer.Declines);
}
