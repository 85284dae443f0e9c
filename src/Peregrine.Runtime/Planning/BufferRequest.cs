namespace Peregrine.Runtime.Planning;

/// <summary>One buffer to be placed in an arena.</summary>
/// <param name="Size">Bytes, 0 or more.</param>
/// <param name="Alignment">A power of two; anything below 64 counts as 64.</param>
/// <param name="FirstStep">The step that writes it, or 0 for what exists before the first step.</param>
/// <param name="LastStep">The last step that touches it, inclusive, not before the first.</param>
/// <param name="InPlaceOf">
/// The index of an earlier request whose last step is this one's first, if the step may overwrite that input by this output; otherwise −1.
/// Of several requests that name the same one, the first gets it.
/// </param>
public readonly record struct BufferRequest(long Size, int Alignment, int FirstStep, int LastStep, int InPlaceOf = -1);

/// <summary>What a plan costs.</summary>
/// <param name="Peak">Bytes of the arena, exactly: the end of the highest buffer, a multiple of 64.</param>
/// <param name="LowerBound">The largest sum of buffers that are live at one step; no plan is smaller.</param>
public readonly record struct MemoryPlan(long Peak, long LowerBound);
