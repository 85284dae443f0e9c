namespace Peregrine.Runtime.Planning;

/// <summary>Finds what lies behind views.</summary>
public static class SlotRoots
{
    /// <summary>The slot whose memory a view or part shows; the slot itself if it is neither.</summary>
    public static BufferSlot RootOf(this IReadOnlyList<BufferSlot> slots, int slot)
    {
        BufferSlot root = slots[slot];
        while (root.Kind is SlotKind.View or SlotKind.Part)
        {
            root = slots[root.Target];
        }

        return root;
    }
}
