using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Symbolics;
using Peregrine.Tensors;
using Peregrine.Text;

namespace Peregrine.Tests.Operators.Ml;

/// <summary>What the comparison with ONNX Runtime does not reach: types, wrong labels and keys, maps themselves.</summary>
public sealed class MapTests
{
    private static readonly TensorMap Map = new(Tensor.Vector(3L, -1), Tensor.Vector(1.5f, 2));

    [Fact]
    public void Types_are_inferred_written_and_read()
    {
        GraphBuilder g = new("maps");
        Value scores = g.Input("x", DataType.Float32, "N", 2);
        Value maps = g.Call(new ZipMap([], ["a", "b"]), scores);
        Value map = g.Call(new SequenceAt(), maps, g.Constant("at", Tensor.Scalar(0L)));
        g.Output("row", g.Call(new DictVectorizer([], ["b", "a", "c"]), map));
        g.Output("maps", maps);
        Assert.Equal(("seq<map<str,f32>>", "map<str,f32>", "f32[1,3]"), (maps.Type.ToString(), map.Type.ToString(), g.Graph.Outputs[0].Value.Type.ToString()));
        string text = GraphPrinter.Print(g.Build());
        Assert.Equal(text, GraphPrinter.Print(GraphParser.Parse(text)));
        Assert.Equal([2f, 1, 0], ((Tensor)Interpreter.Run(GraphParser.Parse(text), [Evaluated.Floats([1, 2], 1, 2)])[0]!).Span<float>().ToArray());
    }

    [Fact]
    public void Wrong_labels_keys_and_values_are_refused()
    {
        Tensor x = Evaluated.Floats([1, 2], 1, 2);
        Evaluated.Fails("PG2607", new ZipMap([], []), x);
        Evaluated.Fails("PG2607", new ZipMap([1, 2], ["a", "b"]), x);
        Evaluated.Fails("PG2611", new ZipMap([1, 2, 3], []), x);
        Evaluated.Fails("PG2600", new ZipMap([1, 2], []), Evaluated.Floats([1, 1, 2], 1, 2));
        Evaluated.Fails("PG2103", new CastMap(), x);
        Fails("PG2103", new DictVectorizer([], ["a"]), Map);
        Fails("PG2607", new DictVectorizer([], []), Map);
        Fails("PG2612", new CastMap(MapCast.Float, MapForm.Sparse, 0), Map);
        Fails("PG2613", new CastMap(MapCast.Float, MapForm.Sparse, 5), Map);
        Fails("PG1004", new CastMap(MapCast.Float, MapForm.Sparse, 1L << 40), new TensorMap(Tensor.Vector(0L), Tensor.Vector(1f)));

        static void Fails(string code, Operator op, TensorMap map) => Assert.Equal(code, Assert.Throws<ModelException>(() => ReferenceEvaluator.Evaluate(op, "node", [map], [], [true])).Diagnostics[0].Code);
    }

    [Fact]
    public void A_map_is_a_dictionary_of_its_own_types()
    {
        Assert.Equal(2f, Map.ToDictionary<long, float>()[-1]);
        Assert.Equal("map<s64,f32>[2]", Map.ToString());
        Assert.Contains("str", Assert.Throws<InvalidOperationException>(() => new TensorMap(new([1], ["a"]), Tensor.Vector(1f)).ToDictionary<long, float>()).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => Map.ToDictionary<long, double>());
        Assert.Throws<ArgumentException>(() => new TensorMap(Tensor.Vector(1L, 1), Tensor.Vector(1f, 2)));
        Assert.Throws<ArgumentException>(() => new TensorMap(new([2], ["a", "a"]), Tensor.Vector(1f, 2)));
        Assert.Throws<ArgumentException>(() => new TensorMap(Tensor.Vector(1L), Tensor.Vector(1f, 2)));
        Assert.Throws<ArgumentException>(() => new TensorMap(Tensor.Vector(1f), Tensor.Vector(1f)));
    }
}
