using Peregrine.Ir;
using Peregrine.Runtime.Kernels;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Format;

/// <summary>
/// Writes the values that plans, recipes and constants consist of; <see cref="StructureReader"/> reads them. Texts, dims, layouts and symbol tables are written in full at
/// their first use in a section (0, then the value) and referred to by number from then on (number + 1). Tensors and constants are numbers of the <see cref="ConstantPool"/>.
/// </summary>
internal sealed class StructureWriter(ConstantPool constants)
{
    private readonly Dictionary<string, int> _texts = new(StringComparer.Ordinal);
    private readonly Dictionary<Dim, int> _dims = [];
    private readonly Dictionary<Layout, int> _layouts = [];
    private readonly Dictionary<SymbolTable, int> _symbolTables = new(ReferenceEqualityComparer.Instance);
    private int _depth;

    public BinarySectionWriter Bytes { get; } = new();

    public void Text(string text) => Shared(_texts, text, Bytes.WriteString);

    public void Texts(Texts texts)
    {
        Bytes.WriteCount(texts.Count);
        foreach (string text in texts.AsSpan())
        {
            Text(text);
        }
    }

    public void Dim(Dim dim) => Shared(_dims, dim, d => DimCodec.Write(this, d));

    public void Shape(Shape shape)
    {
        Bytes.WriteBoolean(shape.IsRanked);
        if (shape.IsRanked)
        {
            Dims(shape);
        }
    }

    public void Dims(IReadOnlyCollection<Dim> dims)
    {
        Bytes.WriteCount(dims.Count);
        foreach (Dim dim in dims)
        {
            Dim(dim);
        }
    }

    public void Type(IrType type)
    {
        Enter();
        switch (type)
        {
            case TensorType tensor:
                Bytes.WriteByte(1);
                Bytes.WriteUnsigned((ulong)tensor.ElementType);
                Shape(tensor.Shape);
                break;
            case SequenceType sequence:
                Bytes.WriteByte(2);
                Type(sequence.Element);
                break;
            case OptionalType optional:
                Bytes.WriteByte(3);
                Type(optional.Element);
                break;
            case MapType map:
                Bytes.WriteByte(4);
                Bytes.WriteUnsigned((ulong)map.Key);
                Bytes.WriteUnsigned((ulong)map.Element);
                break;
            default:
                Bytes.WriteByte(0);
                break;
        }

        Leave();
    }

    public void Layout(Layout layout) => Shared(_layouts, layout, l => LayoutCodec.Write(Bytes, l));

    public void Symbol(Symbol symbol)
    {
        Text(symbol.Name);
        Bytes.WriteSigned(symbol.Min);
        Bytes.WriteSigned(symbol.Max);
        Bytes.WriteBoolean(symbol.IsDataDependent);
        Bytes.WriteBoolean(symbol.Bound is not null);
        if (symbol.Bound is { } bound)
        {
            Dim(bound);
        }
    }

    public void SymbolTable(SymbolTable table) => Shared(_symbolTables, table, t =>
    {
        Bytes.WriteCount(t.Symbols.Count);
        foreach (Symbol symbol in t.Symbols)
        {
            Symbol(symbol);
        }
    });

    public void Tensor(Tensor tensor) => Bytes.WriteUnsigned((ulong)constants.Tensors.Number(tensor));

    public void Constant(Constant constant) => Bytes.WriteUnsigned((ulong)constants.Number(constant));

    /// <summary>Call before a structure that can contain its own kind, as the reader does.</summary>
    /// <exception cref="EngineWriteException">A reader would refuse the nesting.</exception>
    public void Enter()
    {
        if (++_depth > BinarySectionReader.MaximumDepth)
        {
            throw new EngineWriteException($"The engine cannot be saved: it nests graphs, types or dimensions deeper than the {BinarySectionReader.MaximumDepth} levels that a file holds.");
        }
    }

    public void Leave() => _depth--;

    private void Shared<T>(Dictionary<T, int> known, T value, Action<T> write) where T : notnull
    {
        if (known.TryGetValue(value, out int number))
        {
            Bytes.WriteUnsigned((ulong)number + 1);
            return;
        }

        Bytes.WriteUnsigned(0);
        write(value);
        known.Add(value, known.Count);
    }
}
