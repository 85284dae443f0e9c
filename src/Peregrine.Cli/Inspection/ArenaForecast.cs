using Peregrine.Ir;
using Peregrine.Runtime.Planning;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Cli.Inspection;

/// <summary>Where a context would put the slots of a plan, for given values of the symbols, found without allocating or running anything.</summary>
internal sealed class ArenaForecast
{
    private readonly Plan _plan;
    private readonly IReadOnlyDictionary<string, long> _symbols;
    private readonly Dictionary<int, long> _offsets = [];

    public ArenaForecast(Plan plan, IReadOnlyDictionary<string, long> symbols)
    {
        _plan = plan;
        _symbols = symbols;
        BufferSlot[] placed = [.. plan.Slots.Where(s => s.Kind == SlotKind.Arena)];
        long?[] sizes = [.. placed.Select(Bytes)];
        if (sizes.Any(s => s is null))
        {
            return;
        }

        BufferRequest[] requests = [.. placed.Select((s, i) => new BufferRequest(sizes[i]!.Value, MemoryPlanner.Unit, s.FirstStep, Math.Max(s.FirstStep, s.LastStep)))];
        long[] offsets = new long[requests.Length];
        Peak = new MemoryPlanner().Plan(requests, offsets, PlanningEffort.Thorough).Peak;
        for (int i = 0; i < placed.Length; i++)
        {
            _offsets[placed[i].Index] = offsets[i];
        }
    }

    /// <summary>Bytes of the arena; null if a size is not known.</summary>
    public long? Peak { get; }

    public long? Offset(BufferSlot slot) => _offsets.TryGetValue(slot.Index, out long offset) ? offset : null;

    /// <summary>Bytes of a slot; null if they depend on symbols without a value, or on the data.</summary>
    public long? Bytes(BufferSlot slot)
    {
        if (slot.Type is not TensorType { ElementType: not DataType.String } type || (_plan.Shapes.SlotDims[slot.Index] ?? (type.Shape.IsRanked ? type.Shape : null)) is not { } shape
            || shape.Any(d => d.Symbols.Any(s => !_symbols.ContainsKey(s))))
        {
            return null;
        }

        try
        {
            return Tensor.CheckedBytes(type.ElementType, [.. shape.Select(d => d.Evaluate(s => _symbols[s]))]);
        }
        catch (Exception e) when (e is DimException or OverflowException or Diagnostics.ModelException)
        {
            return null;
        }
    }
}
