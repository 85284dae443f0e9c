using System.Globalization;

namespace Peregrine.Cli.Inspection;

/// <summary>Prints an inspection for people.</summary>
internal static class InspectionText
{
    public static void Print(EngineInspection engine, Session session)
    {
        session.Write($"model      {engine.Model} ({(engine.Source == "onnx" ? "built in memory" : "engine file")}, {engine.SourceNodes} nodes)");
        session.Write($"built by   {engine.Builder}, precision {engine.Precision}, level {engine.Level}, for {engine.BuiltFor}");
        session.Write($"runs on    {engine.RunsOn}, {engine.Threads} threads");
        PrintList("inputs", engine.Inputs.Select(i => $"{i.Name} : {i.Type}"), session);
        PrintList("outputs", engine.Outputs.Select(o => $"{o.Name} : {o.Type}"), session);
        PrintList("symbols", engine.Symbols, session);
        PrintList("profiles", engine.Profiles.Select(p => $"{p.Name}: {string.Join("; ", p.Inputs)}"), session);
        PrintList("passes", engine.Passes.Count > 0 ? [string.Join(", ", engine.Passes)] : [], session);
        string at = engine.PlannedAt.Count > 0 ? $" at {string.Join(", ", engine.PlannedAt.Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Key} = {s.Value}")))}" : "";
        session.Write($"weights    {Sizes.Text(engine.WeightBytes)} in {engine.Constants} constants");
        session.Write(engine.ArenaPeakBytes is { } peak ? $"arena      {Sizes.Text(peak)}{at}, exact peak" : "arena      depends on the input shapes; give them with --shape");
        PrintList("reselected", engine.Reselected, session);
        PrintList("removed", engine.RemovedNodes.Count > 0 ? [string.Join(", ", engine.RemovedNodes)] : [], session);
        string plan = "";
        session.Write("");
        session.Write("layers (#, kind, tactic, precision; results with slot and place; nodes of the model)");
        foreach (LayerInspection layer in engine.Layers)
        {
            if (layer.Plan != plan)
            {
                session.Write(layer.Plan.Length > 0 ? $"in {layer.Plan}:" : "in the main plan:");
                plan = layer.Plan;
            }

            PrintLayer(layer, session);
        }
    }

    private static void PrintLayer(LayerInspection layer, Session session)
    {
        string number = layer.Index < 0 ? "-" : layer.Index.ToString(CultureInfo.InvariantCulture);
        session.Write($"{number,4} {layer.Kind,-20} {layer.Tactic,-22} {layer.Precision,-5} {layer.Name}");
        foreach (ValueInspection value in layer.Outputs)
        {
            session.Write($"       -> {value.Name} : {value.Type}{(value.Layout == "row-major" ? "" : $" ({value.Layout})")} {Place(value)}");
        }

        if (layer.Inputs.Count > 0)
        {
            session.Write($"       <- {string.Join(", ", layer.Inputs.Select(i => i.Name))}");
        }

        session.Write($"       from {string.Join(", ", layer.Sources)}");
        foreach (string reason in layer.Declines)
        {
            session.Write($"       declined {reason}");
        }
    }

    private static string Place(ValueInspection value) => string.Create(
        CultureInfo.InvariantCulture,
        $"[slot {value.Slot}, {value.Memory}{(value.Offset is { } offset ? $" at {offset}" : "")}{(value.Bytes is { } bytes ? $", {bytes} B" : "")}]");

    private static void PrintList(string title, IEnumerable<string> lines, Session session)
    {
        foreach (string line in lines)
        {
            session.Write($"{title,-10} {line}");
            title = "";
        }
    }
}
