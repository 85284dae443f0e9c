using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Runtime.Planning;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Execution;

/// <summary>
/// Checks kernel steps against the shapes that they are about to get. A plan is made for symbolic shapes and rests on assumptions that only a binding can break (that N and 3 broadcast, say);
/// a kernel trusts its operands' dims, so they are inferred once more, concretely, before it first meets them.
/// </summary>
internal sealed class StepShapeCheck(Plan plan, SlotTable slots, Func<string, long> symbols, IReadOnlyList<Constant> constants)
{
    private readonly long[]?[] _seen = new long[]?[plan.Steps.Count];
    private readonly SymbolTable _scratch = new();
    private readonly List<long> _dims = [];

    /// <summary>Checks every kernel step whose operands are all bound and whose dims are not those of the last check.</summary>
    /// <param name="isCurrent">Whether a slot's binding is that of this run.</param>
    /// <exception cref="BindingException">The shapes do not fit together; nothing has run on them.</exception>
    public void Run(Func<int, bool> isCurrent)
    {
        for (int i = 0; i < plan.Steps.Count; i++)
        {
            if (plan.Steps[i] is KernelStep step && Gather(step, isCurrent) && !(_seen[i] is { } seen && _dims.Count == seen.Length && seen.AsSpan().SequenceEqual(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_dims))))
            {
                Check(step);
                _seen[i] = [.. _dims];
            }
        }
    }

    /// <summary>Collects the dims of all operands; false if one is not known yet.</summary>
    private bool Gather(KernelStep step, Func<int, bool> isCurrent)
    {
        _dims.Clear();
        return Gather(step.Inputs.AsSpan(), isCurrent) && Gather(step.Outputs.AsSpan(), isCurrent);
    }

    private bool Gather(ReadOnlySpan<long> operands, Func<int, bool> isCurrent)
    {
        foreach (long slot in operands)
        {
            if (slot < 0)
            {
                continue;
            }

            if (!slots.IsBound((int)slot) || !isCurrent((int)slot))
            {
                return false;
            }

            _dims.Add(slots.Dims((int)slot).Length);
            foreach (long dim in slots.Dims((int)slot))
            {
                _dims.Add(dim);
            }
        }

        return true;
    }

    private void Check(KernelStep step)
    {
        InferenceInput?[] inputs = [.. step.Inputs.Select(s => s < 0 ? null : Known(plan.Slots[(int)s]))];
        bool[] wanted = [.. step.Outputs.Select(s => s >= 0)];
        DiagnosticBag findings = new();
        InferenceScope scope = new(step.Operator, step.Name, "", inputs, wanted, _scratch, findings);
        scope.Run();
        if (findings.HasErrors)
        {
            throw new BindingException($"The shapes do not fit together: {findings.Items.First(d => d.Severity == Severity.Error).Message}");
        }

        for (int i = 0; i < wanted.Length; i++)
        {
            if (wanted[i] && scope.OutputType(i) is TensorType { Shape: { IsRanked: true } shape } && !Fits(shape, slots.Dims((int)step.Outputs[i])))
            {
                throw new BindingException($"The shapes do not fit together: {step.Kind} \"{step.Name}\" makes {shape} of these inputs, but [{string.Join(',', slots.Dims((int)step.Outputs[i]).ToArray())}] was planned.");
            }
        }
    }

    private InferenceInput Known(BufferSlot slot)
    {
        Tensor? constant = slot.Kind == SlotKind.Constant ? constants[slot.Target].Data : null;
        IReadOnlyList<Dim>? contents = slot.Contents is { } dims ? [.. dims.Select(d => (Dim)d.Evaluate(symbols))] : null;
        return new(new TensorType(((TensorType)slot.Type).ElementType, Shape.Of(slots.Dims(slot.Index))), constant, contents);
    }

    private static bool Fits(Shape inferred, ReadOnlySpan<long> planned)
    {
        if (inferred.Rank != planned.Length)
        {
            return false;
        }

        for (int axis = 0; axis < planned.Length; axis++)
        {
            if (inferred[axis].IsConstant && inferred[axis].Constant != planned[axis])
            {
                return false;
            }
        }

        return true;
    }
}
