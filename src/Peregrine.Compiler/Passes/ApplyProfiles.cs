using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Runtime.Planning;
using Peregrine.Symbolics;

namespace Peregrine.Compiler.Passes;

/// <summary>Checks optimization profiles against the model's inputs and narrows the symbols' ranges to what they cover together.</summary>
internal static class ApplyProfiles
{
    public static void Run(Graph graph, IReadOnlyList<OptimizationProfile> profiles, DiagnosticBag diagnostics)
    {
        Dictionary<string, (long Min, long Max)> ranges = new(StringComparer.Ordinal);
        foreach (OptimizationProfile profile in profiles)
        {
            Dictionary<string, (string Where, long Min, long Opt, long Max)> bound = new(StringComparer.Ordinal);
            foreach (ProfileInput input in profile.Inputs)
            {
                Check(graph, profile, input, bound, diagnostics);
            }

            foreach ((string symbol, (_, long min, _, long max)) in bound)
            {
                ranges[symbol] = ranges.TryGetValue(symbol, out (long Min, long Max) known) ? (Math.Min(known.Min, min), Math.Max(known.Max, max)) : (min, max);
            }
        }

        foreach ((string symbol, (long min, long max)) in ranges)
        {
            // A profile that leaves the symbol open keeps it open for the engine.
            if (profiles.All(p => p.Inputs.Any(i => Mentions(graph, i, symbol))))
            {
                graph.Symbols.SetRange(symbol, min, max);
            }
        }
    }

    private static bool Mentions(Graph graph, ProfileInput input, string symbol) =>
        graph.Inputs.FirstOrDefault(v => v.Name == input.Input)?.Tensor is { Shape.IsRanked: true } type && type.Shape.Any(d => d.SymbolName == symbol);

    private static void Check(Graph graph, OptimizationProfile profile, ProfileInput input, Dictionary<string, (string Where, long Min, long Opt, long Max)> bound, DiagnosticBag diagnostics)
    {
        if (graph.Inputs.FirstOrDefault(v => v.Name == input.Input) is not { } value)
        {
            Error($"the model has no input \"{input.Input}\"; it has {string.Join(", ", graph.Inputs.Select(v => $"\"{v.Name}\""))}.");
            return;
        }

        if (value.Tensor is not { Shape.IsRanked: true } type || new[] { input.Min, input.Opt, input.Max }.Any(d => d.Count != type.Shape.Rank))
        {
            Error($"input \"{input.Input}\" is {value.Type}, but the profile gives min {input.Min}, opt {input.Opt}, max {input.Max}.");
            return;
        }

        for (int axis = 0; axis < type.Shape.Rank; axis++)
        {
            (long min, long opt, long max) = (input.Min[axis], input.Opt[axis], input.Max[axis]);
            Dim dim = type.Shape[axis];
            if (min < 0 || min > opt || opt > max)
            {
                Error($"input \"{input.Input}\", dimension {axis}: min {min}, opt {opt}, max {max} must satisfy 0 ≤ min ≤ opt ≤ max.");
            }
            else if (dim.IsConstant && (min != dim.Constant || max != dim.Constant))
            {
                Error($"input \"{input.Input}\", dimension {axis} is {dim} in the model; min, opt and max must be that.");
            }
            else if (dim.SymbolName is { } symbol && !bound.TryAdd(symbol, (input.Input, min, opt, max)) && bound[symbol] is var other && (other.Min, other.Opt, other.Max) != (min, opt, max))
            {
                Error($"\"{symbol}\" is {other.Min}/{other.Opt}/{other.Max} in input \"{other.Where}\", but {min}/{opt}/{max} in input \"{input.Input}\"; equal symbols must get equal values.");
            }
        }

        void Error(string message) => diagnostics.Error("PG4001", $"Profile \"{profile.Name}\": {message}");
    }
}
