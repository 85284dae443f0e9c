using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Planning;

/// <summary>Checks a plan's shape program: every symbol is bound once, at a dimension that is it, and before it is needed.</summary>
/// <param name="isKnownOutside">Whether a symbol has a value before the plan starts, given by a plan around it.</param>
internal sealed class ShapeProgramValidator(Plan plan, Func<string, bool> isKnownOutside, Consistency rules)
{
    private readonly ShapeProgram _shapes = plan.Shapes;
    private readonly HashSet<string> _listed = [.. plan.Symbols.Select(s => s.Name)];
    private readonly HashSet<long> _segmentSteps = [.. plan.Shapes.SegmentSteps];
    private readonly HashSet<int> _inputs = [.. plan.Inputs];
    private readonly Dictionary<string, int> _knownAfter = new(StringComparer.Ordinal);

    public void Check()
    {
        int slots = plan.Slots.Count;
        rules.Require(_shapes.SlotDims.Count == slots && _shapes.SlotSegments.Count == slots, "the shape program has not one entry per slot");
        rules.Require(_shapes.SegmentSteps.Count >= 1 && _shapes.SegmentSteps[0] == -1, "the shape program has no segment for the inputs");
        for (int i = 1; i < _shapes.SegmentSteps.Count; i++)
        {
            rules.Require(_shapes.SegmentSteps[i] > _shapes.SegmentSteps[i - 1] && _shapes.SegmentSteps[i] < plan.Steps.Count, $"segment {i} of the shape program follows the impossible step {_shapes.SegmentSteps[i]}");
        }

        foreach (SymbolBinding binding in _shapes.Bindings)
        {
            CheckBinding(binding);
        }

        for (int i = 0; i < slots; i++)
        {
            CheckSlot(i);
        }

        foreach ((int slot, int axis, Dim dim) in _shapes.Constraints)
        {
            rules.Require(_inputs.Contains(slot) && HasAxis(slot, axis), $"the shape program constrains axis {axis} of slot {slot}, which is no input or has no such axis");
            RequireKnown(dim, -1, "constraints", slot);
        }
    }

    /// <summary>Whether the symbol has a value when step <paramref name="step"/> begins.</summary>
    public bool IsKnownBefore(string symbol, int step) => (_knownAfter.TryGetValue(symbol, out int after) && after < step) || isKnownOutside(symbol);

    private void CheckBinding(SymbolBinding binding)
    {
        string name = $"the symbol \"{binding.Symbol}\"";
        rules.Require(_listed.Contains(binding.Symbol) && _knownAfter.TryAdd(binding.Symbol, binding.Step), $"{name} is bound twice or is not listed");
        rules.Require(binding.Slot >= 0 && binding.Slot < plan.Slots.Count && HasAxis(binding.Slot, binding.Axis), $"{name} is bound to axis {binding.Axis} of slot {binding.Slot}, which does not exist");
        rules.Require(plan.Slots[binding.Slot].FirstStep == binding.Step && (binding.Step != -1 || _inputs.Contains(binding.Slot)), $"{name} is bound after step {binding.Step}, which does not write slot {binding.Slot}");
        rules.Require(_segmentSteps.Contains(binding.Step), $"{name} is bound after step {binding.Step}, where no segment begins");
        rules.Require(((TensorType)plan.Slots[binding.Slot].Type).Shape[binding.Axis].SymbolName == binding.Symbol, $"{name} is bound to a dimension that is not it");
    }

    private void CheckSlot(int index)
    {
        BufferSlot slot = plan.Slots[index];
        long segment = _shapes.SlotSegments[index];
        rules.Require(segment >= 0 && segment < _shapes.SegmentSteps.Count, $"slot {index} belongs to segment {segment} of {_shapes.SegmentSteps.Count}");
        long after = _shapes.SegmentSteps[(int)segment];
        Shape? dims = _shapes.SlotDims[index];
        rules.Require(dims is not null || slot.Kind is not (SlotKind.Arena or SlotKind.Constant or SlotKind.Dims or SlotKind.Part), $"slot {index} of kind {slot.Kind} has no dimensions");
        rules.Require(dims is null || (slot.Type is TensorType { Shape.IsRanked: true } type && dims.Equals(type.Shape)), $"slot {index} is {slot.Type}, but its dimensions are {dims}");
        foreach (Dim dim in dims is null ? [] : dims.AsSpan().ToArray())
        {
            RequireKnown(dim, after, "dimensions", index);
        }

        foreach (Dim dim in slot.Contents is null ? [] : slot.Contents.AsSpan().ToArray())
        {
            RequireKnown(dim, after, "contents", index);
        }
    }

    private bool HasAxis(int slot, int axis) => slot >= 0 && axis >= 0 && plan.Slots[slot].Type is TensorType { Shape.IsRanked: true } type && axis < type.Shape.Rank;

    private void RequireKnown(Dim dim, long after, string what, int slot)
    {
        if (dim.IsConstant)
        {
            return;
        }

        foreach (string symbol in dim.Symbols)
        {
            bool known = (_knownAfter.TryGetValue(symbol, out int step) && step <= after) || isKnownOutside(symbol);
            rules.Require(known, $"the {what} of slot {slot} need the symbol \"{symbol}\", which has no value then");
        }
    }
}
