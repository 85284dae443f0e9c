using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Format;

/// <summary>What the sections of one engine share while it is read.</summary>
internal sealed class StructureContext(OperatorCatalog catalog)
{
    public OperatorCatalog Catalog => catalog;

    public IReadOnlyList<Tensor> Tensors { get; set; } = [];

    /// <summary>Those read so far; a reference to a later one is an error.</summary>
    public List<Constant> Constants { get; } = [];
}

/// <summary>Reads what <see cref="StructureWriter"/> wrote, of a file that is not trusted: any violation is an <see cref="EngineFormatException"/>.</summary>
internal sealed class StructureReader(BinarySectionReader bytes, StructureContext context)
{
    private readonly List<string> _texts = [];
    private readonly List<Dim> _dims = [];
    private readonly List<Layout> _layouts = [];
    private readonly List<SymbolTable> _symbolTables = [];
    private readonly Dictionary<SymbolTable, EditLog> _editLogs = new(ReferenceEqualityComparer.Instance);

    public BinarySectionReader Bytes => bytes;

    public StructureContext Context => context;

    public string Text() => Shared(_texts, bytes.ReadString, "a text");

    public Texts Texts()
    {
        string[] texts = new string[bytes.ReadCount(1)];
        for (int i = 0; i < texts.Length; i++)
        {
            texts[i] = Text();
        }

        return Tensors.Texts.Create(texts);
    }

    public Dim Dim() => Shared(_dims, () => DimCodec.Read(this), "a dimension");

    public Shape Shape()
    {
        if (!bytes.ReadBoolean())
        {
            return Symbolics.Shape.Unranked;
        }

        Dim[] dims = Dims();
        return dims.Length <= Tensors.Tensor.MaxRank ? Symbolics.Shape.Create(dims) : throw Error($"a shape has {dims.Length} dimensions; the limit is {Tensors.Tensor.MaxRank}");
    }

    public Dim[] Dims()
    {
        Dim[] dims = new Dim[bytes.ReadCount(1)];
        for (int i = 0; i < dims.Length; i++)
        {
            dims[i] = Dim();
        }

        return dims;
    }

    public IrType Type()
    {
        bytes.Enter();
        IrType type = bytes.ReadByte() switch
        {
            0 => IrType.Unknown,
            1 => new TensorType(bytes.ReadEnum<DataType>("an element type"), Shape()),
            2 => new SequenceType(Type()),
            3 => new OptionalType(Type()),
            4 => new MapType(bytes.ReadEnum<DataType>("an element type"), bytes.ReadEnum<DataType>("an element type")),
            byte other => throw Error($"there is no kind {other} of types"),
        };
        bytes.Leave();
        return type;
    }

    public Layout Layout() => Shared(_layouts, () => LayoutCodec.Read(bytes), "a layout");

    public Symbol Symbol()
    {
        string name = Text();
        long min = bytes.ReadSigned(), max = bytes.ReadSigned();
        bool isDataDependent = bytes.ReadBoolean();
        Dim? bound = bytes.ReadBoolean() ? Dim() : null;
        return min >= 0 && min <= max ? new(name, min, max, isDataDependent, bound) : throw Error($"the symbol \"{name}\" has the impossible range {min} to {max}");
    }

    public SymbolTable SymbolTable() => Shared(_symbolTables, () =>
    {
        SymbolTable table = new();
        for (int count = bytes.ReadCount(5); count > 0; count--)
        {
            Symbol symbol = Symbol();
            if (!table.TryAdd(symbol))
            {
                throw Error($"the symbol \"{symbol.Name}\" occurs twice");
            }
        }

        _editLogs.Add(table, new());
        return table;
    }, "a symbol table");

    /// <summary>The edit log of the graphs that share <paramref name="table"/>.</summary>
    public EditLog EditsOf(SymbolTable table) => _editLogs[table];

    public Tensor Tensor() => context.Tensors[bytes.ReadIndex(context.Tensors.Count, "a tensor")];

    public Constant Constant() => context.Constants[bytes.ReadIndex(context.Constants.Count, "a constant")];

    public EngineFormatException Error(string problem, Exception? inner = null) => bytes.Error(problem, inner);

    private T Shared<T>(List<T> known, Func<T> read, string what)
    {
        int number = bytes.ReadIndex(known.Count + 1, what);
        if (number > 0)
        {
            return known[number - 1];
        }

        T value = read();
        known.Add(value);
        return value;
    }
}
