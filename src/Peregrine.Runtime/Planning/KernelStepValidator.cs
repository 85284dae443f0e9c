using Peregrine.Ir;
using Peregrine.Runtime.Kernels;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Planning;

/// <summary>Checks that a kernel is requested for just the operands that its step hands it: a kernel made for other types, layouts or extents would read outside of its operands.</summary>
internal sealed class KernelStepValidator(Plan plan, IReadOnlyDictionary<string, Symbol> symbols, IReadOnlyList<Constant> constants, Consistency rules)
{
    public void Check(KernelStep step)
    {
        Check(step.Inputs, step.Request.Inputs, "input");
        Check(step.Outputs, step.Request.Outputs, "output");
    }

    private void Check(Ints slots, ValueList<KernelOperand> operands, string what)
    {
        rules.Require(slots.Count == operands.Count, $"there are {slots.Count} {what}s, but the request has {operands.Count}");
        for (int i = 0; i < operands.Count; i++)
        {
            rules.Require((slots[i] < 0) == (operands[i].Role == OperandRole.Absent), $"{what} {i} is there or is absent against the request");
            if (slots[i] >= 0)
            {
                Check(plan.Slots[(int)slots[i]], operands[i], what, i);
                rules.Require(operands[i].Role == OperandRole.Activation || plan.Slots[(int)slots[i]].Kind == SlotKind.Constant, $"{what} {i} is a constant to the kernel, but none to the plan");
            }
        }
    }

    private void Check(BufferSlot slot, KernelOperand operand, string what, int index)
    {
        rules.Require(
            slot.Type is TensorType { Shape.IsRanked: true } tensor && tensor.ElementType == operand.Type && tensor.Shape.Rank == operand.Dims.Count && slot.Layout == operand.Layout,
            $"{what} {index} is {slot.Type} ({slot.Layout}), but the kernel is requested for {operand}");
        Shape shape = ((TensorType)slot.Type).Shape;
        for (int axis = 0; axis < operand.Dims.Count; axis++)
        {
            rules.Require(Allows(operand.Dims[axis], shape[axis]), $"{what} {index} is {slot.Type}, but the kernel is requested for {operand}: axis {axis} can have other extents");
        }

        rules.Require(
            operand.Contents is not { } contents || slot.Kind != SlotKind.Constant || contents.Equals(constants[slot.Target].Data),
            $"{what} {index} is a parameter whose values are not those of its constant");
    }

    private bool Allows(KernelDim allowed, Dim actual)
    {
        (long min, long max) = actual.Range(name => symbols.TryGetValue(name, out Symbol? symbol) ? (symbol.Min, symbol.Max) : (0, long.MaxValue));
        // A negative extent never comes into being: binding it is refused.
        return Math.Max(min, 0) >= allowed.Min && max <= allowed.Max && (allowed.Divisor == 1 || Dim.Mod(actual, allowed.Divisor) == Dim.Zero);
    }
}
