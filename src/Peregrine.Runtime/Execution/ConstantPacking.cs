using Peregrine.Runtime.Format;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Execution;

/// <summary>Decides in which form an engine file holds its constants: as the kernels read them.</summary>
internal static class ConstantPacking
{
    /// <summary>
    /// The packed weights of an engine, by constant and key. A constant that all kernels read in one form, from which it can be had again, is replaced by that form; other packed forms are copies.
    /// </summary>
    public static IReadOnlyList<PackedWeight> Of(EngineContent content, PreparedPlan prepared)
    {
        HashSet<int> elsewhere = [];
        CollectOthers(content.Plan, elsewhere);
        List<PackedWeight> weights = [];
        foreach (IGrouping<int, ConstantUse> uses in prepared.AllPrograms.SelectMany(p => p.ConstantUses).GroupBy(u => u.Constant).OrderBy(g => g.Key))
        {
            Tensor tensor = content.Constants[uses.Key].Data;
            ConstantUse[] forms = [.. uses.DistinctBy(u => u.Key).Where(u => u.Key.Length > 0).OrderBy(u => u.Key, StringComparer.Ordinal)];
            bool isOnlyForm = forms.Length == 1 && uses.All(u => u.Key.Length > 0) && !elsewhere.Contains(uses.Key) && tensor.Type == DataType.Float32
                && forms[0].Form is { } form && form.WhyNot(tensor.Length) is null && form.Bytes == forms[0].Packed.Length;
            weights.AddRange(forms.Select(f => new PackedWeight(uses.Key, f.Key, isOnlyForm ? f.Form : null, f.Packed)));
        }

        return weights;
    }

    /// <summary>Constants that the host reads, that leave a plan, or that a sub-plan is given.</summary>
    private static void CollectOthers(Plan plan, HashSet<int> constants)
    {
        foreach (Step step in plan.Steps)
        {
            if (step is not KernelStep)
            {
                AddAll(plan, step.Inputs, constants);
            }

            foreach (Plan inner in step.Subplans)
            {
                CollectOthers(inner, constants);
            }
        }

        AddAll(plan, plan.Outputs.Select(o => (long)o.Slot), constants);
    }

    private static void AddAll(Plan plan, IEnumerable<long> slots, HashSet<int> constants) =>
        constants.UnionWith(slots.Where(s => s >= 0).Select(s => plan.Slots.RootOf((int)s)).Where(s => s.Kind == SlotKind.Constant).Select(s => s.Target));
}
