using Peregrine.Diagnostics;
using Peregrine.Onnx.Wire;

namespace Peregrine.Onnx.Importing;

/// <summary>Which version of each domain's operators a model or function means.</summary>
internal static class OpsetTable
{
    /// <summary>The newest version of ai.onnx whose changes are known.</summary>
    public const int Newest = 28;

    /// <summary>The newest version of ai.onnx.ml whose changes are known.</summary>
    private const int NewestMachineLearning = 5;

    /// <summary><c>ai.onnx</c> and the empty domain are one.</summary>
    public static string Normalize(string domain) => domain == "ai.onnx" ? "" : domain;

    /// <summary>The main graph's table. IR versions 1 and 2 had no list of operator sets: they mean version 1.</summary>
    public static Dictionary<string, long> OfModel(OnnxModelProto model, DiagnosticBag diagnostics)
    {
        Dictionary<string, long> table = Collect(model.OperatorSets, "the model", diagnostics);
        if (table.Count == 0)
        {
            if (model.IrVersion >= 3)
            {
                diagnostics.Warning("PG2004", $"The model (IR version {model.IrVersion}) names no operator set; version 1 is assumed.", suggestion: "Export the model again.");
            }

            table[""] = 1;
        }

        return table;
    }

    /// <summary>A function's own table; a domain that it does not name means what the model says.</summary>
    public static Dictionary<string, long> OfFunction(OnnxFunctionProto function, IReadOnlyDictionary<string, long> model, DiagnosticBag diagnostics)
    {
        Dictionary<string, long> table = Collect(function.OperatorSets, $"function \"{function.Name}\"", diagnostics);
        foreach ((string domain, long version) in model)
        {
            table.TryAdd(domain, version);
        }

        return table;
    }

    private static Dictionary<string, long> Collect(IReadOnlyList<OnnxOperatorSet> sets, string where, DiagnosticBag diagnostics)
    {
        Dictionary<string, long> table = new(StringComparer.Ordinal);
        foreach (OnnxOperatorSet set in sets)
        {
            string domain = Normalize(set.Domain);
            string shown = domain.Length == 0 ? "ai.onnx" : domain;
            long newest = domain switch { "" => Newest, "ai.onnx.ml" => NewestMachineLearning, _ => long.MaxValue };
            if (set.Version is < 1 or > int.MaxValue)
            {
                diagnostics.Error("PG2003", $"Operator set {shown} version {set.Version}, which {where} imports, does not exist.", suggestion: $"Versions start at 1; export the model again with opset {Newest} or older.");
            }
            else if (set.Version > newest)
            {
                diagnostics.Warning("PG2005", $"Operator set {shown} version {set.Version}, which {where} imports, is newer than {newest}, the newest known; its operators are read as of version {newest}.", suggestion: "Compare the results, or export the model with an older opset.");
            }

            if (table.TryGetValue(domain, out long other) && other != set.Version)
            {
                diagnostics.Error("PG2006", $"Operator set {shown} is imported twice by {where}, as version {other} and as version {set.Version}.", suggestion: "Remove one of them.");
            }

            table[domain] = Math.Clamp(set.Version, 1, int.MaxValue);
        }

        return table;
    }
}
