using System.Numerics;
using System.Runtime.InteropServices;
using Peregrine.Diagnostics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>Executes the steps of a <see cref="PointwiseProgram"/> on one block of elements.</summary>
internal static class PointwiseBlocks
{
    /// <summary>Elements of a block: small enough that a program's slots stay in the first-level cache.</summary>
    public const int Length = 256;

    /// <summary>Throws if the step's function is not defined on the step's type.</summary>
    public static void Check(in PointwiseInstruction step)
    {
        bool defined = step.Type.IsFloat()
            ? step.Step == PointwiseStep.Unary ? FloatBlocks.Defines(step.Unary) : FloatBlocks.Defines(step.Binary)
            : step.Step == PointwiseStep.Unary ? IntegerBlocks.Defines(step.Unary) : IntegerBlocks.Defines(step.Binary);
        if (!defined)
        {
            string function = step.Step == PointwiseStep.Unary ? step.Unary.ToString() : step.Binary.ToString();
            throw new InternalCompilerException($"{function} is not defined on {step.Type.Name()}.");
        }
    }

    /// <summary>Executes any step but Operand.</summary>
    /// <param name="slots">All slots, <see cref="Length"/> values each.</param>
    /// <param name="count">Elements of this block.</param>
    public static void Execute(in PointwiseInstruction step, Span<long> slots, int count)
    {
        Span<long> target = Slot(slots, step.Target, count);
        switch (step.Step)
        {
            case PointwiseStep.Constant:
                target.Fill(step.Data);
                break;
            case PointwiseStep.Unary when step.Type.IsFloat():
                FloatBlocks.Apply(step.Unary, Doubles(Slot(slots, step.A, count)), target);
                break;
            case PointwiseStep.Unary:
                IntegerBlocks.Apply(step.Unary, step.Type, Slot(slots, step.A, count), target);
                break;
            case PointwiseStep.Binary when step.Type.IsFloat():
                FloatBlocks.Apply(step.Binary, Doubles(Slot(slots, step.A, count)), Doubles(Slot(slots, step.B, count)), target);
                break;
            case PointwiseStep.Binary:
                IntegerBlocks.Apply(step.Binary, step.Type, Slot(slots, step.A, count), Slot(slots, step.B, count), target);
                break;
            case PointwiseStep.Select:
                Select(Slot(slots, step.A, count), Slot(slots, step.B, count), Slot(slots, step.C, count), target);
                break;
            case PointwiseStep.Convert:
                ConversionBlocks.Convert(step, Slot(slots, step.A, count), target);
                break;
            case PointwiseStep.Wrap:
                IntegerBlocks.Wrap(step.Type, Slot(slots, step.A, count), target);
                break;
            default:
                throw new InternalCompilerException($"{step.Step} is not executed here.");
        }
    }

    public static Span<long> Slot(Span<long> slots, int slot, int count) => slots.Slice(slot * Length, count);

    public static Span<double> Doubles(Span<long> slot) => MemoryMarshal.Cast<long, double>(slot);

    private static void Select(ReadOnlySpan<long> condition, ReadOnlySpan<long> whenTrue, ReadOnlySpan<long> whenFalse, Span<long> target)
    {
        int width = Vector<long>.Count, i = 0;
        for (; i <= target.Length - width; i += width)
        {
            // Truth values are 0 and 1, so their negatives are bit masks.
            Vector.ConditionalSelect(-new Vector<long>(condition[i..]), new Vector<long>(whenTrue[i..]), new Vector<long>(whenFalse[i..])).CopyTo(target[i..]);
        }

        for (; i < target.Length; i++)
        {
            target[i] = condition[i] != 0 ? whenTrue[i] : whenFalse[i];
        }
    }
}
