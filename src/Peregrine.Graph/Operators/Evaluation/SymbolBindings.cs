using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>
/// The values of a graph's symbols while it runs: a symbol is known as soon as a tensor exists one of whose dimensions is that very symbol. A body's bindings come
/// before those of the graph around it.
/// </summary>
public sealed class SymbolBindings(Func<string, long>? outer = null)
{
    private readonly Dictionary<string, long> _values = new(StringComparer.Ordinal);

    /// <summary>Learns from a value and its type. The first one to mention a symbol decides.</summary>
    public void Bind(IrType type, object? value)
    {
        if (type is not TensorType { Shape: { IsRanked: true } shape } || value is not Tensor tensor || tensor.Rank != shape.Rank)
        {
            return;
        }

        for (int axis = 0; axis < shape.Rank; axis++)
        {
            if (!shape[axis].IsConstant && shape[axis].SymbolName is { } name)
            {
                _values.TryAdd(name, tensor.Dims[axis]);
            }
        }
    }

    /// <summary>The value of a symbol; a <see cref="ModelException"/> if nothing has told it.</summary>
    public long Resolve(string symbol) =>
        _values.TryGetValue(symbol, out long value) ? value
        : outer?.Invoke(symbol) ?? throw new ModelException(Diagnostic.Error("PG2114", $"The symbol {symbol} has no value: no tensor so far has it as a dimension."));
}
