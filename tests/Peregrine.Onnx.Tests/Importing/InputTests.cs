using Peregrine.Ir;
using Peregrine.Onnx.Wire;
using Peregrine.Tensors;
using static Peregrine.Onnx.Tests.Importing.ModelText;

namespace Peregrine.Onnx.Tests.Importing;

/// <summary>Types of inputs, symbols, fixed shapes.</summary>
public sealed class InputTests
{
    private static readonly OnnxGraphProto TwoInputs = Graph([Float("x", "N", 3), Float("b", "N", null!)], [Node("Relu", "x", "y"), Node("Relu", "b", "z")], [Float("y"), Float("z")]);

    [Fact]
    public void One_name_is_one_symbol_and_no_name_gets_one()
    {
        Graph graph = Import(TwoInputs);
        Assert.Equal(["f32[N,3]", "f32[N,b.1]"], graph.Inputs.Select(i => i.Type.ToString()));
        Assert.Equal(["N", "b.1"], graph.Symbols.Symbols.Select(s => s.Name));
    }

    [Fact]
    public void A_missing_shape_is_unranked_and_other_types_exist()
    {
        OnnxTypeProto unranked = new() { Kind = OnnxTypeKind.Tensor, ElementType = DataType.Float32 };
        OnnxTypeProto sequence = new() { Kind = OnnxTypeKind.Sequence, Element = Type(DataType.Int64, "K") };
        OnnxTypeProto optional = new() { Kind = OnnxTypeKind.Optional, Element = sequence };
        OnnxTypeProto map = new() { Kind = OnnxTypeKind.Map, KeyType = DataType.String, Element = Type(DataType.Float32) };
        Graph graph = Import(Graph([Typed("u", unranked), Typed("s", sequence), Typed("o", optional), Typed("m", map)], [Node("Relu", "u", "y")], [Typed("y", null)]));
        Assert.Equal(["f32[*]", "seq<s64[*]>", "opt<seq<s64[*]>>", "map<str,f32>"], graph.Inputs.Select(i => i.Type.ToString()));
    }

    [Fact]
    public void Bad_types_are_told()
    {
        OnnxTypeProto map = new() { Kind = OnnxTypeKind.Map, KeyType = DataType.Float32, Element = Type(DataType.Float32) };
        OnnxGraphProto graph = Graph([Typed("m", map), Typed("n", Type(DataType.Float32, -1)), Typed("t", Type((DataType)99)), Typed("none", null)], [Node("Add", "m n", "a"), Node("Add", "t none", "b")], [Typed("a", null)]);
        Assert.Equal(["PG2050", "PG2053", "PG2052", "PG2056"], Errors(graph).Select(e => e.Code));
    }

    [Fact]
    public void A_fixed_shape_fixes_its_symbols_everywhere()
    {
        Graph graph = Load(Model(TwoInputs)).Import(Fixed(("x", [4, 3])));
        Assert.Equal(["f32[4,3]", "f32[4,b.1]"], graph.Inputs.Select(i => i.Type.ToString()));
        Assert.DoesNotContain(graph.Symbols.Symbols, s => s.Name == "N");
    }

    [Fact]
    public void A_fixed_shape_must_fit()
    {
        string[] Codes(params (string, long[])[] shapes) => [.. Errors(Model(TwoInputs), Fixed(shapes)).Select(e => e.Code)];
        Assert.Equal(["PG2060"], Codes(("q", [1])));
        Assert.Equal(["PG2061"], Codes(("x", [1])));
        Assert.Equal(["PG2061"], Codes(("x", [-1, 3])));
        Assert.Equal(["PG2062"], Codes(("x", [1, 4])));
        Assert.Equal(["PG2063"], Codes(("x", [1, 3]), ("b", [2, 2])));
    }

    private static ImportOptions Fixed(params (string Name, long[] Dims)[] shapes) => new() { Shapes = shapes.ToDictionary(s => s.Name, s => (IReadOnlyList<long>)s.Dims) };
}
