using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;
using Peregrine.Tensors;

namespace Peregrine.Cli.Inspection;

/// <summary>Reads an engine's plan into the form in which it is shown.</summary>
internal static class EngineInspector
{
    /// <param name="source">What the engine comes from: <c>engine</c> or <c>onnx</c>.</param>
    /// <param name="model">The model that the engine was built from, if it is at hand.</param>
    /// <param name="shapes">Shapes of inputs at which memory is planned; open dimensions are taken from the first profile's maximum.</param>
    public static EngineInspection Inspect(Engine engine, string source, OnnxModel? model, IReadOnlyDictionary<string, IReadOnlyList<long>>? shapes = null)
    {
        var (plan, constants, profiles, manifest) = engine.Content;
        Dictionary<string, long> symbols = PlannedAt(engine, shapes ?? new Dictionary<string, IReadOnlyList<long>>());
        List<LayerInspection> layers = [];
        ArenaForecast forecast = AddLayers(plan, "", symbols, manifest.Declines, layers);
        HashSet<string> used = new(plan.Slots.SelectMany(s => s.Type is TensorType { Shape.IsRanked: true } type ? type.Shape.SelectMany(d => d.Symbols) : []), StringComparer.Ordinal);
        return new(
            manifest.Model,
            source,
            manifest.Builder,
            manifest.Precision,
            manifest.Level,
            manifest.DeviceName,
            engine.Backend.Device.Name,
            engine.Backend.Device.Parallelism,
            manifest.SourceNodes,
            model is null ? [] : Removed(model, layers),
            manifest.Passes,
            [.. engine.Inputs.Select(b => new BindingInspection(b.Name, b.Type.ToString()))],
            [.. engine.Outputs.Select(b => new BindingInspection(b.Name, b.Type.ToString()))],
            [.. profiles.Select(p => new ProfileInspection(p.Name, [.. p.Inputs.Select(i => $"{i.Input}: min {i.Min}, opt {i.Opt}, max {i.Max}")]))],
            [.. plan.Symbols.Where(s => used.Contains(s.Name)).Select(s => s.ToString())],
            engine.WeightBytes,
            constants.Count,
            forecast.Peak,
            symbols,
            engine.Reselected,
            layers);
    }

    private static string[] Removed(OnnxModel model, List<LayerInspection> layers)
    {
        HashSet<string> kept = new(layers.SelectMany(l => l.Sources), StringComparer.Ordinal);
        return [.. model.Import().AllNodes.SelectMany(n => n.Provenance.Sources.Count > 0 ? n.Provenance.Sources : [n.Name]).Where(n => !kept.Contains(n)).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>The symbols' values that the shapes give.</summary>
    private static Dictionary<string, long> PlannedAt(Engine engine, IReadOnlyDictionary<string, IReadOnlyList<long>> shapes)
    {
        if (shapes.Keys.FirstOrDefault(name => engine.Inputs.All(i => i.Name != name)) is { } unknown)
        {
            throw new BindingException($"There is no input \"{unknown}\"; there are {string.Join(", ", engine.Inputs.Select(i => $"\"{i.Name}\" ({i.Type})"))}.");
        }

        Dictionary<string, long> symbols = new(StringComparer.Ordinal);
        foreach (EngineBinding input in engine.Inputs)
        {
            if (input.Type is not TensorType { Shape.IsRanked: true } type)
            {
                continue;
            }

            if (shapes.TryGetValue(input.Name, out IReadOnlyList<long>? wanted) && (wanted.Count != type.Shape.Rank || type.Shape.Zip(wanted).Any(d => d.First.IsConstant && d.First.Constant != d.Second)))
            {
                throw new BindingException($"The shape {string.Join('x', wanted)} does not fit input \"{input.Name}\" ({type}).");
            }

            Ints? maximum = engine.Profiles.Count > 0 ? engine.Profiles[0].Inputs.FirstOrDefault(i => i.Input == input.Name)?.Max : null;
            IReadOnlyList<long>? dims = shapes.TryGetValue(input.Name, out IReadOnlyList<long>? given) ? given : maximum?.ToArray();
            for (int axis = 0; dims?.Count == type.Shape.Rank && axis < dims.Count; axis++)
            {
                if (type.Shape[axis].SymbolName is { } symbol)
                {
                    symbols.TryAdd(symbol, dims[axis]);
                }
            }
        }

        return symbols;
    }

