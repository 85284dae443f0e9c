using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Text;

/// <summary>Types: <c>f32[N,3]</c>, <c>s64[]</c>, <c>f32[*]</c>, <c>seq&lt;f32[N]&gt;</c>, <c>opt&lt;…&gt;</c>, <c>map&lt;str,f32&gt;</c>, <c>?</c>.</summary>
internal sealed class TypeParser(TextScanner scanner)
{
    private const int MaxDepth = 32;
    private const int MaxRank = 64;

    public IrType Parse() => Parse(0);

    /// <summary>A tensor type; a static shape is not required.</summary>
    public TensorType Tensor()
    {
        DataType type = ElementType(scanner.Word("a type"));
        scanner.Expect('[');
        if (scanner.Take('*'))
        {
            scanner.Expect(']');
            return new(type, Shape.Unranked);
        }

        List<Dim> dims = [];
        while (!scanner.Take(']'))
        {
            string text = scanner.Dimension();
            if (!DimParser.TryParse(text, out Dim dim, out string? error))
            {
                throw scanner.Error($"\"{text}\" is no dimension: {error.TrimEnd('.')}");
            }

            if (dim is { IsConstant: true, Constant: < 0 })
            {
                throw scanner.Error($"the dimension {dim} is negative");
            }

            dims.Add(dim);
            if (dims.Count > MaxRank)
            {
                throw scanner.Error($"a tensor has more than {MaxRank} dimensions");
            }

            if (!scanner.Take(',') && scanner.Peek() != ']')
            {
                throw scanner.Error("']' is expected here");
            }
        }

        return new(type, Shape.From(dims));
    }

    private IrType Parse(int depth)
    {
        if (depth > MaxDepth)
        {
            throw scanner.Error($"types nest deeper than {MaxDepth}");
        }

        if (scanner.Take('?'))
        {
            return IrType.Unknown;
        }

        bool sequence = scanner.TakeWord("seq");
        if (sequence || scanner.TakeWord("opt"))
        {
            scanner.Expect('<');
            IrType element = Parse(depth + 1);
            scanner.Expect('>');
            return sequence ? new SequenceType(element) : new OptionalType(element);
        }

        if (scanner.TakeWord("map"))
        {
            scanner.Expect('<');
            DataType key = ElementType(scanner.Word("a type"));
            scanner.Expect(',');
            DataType value = ElementType(scanner.Word("a type"));
            scanner.Expect('>');
            return new MapType(key, value);
        }

        return Tensor();
    }

    private DataType ElementType(string name) => DataTypes.Parse(name) is var type and not DataType.Undefined ? type : throw scanner.Error($"{name} is no element type");
}
