using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Planning;

/// <summary>Where a symbol gets its value.</summary>
/// <param name="Symbol">Its name.</param>
/// <param name="Slot">The slot whose dimension it is.</param>
/// <param name="Axis">That dimension.</param>
/// <param name="Step">The step after which it is known; −1 for plan inputs.</param>
public sealed record SymbolBinding(string Symbol, int Slot, int Axis, int Step);

/// <summary>
/// All dimensions of a plan as expressions over its symbols, evaluated once per shape binding. It is cut into segments: segment 0 needs the input shapes only, each further one
/// follows a step that binds data-dependent symbols.
/// </summary>
/// <param name="Bindings">In the order in which the symbols become known.</param>
/// <param name="SlotDims">Per slot its dimensions; null for slots without a known rank.</param>
/// <param name="SlotSegments">Per slot the segment in which its dimensions can be evaluated.</param>
/// <param name="SegmentSteps">Per segment the step after which it is evaluated; −1 for segment 0.</param>
/// <param name="Constraints">Per plan input each dimension that is no plain symbol at its first occurrence; the bound shape must satisfy them.</param>
public sealed record ShapeProgram(
    ValueList<SymbolBinding> Bindings,
    ValueList<Shape?> SlotDims,
    Ints SlotSegments,
    Ints SegmentSteps,
    ValueList<(int Slot, int Axis, Dim Dim)> Constraints)
{
    /// <summary>Evaluates a slot's dimensions.</summary>
    public long[]? Evaluate(int slot, IReadOnlyDictionary<string, long> symbols) =>
        SlotDims[slot] is { } shape ? [.. shape.Select(d => d.Evaluate(s => symbols[s]))] : null;
}
