using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Execution;

/// <summary>Lets results take over the memory of operands that die in the step which makes them, where its kernel says that it can work in place.</summary>
/// <param name="dims">Evaluates the dims of a slot.</param>
internal sealed class MemoryTakeover(Plan plan, IKernel?[] kernels, Func<BufferSlot, long[]> dims)
{
    /// <summary>Notes in the requests which may be placed where another is.</summary>
    /// <param name="requestOf">The request of each slot that has one.</param>
    /// <param name="known">Dims of those slots.</param>
    public void Apply(List<BufferRequest> requests, Dictionary<int, int> requestOf, Dictionary<int, long[]> known)
    {
        for (int step = 0; step < kernels.Length; step++)
        {
            if (kernels[step] is { OverwritableInputs.Count: > 0 } kernel && plan.Steps[step].Outputs[0] is >= 0 and var output && requestOf.TryGetValue((int)output, out int writer)
                && Replaced(step, kernel, requests, requestOf, known) is int replaced)
            {
                requests[writer] = requests[writer] with { InPlaceOf = replaced };
            }
        }
    }

    /// <summary>
    /// The request whose memory a step's first output takes over: that of an operand which dies here, has the same extents, and shares its memory with no operand that may not be overwritten; null if
    /// there is none.
    /// </summary>
    private int? Replaced(int step, IKernel kernel, List<BufferRequest> requests, Dictionary<int, int> requestOf, Dictionary<int, long[]> known)
    {
        Ints inputs = plan.Steps[step].Inputs;
        int output = (int)plan.Steps[step].Outputs[0], writer = requestOf[output];
        foreach (int operand in kernel.OverwritableInputs)
        {
            int slot = (int)inputs[operand];
            if (slot >= 0 && Root(slot, out bool isWhole) is var root && isWhole && requestOf.TryGetValue(root, out int request)
                && request < writer && requests[request].LastStep == step && requests[request].Size == requests[writer].Size
                && plan.Shapes.SlotSegments[slot] == 0 && (known.GetValueOrDefault(slot) ?? dims(plan.Slots[slot])).AsSpan().SequenceEqual(known[output])
                && inputs.Index().All(other => other.Item < 0 || Root((int)other.Item, out _) != root || (other.Item == slot && kernel.OverwritableInputs.Contains(other.Index))))
            {
                return request;
            }
        }

        return null;
    }

    /// <summary>The slot in whose memory a slot lies, and whether it takes all of it.</summary>
    private int Root(int slot, out bool isWhole)
    {
        isWhole = true;
        for (; plan.Slots[slot].Kind is SlotKind.View or SlotKind.Part; slot = plan.Slots[slot].Target)
        {
            isWhole &= plan.Slots[slot].Kind == SlotKind.View;
        }

        return slot;
    }
}
