using Peregrine.Ir;
using Peregrine.Runtime.Kernels;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Planning;

/// <summary>
/// Checks slots that are parts of others: a slot is either written whole by one step, or by parts that cover it without gap or overlap; and nobody reads what is not complete. Whether a part lies inside
/// of its target is known in full only when its dimensions are: <see cref="Execution.SlotMemory"/> checks that again.
/// </summary>
internal sealed class PartValidator
{
    private readonly Plan _plan;
    private readonly int[] _completeAfter;
    private readonly bool[] _isAssembled;

    public PartValidator(Plan plan, Consistency rules)
    {
        _plan = plan;
        _completeAfter = [.. plan.Slots.Select(s => s.FirstStep)];
        _isAssembled = new bool[plan.Slots.Count];
        if (plan.Slots.All(s => s.Kind != SlotKind.Part))
        {
            return;
        }

        bool[] written = new bool[plan.Slots.Count];
        foreach (long output in plan.Steps.SelectMany(s => s.Outputs).Where(o => o >= 0 && o < written.Length))
        {
            written[output] = true;
        }

        ILookup<int, int> parts = plan.Slots.Where(s => s.Kind == SlotKind.Part).ToLookup(s => s.Target, s => s.Index);
        // Chains of targets are short and end (checked before), so walking down each from its root visits every part once.
        foreach (BufferSlot root in plan.Slots.Where(s => s.Kind is not (SlotKind.View or SlotKind.Part)))
        {
            Assemble(root.Index, written, parts, rules);
        }

        // What is a part or a view of something is complete when that is, unless it is written for itself.
        foreach (BufferSlot slot in plan.Slots)
        {
            BufferSlot at = slot;
            while (at.Kind is SlotKind.View or SlotKind.Part && !written[at.Index] && !_isAssembled[at.Index])
            {
                at = plan.Slots[at.Target];
            }

            _completeAfter[slot.Index] = Math.Max(_completeAfter[slot.Index], _completeAfter[at.Index]);
        }
    }

    /// <summary>Whether parts that steps write make up the slot.</summary>
    public bool IsWritten(int slot) => _isAssembled[slot];

    /// <summary>The step after which all of a slot is there.</summary>
    public int CompleteAfter(int slot) => _completeAfter[slot];

    /// <summary>What can be told of a part by itself.</summary>
    public static void Check(BufferSlot slot, BufferSlot target, string name, Consistency rules)
    {
        rules.Require(
            slot.Type is TensorType { Shape.IsRanked: true } && target.Type is TensorType { Shape.IsRanked: true } && ((TensorType)slot.Type).Shape.Rank == ((TensorType)target.Type).Shape.Rank,
            $"{name} is {slot.Type}, which is no part of {target.Type}");
        (Shape shape, Shape whole) = (((TensorType)slot.Type).Shape, ((TensorType)target.Type).Shape);
        rules.Require(((TensorType)slot.Type).ElementType.Bits() is > 0 and var bits && bits % 8 == 0, $"{name} is {slot.Type}, whose elements are no whole bytes and have no parts");
        rules.Require(slot.Axis >= 0 && slot.Axis < shape.Rank && slot.Start >= 0, $"{name} is a part from {slot.Start} on of axis {slot.Axis}, which {slot.Type} does not have");
        rules.Require(slot.LastStep <= target.LastStep, $"{name} lives longer than what it is a part of");
        for (int axis = 0; axis < shape.Rank; axis++)
        {
            bool fits = axis != slot.Axis ? !Dim.ProvablyDifferent(shape[axis], whole[axis])
                : !shape[axis].IsConstant || !whole[axis].IsConstant || (shape[axis].Constant <= whole[axis].Constant && slot.Start <= whole[axis].Constant - shape[axis].Constant);
            rules.Require(fits, $"{name} is {slot.Type} from {slot.Start} on axis {slot.Axis}, which is no part of {target.Type}");
        }
    }

    /// <summary>Whether the slot is made of written parts; notes since when it is complete.</summary>
    private bool Assemble(int slot, bool[] written, ILookup<int, int> parts, Consistency rules)
    {
        BufferSlot[] made = [.. parts[slot].Where(p => Assemble(p, written, parts, rules) || written[p]).Select(p => _plan.Slots[p]).OrderBy(p => p.Start)];
        if (made.Length == 0)
        {
            return false;
        }

        BufferSlot whole = _plan.Slots[slot];
        rules.Require(whole.Kind is SlotKind.Arena or SlotKind.Growable or SlotKind.Part && !written[slot], $"parts of slot {slot} (%{whole.Name}) are written, but so is the whole, or it is {whole.Kind}");
        Dim end = Dim.Zero;
        foreach (BufferSlot part in made)
        {
            rules.Require(part.Axis == made[0].Axis && end == part.Start, $"the parts of slot {slot} (%{whole.Name}) overlap or leave gaps: one from {part.Start} on follows one that ends at {end}");
            end += ((TensorType)part.Type).Shape[part.Axis];
            _completeAfter[slot] = Math.Max(_completeAfter[slot], _completeAfter[part.Index]);
        }

        rules.Require(end == ((TensorType)whole.Type).Shape[made[0].Axis], $"the parts of slot {slot} (%{whole.Name}) end at {end} of {whole.Type}");
        return _isAssembled[slot] = true;
    }
}
