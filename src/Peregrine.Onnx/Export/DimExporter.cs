using Peregrine.Onnx.Wire;
using Peregrine.Operators;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Onnx.Export;

/// <summary>
/// Writes dims as int64 arithmetic on the extents of values: Shape reads a symbol, Mul, Add, Min and Max are ONNX's. ONNX's Div truncates, so a floor division is
/// <c>(a − Mod(a, b)) / b</c>, where ONNX's Mod has the divisor's sign.
/// </summary>
/// <param name="add">Takes the nodes, in order.</param>
/// <param name="find">A value and an axis whose extent is the symbol; null if there is none.</param>
internal sealed class DimExporter(ExportContext context, Action<OnnxNodeProto> add, Func<string, (string Value, int Axis)?> find)
{
    private readonly Dictionary<string, string> _known = new(StringComparer.Ordinal);
    private string _node = "";

    /// <summary>Writes the tensor under the name <paramref name="result"/>.</summary>
    public void Export(DimTensor tensor, string node, string result)
    {
        _node = node;
        List<string> parts = [];
        foreach (string text in tensor.Dims)
        {
            Dim dim = DimParser.Parse(text);
            foreach (string symbol in dim.Symbols)
            {
                if (find(symbol) is null)
                {
                    context.Diagnostics.Error("PG2082", $"DimTensor \"{node}\": no value before it has the dimension \"{symbol}\", so ONNX cannot compute {text}.", suggestion: "Export the graph before it is optimized.");
                    return;
                }
            }

            parts.Add(Export(dim));
        }

        long[] shape = tensor.Shape?.ToArray() ?? [tensor.Dims.Count];
        string vector = parts.Count == 0 ? Constant(Tensor.Vector(ReadOnlySpan<long>.Empty)) : parts.Count == 1 ? parts[0] : Call("Concat", parts, ("axis", 0));
        string shaped = shape.Length == 1 ? vector : Call("Reshape", [vector, Constant(Tensor.Vector<long>(shape))]);
        if (tensor.Type == DataType.Int64)
        {
            add(Make("Identity", [shaped], result));
        }
        else
        {
            add(Make("Cast", [shaped], result, ("to", (long)tensor.Type)));
        }
    }

    /// <summary>The name of a vector of one element with the dimension's value.</summary>
    private string Export(Dim dim)
    {
        string key = dim.ToString();
        if (!_known.TryGetValue(key, out string? name))
        {
            name = dim.IsConstant ? Constant(Tensor.Vector(dim.Constant)) : Sum(dim.Polynomial);
            _known[key] = name;
        }

        return name;
    }

    private string Sum(Polynomial polynomial)
    {
        string? sum = null;
        foreach (Term term in polynomial.Terms)
        {
            string? product = term.Coefficient == 1 ? null : Export((Dim)term.Coefficient);
            foreach (DimAtom atom in term.Monomial.Atoms)
            {
                string factor = Export(atom);
                product = product is null ? factor : Call("Mul", [product, factor]);
            }

            sum = sum is null ? product : Call("Add", [sum, product!]);
        }

        return polynomial.Constant == 0 ? sum! : Call("Add", [sum!, Export((Dim)polynomial.Constant)]);
    }

    private string Export(DimAtom atom)
    {
        if (_known.TryGetValue(atom.Key, out string? name))
        {
            return name;
        }

        name = atom switch
        {
            SymbolAtom symbol => Extent(find(symbol.Name)!.Value),
            OpaqueAtom opaque => Opaque(opaque, Export(opaque.Left), Export(opaque.Right)),
            _ => throw new InvalidOperationException($"A dimension holds an atom {atom.Key} of an unknown kind."),
        };
        _known[atom.Key] = name;
        return name;
    }

    private string Opaque(OpaqueAtom atom, string left, string right)
    {
        switch (atom.Kind)
        {
            case OpaqueKind.Min:
                return Call("Min", [left, right]);
            case OpaqueKind.Max:
                return Call("Max", [left, right]);
            case OpaqueKind.FloorDiv:
                return Call("Div", [Call("Sub", [left, Call("Mod", [left, right])]), right]);
            default:
                // Where one side is 1 the other one decides, even if it is 0.
                return Call("Where", [Call("Equal", [left, Export(Dim.One)]), right, left]);
        }
    }

    private string Extent((string Value, int Axis) source) => Call("Shape", [source.Value], ("start", source.Axis), ("end", source.Axis + 1));

    private string Constant(Tensor data)
    {
        string name = context.UniqueName($"{_node}.constant");
        add(new()
        {
            OperatorType = "Constant",
            Name = name,
            Outputs = [name],
            Attributes = [new() { Name = "value", DeclaredKind = OnnxAttributeKind.Tensor, Tensor = TensorEncoder.Encode(data) }],
        });
        return name;
    }

    private string Call(string type, IReadOnlyList<string> inputs, params ReadOnlySpan<(string Name, long Value)> attributes)
    {
        string name = context.UniqueName($"{_node}.{type}");
        add(Make(type, inputs, name, attributes));
        return name;
    }

    private static OnnxNodeProto Make(string type, IReadOnlyList<string> inputs, string output, params ReadOnlySpan<(string Name, long Value)> attributes)
    {
        List<OnnxAttributeProto> list = [];
        foreach ((string name, long value) in attributes)
        {
            list.Add(new() { Name = name, DeclaredKind = OnnxAttributeKind.Int, Int = value });
        }

        return new() { OperatorType = type, Name = output, Inputs = inputs, Outputs = [output], Attributes = list };
    }
}