    private static ArenaForecast AddLayers(Plan plan, string path, Dictionary<string, long> symbols, IReadOnlyDictionary<string, IReadOnlyList<string>> declines, List<LayerInspection> layers)
    {
        ArenaForecast forecast = new(plan, symbols);
        foreach (BufferSlot slot in plan.Slots.Where(s => s.Kind == SlotKind.Dims))
        {
            layers.Add(Free(path, slot, "Dims", [], forecast));
        }

        for (int index = 0; index < plan.Steps.Count; index++)
        {
            Step step = plan.Steps[index];
            AddViews(plan, path, index, forecast, layers);
            (string tactic, string attributes) = step switch
            {
                KernelStep kernel => ($"{kernel.Tactic} {kernel.Option}".TrimEnd(), kernel.Operator.ToString()!),
                HostStep host => ("host", host.Operator.ToString()!),
                _ => ("host", ""),
            };
            layers.Add(new(path, index, step.Name, step.Kind, tactic, PrecisionOf(plan, step), attributes, [.. step.Sources], Values(step.Inputs), Values(step.Outputs), declines.TryGetValue(step.Name, out IReadOnlyList<string>? reasons) ? reasons : []));
            for (int body = 0; body < step.Subplans.Count; body++)
            {
                string part = step is IfStep ? body == 0 ? "then" : "else" : "body";
                AddLayers(step.Subplans[body], $"{(path.Length > 0 ? path + "/" : "")}{step.Name}.{part}", symbols, declines, layers);
            }
        }

        AddViews(plan, path, plan.Steps.Count, forecast, layers);
        return forecast;

        ValueInspection[] Values(Ints slots) => [.. slots.Where(s => s >= 0).Select(s => Describe(plan.Slots[(int)s], forecast))];
    }

    private static void AddViews(Plan plan, string path, int step, ArenaForecast forecast, List<LayerInspection> layers)
    {
        foreach (BufferSlot slot in plan.Slots.Where(s => s.Kind == SlotKind.View && s.FirstStep == step))
        {
            layers.Add(Free(path, slot, "View", [Describe(plan.Slots[slot.Target], forecast)], forecast));
        }
    }

    private static LayerInspection Free(string path, BufferSlot slot, string kind, ValueInspection[] inputs, ArenaForecast forecast) =>
        new(path, -1, slot.Name, kind, "none", TypeName(slot.Type), slot.Contents?.ToString() ?? "", [slot.Name], inputs, [Describe(slot, forecast)], []);

    private static ValueInspection Describe(BufferSlot slot, ArenaForecast forecast) =>
        new(slot.Index, slot.Name, slot.Type.ToString(), slot.Layout.ToString(), slot.Kind.ToString().ToLowerInvariant(), forecast.Offset(slot), forecast.Bytes(slot));

    /// <summary>The type in which a step computes: that of its first result.</summary>
    internal static string PrecisionOf(Plan plan, Step step) =>
        step.Outputs.FirstOrDefault(s => s >= 0, -1) is var slot and >= 0 ? TypeName(plan.Slots[(int)slot].Type) : "";

    private static string TypeName(IrType type) => type is not TensorType tensor ? "" : tensor.ElementType switch
    {
        DataType.Float32 => "fp32",
        DataType.Float16 => "fp16",
        DataType.BFloat16 => "bf16",
        DataType.Float64 => "fp64",
        var other => other.Name(),
    };
}
