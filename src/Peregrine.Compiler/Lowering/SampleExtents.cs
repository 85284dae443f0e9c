using Peregrine.Ir;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;
using Peregrine.Runtime.Tuning;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Lowering;

/// <summary>
/// Typical values of a graph's symbols, at which kernels with run-time dims are tried: opt of the first profile that tells; without profile 1 for what is the first axis of an input (the batch)
/// and 128 for the others, moved into the symbol's range; for data-dependent symbols their upper bound.
/// </summary>
internal sealed class SampleExtents
{
    private const long Batch = 1, Other = 128;

    private readonly Dictionary<string, long> _values = new(StringComparer.Ordinal);
    private readonly SymbolTable _symbols;

    public SampleExtents(Graph graph, IReadOnlyList<OptimizationProfile> profiles)
    {
        _symbols = graph.Symbols;
        foreach (ProfileInput input in profiles.SelectMany(p => p.Inputs))
        {
            if (graph.Inputs.FirstOrDefault(v => v.Name == input.Input)?.Tensor is { Shape.IsRanked: true } type)
            {
                Take(type.Shape, axis => input.Opt[axis]);
            }
        }

        foreach (Value input in graph.Inputs)
        {
            if (input.Tensor is { Shape.IsRanked: true } type)
            {
                Take(type.Shape, axis => axis == 0 ? Batch : Other);
            }
        }
    }

    /// <summary>The extents of operands; null if they cannot be computed or the request does not allow them.</summary>
    public OperandExtents? Of(IReadOnlyList<Value?> inputs, IReadOnlyList<Value?> outputs, KernelRequest request)
    {
        try
        {
            OperandExtents extents = new(ValueList.From(inputs.Select(Of)), ValueList.From(outputs.Select(Of)));
            return extents.Fit(request) ? extents : null;
        }
        catch (Exception e) when (e is DimException or OverflowException)
        {
            return null;
        }
    }

    /// <summary>
    /// A request whose dimensions without bound end soon above their typical extents, so that what different tactics say that it costs can be compared. They stay open: what needs to know an extent
    /// learns nothing.
    /// </summary>
    public KernelRequest Bound(KernelRequest request, IReadOnlyList<Value?> inputs, IReadOnlyList<Value?> outputs)
    {
        return request.IsStatic ? request : request with { Inputs = BoundAll(request.Inputs, inputs), Outputs = BoundAll(request.Outputs, outputs) };

        ValueList<KernelOperand> BoundAll(ValueList<KernelOperand> operands, IReadOnlyList<Value?> values) =>
            ValueList.From(operands.Select((o, i) => o.Dims.All(d => d.Max < long.MaxValue) || Known(values[i]) is not { } extents ? o
                : o with { Dims = ValueList.From(o.Dims.Select((d, axis) => d.Max < long.MaxValue ? d : d with { Max = Math.Max(extents[axis], d.Min + d.Divisor) })) }));
    }

    private Ints? Known(Value? value)
    {
        try
        {
            return value?.Tensor is { Shape.IsRanked: true } ? Of(value) : null;
        }
        catch (Exception e) when (e is DimException or OverflowException)
        {
            return null;
        }
    }

    private void Take(Shape shape, Func<int, long> value)
    {
        for (int axis = 0; axis < shape.Rank; axis++)
        {
            if (shape[axis].SymbolName is { } symbol)
            {
                (long min, long max) = _symbols.RangeOf(shape[axis]);
                _values.TryAdd(symbol, Math.Clamp(value(axis), min, max));
            }
        }
    }

    private Ints Of(Value? value) => value?.Tensor is { Shape.IsRanked: true } type ? Ints.From(type.Shape.Select(d => d.Evaluate(ValueOf))) : Ints.Empty;

    private long ValueOf(string symbol)
    {
        if (_values.TryGetValue(symbol, out long known))
        {
            return known;
        }

        // Set first: a bound that leads back to its symbol must end.
        _values[symbol] = Other;
        Symbol? described = _symbols.Find(symbol);
        long value = described?.Bound is { } bound ? bound.Evaluate(ValueOf) : Other;
        return _values[symbol] = described is null ? value : Math.Clamp(value, described.Min, described.Max);
    }
}
