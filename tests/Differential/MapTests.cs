using Peregrine;
using Peregrine.Ir;
using Peregrine.Onnx;
using Peregrine.Onnx.Export;
using Peregrine.Operators;
using Peregrine.OnnxRuntimePeer;
using Peregrine.Tensors;
using Peregrine.TestKit.OnnxRuntime;

namespace Differential;

/// <summary>Operators that make and take maps, in ONNX Runtime, in the interpreter of the exported and imported model, and as built engines.</summary>
public sealed class MapTests(PeerFixture fixture)
{
    private static readonly TensorMap Texts = new(Tensor.Vector(7L, 2, 3), new Tensor([3], ["1.5", "-2", "40"]));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ZipMap_gives_a_map_per_row(bool hasTexts)
    {
        Tensor x = Tensor.Of<float>([2, 3], [0.25f, 0.5f, 1, -1, 0, 3]);
        TensorSequence maps = (TensorSequence)Check(new ZipMap(hasTexts ? [] : [5, -1, 9], hasTexts ? ["b", "ä", "a"] : []), new TensorType(DataType.Float32, Shape(Peregrine.Symbolics.Dim.Symbol("N"), 3)), x);
        Assert.Equal(2, maps.Count);
        if (hasTexts)
        {
            Assert.Equal(3f, ((TensorMap)maps.Items[1]).ToDictionary<string, float>()["a"]);
        }
        else
        {
            Assert.Equal(0.5f, ((TensorMap)maps.Items[0]).ToDictionary<long, float>()[-1]);
        }
    }

    [Fact]
    public void ZipMap_takes_one_row_and_equal_labels() =>
        Assert.Equal(2, ((TensorMap)((TensorSequence)Check(new ZipMap([4, 6, 4], []), new TensorType(DataType.Float32, Shape(3)), Tensor.Vector(1f, 2, 3))).Items[0]).Count);

    [Theory]
    [InlineData(MapCast.Float, MapForm.Dense)]
    [InlineData(MapCast.Float, MapForm.Sparse)]
    [InlineData(MapCast.Int64, MapForm.Sparse)]
    [InlineData(MapCast.Text, MapForm.Sparse)]
    [InlineData(MapCast.Text, MapForm.Dense)]
    public void CastMap_orders_values_by_key(MapCast to, MapForm form)
    {
        Tensor y = (Tensor)Check(new CastMap(to, form, 6), new MapType(DataType.Int64, DataType.String), to == MapCast.Int64 ? new TensorMap(Texts.Keys, new Tensor([3], ["1", "-2", "40"])) : Texts);
        Assert.Equal([1L, form == MapForm.Dense ? 3 : 6], y.Dims.ToArray());
        if (to != MapCast.Text)
        {
            // 7 lies beyond the sparse form.
            TensorMap numbers = new(Texts.Keys, Tensor.Vector(2.75f, -2, 40));
            Check(new CastMap(to, form, 6), new MapType(DataType.Int64, DataType.Float32), numbers);
        }
    }

    [Fact]
    public void DictVectorizer_orders_values_by_vocabulary()
    {
        Tensor values = Tensor.Vector(4f, 8);
        Tensor y = (Tensor)Check(new DictVectorizer([], ["a", "c", "b", "z"]), new MapType(DataType.String, DataType.Float32), new TensorMap(new([2], ["a", "c"]), values));
        Assert.Equal([4f, 8, 0, 0], y.Span<float>().ToArray());
        Check(new DictVectorizer([], ["z", "a", "z"]), new MapType(DataType.String, DataType.Int64), new TensorMap(new([2], ["z", "q"]), Tensor.Vector(4L, 8)));
        Check(new DictVectorizer([3, 2, 5], []), new MapType(DataType.Int64, DataType.String), Texts);
        Check(new DictVectorizer([3, 2, 5], []), new MapType(DataType.Int64, DataType.Float64), new TensorMap(Texts.Keys, Tensor.Vector(1.0, 2, 3)));
    }

    private static Peregrine.Symbolics.Shape Shape(params Peregrine.Symbolics.Dim[] dims) => Peregrine.Symbolics.Shape.Create(dims);

    /// <summary>The engine's result, after all have agreed.</summary>
    private object Check(Operator op, IrType type, object x)
    {
        GraphBuilder g = new("maps");
        g.Output("y", g.Call(op, g.Input("x", type)));
        Graph graph = g.Build();
        string path = Path.Combine(Path.GetTempPath(), $"peregrine-maps-{Environment.ProcessId}.onnx");
        OnnxExporter.Save(graph, path);
        IReadOnlyDictionary<string, Tensor> expected;
        using (OnnxRuntimeSession session = fixture.Peer.Load(path))
        {
            expected = session.Run(Parts("x", x).ToDictionary(StringComparer.Ordinal));
        }

        OnnxModel model = OnnxModel.Load(File.ReadAllBytes(path), "maps");
        File.Delete(path);
        Compare(expected, Interpreter.Run(model.Import(), [x])[0]!);
        using Engine engine = new EngineBuilder().Level(0).Build(model);
        using InferenceContext context = engine.CreateContext();
        context.BindInput("x", x);
        context.Run();
        object result = context.OutputValue("y");
        context.Run();
        Compare(expected, result);
        return result;
    }

    private static void Compare(IReadOnlyDictionary<string, Tensor> expected, object actual)
    {
        Dictionary<string, Tensor> parts = Parts("y", actual).ToDictionary(StringComparer.Ordinal);
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), parts.Keys.Order(StringComparer.Ordinal));
        foreach ((string name, Tensor wanted) in expected)
        {
            if (name.EndsWith(Wire.KeysSuffix, StringComparison.Ordinal))
            {
                // ONNX Runtime gives maps by ascending key.
                string values = name[..^Wire.KeysSuffix.Length] + Wire.ValuesSuffix;
                Assert.Equal(Pairs(wanted, expected[values]), Pairs(parts[name], parts[values]));
            }
            else if (!name.EndsWith(Wire.ValuesSuffix, StringComparison.Ordinal))
            {
                Assert.True(wanted.Equals(parts[name]), $"{name}: {parts[name]} {string.Join(' ', Elements(parts[name]))}, not {wanted} {string.Join(' ', Elements(wanted))}");
            }
        }
    }

    private static IEnumerable<(string, string)> Pairs(Tensor keys, Tensor values) => new TensorMap(keys, values).Texts().Order();

    private static IEnumerable<string> Elements(Tensor tensor) => new TensorMap(Tensor.Vector(Enumerable.Range(0, (int)tensor.Length).Select(i => (long)i).ToArray()), tensor.WithDims([tensor.Length])).Texts().Select(t => t.Value);

    private static IEnumerable<KeyValuePair<string, Tensor>> Parts(string name, object value) => value switch
    {
        Tensor tensor => [new(name, tensor)],
        TensorMap map => [new(name + Wire.KeysSuffix, map.Keys), new(name + Wire.ValuesSuffix, map.Values)],
        TensorSequence sequence => sequence.Items.SelectMany((item, i) => Parts($"{name}\n{i}", item)),
        _ => throw new ArgumentException(value.ToString(), nameof(value)),
    };
}
