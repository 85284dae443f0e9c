using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Tests;

/// <summary>Kernels that read what a step on the host made: its dims are known only when that step has run.</summary>
public sealed class ManagedOperandTests
{
    /// <summary>A scan on the host, and a product with a matrix of too few columns for a register, for which kernels pack the matrix into temporary memory.</summary>
    [Theory]
    [InlineData(true, 3)]
    [InlineData(true, 24)]
    [InlineData(false, 3)]
    public void A_product_with_the_result_of_a_scan_has_its_temporary_memory(bool isStatic, long columns)
    {
        Graph Create()
        {
            GraphBuilder g = new("scan and product");
            Value x = isStatic ? g.Input("x", DataType.Float32, 3, 5) : g.Input("x", DataType.Float32, "N", "T");
            GraphBuilder body = new(new Graph("body", g.Graph.Symbols, g.Graph.Edits), null);
            Value row = body.Input("row", new TensorType(DataType.Float32, Symbolics.Shape.Create([x.Tensor!.Shape[1]])));
            body.Output("y", body.Call(new Sigmoid(), row));
            Value rows = g.CallMany(new Scan(body.Graph, 1), [x], 1)[0]!;
            g.Output("y", g.Call(new MatMul(), rows, g.Constant("w", RandomTensor.Create(DataType.Float32, [5, columns], 7))));
            return g.Build();
        }

        using Engine engine = new EngineBuilder().UseCpu(cpu => cpu.Threads = 2).Deterministic().Build(Create());
        using InferenceContext context = engine.CreateContext();
        foreach (long rows in isStatic ? [3L, 3] : (long[])[3, 40, 1, 3])
        {
            Tensor x = RandomTensor.Create(DataType.Float32, [rows, 5], (ulong)rows);
            Tensor expected = (Tensor)Interpreter.Run(Create(), [x])[0]!;
            context.BindInput("x", x);
            context.Run();
            float[] found = context.Output<float>("y").ToArray();
            Assert.Equal(expected.Length, found.Length);
            for (int i = 0; i < found.Length; i++)
            {
                Assert.Equal(expected.Span<float>()[i], found[i], 1e-5f);
            }
        }
    }

    /// <summary>A classifier as converters of classical models write it: the scores of each row as a map from label to score.</summary>
    [Fact]
    public void Maps_go_in_and_out_of_a_saved_engine()
    {
        GraphBuilder g = new("classifier");
        Value scores = g.Call(new Softmax(-1), g.Call(new MatMul(), g.Input("x", DataType.Float32, "N", 4), g.Constant("w", RandomTensor.Create(DataType.Float32, [4, 3], 7))));
        g.Output("scores", scores);
        g.Output("maps", g.Call(new ZipMap([], ["cat", "dog", "fox"]), scores));
        g.Output("row", g.Call(new DictVectorizer([2, 1], []), g.Input("words", new MapType(DataType.Int64, DataType.Float32))));
        string path = Path.Combine(Path.GetTempPath(), $"peregrine-maps-{Environment.ProcessId}.engine");
        using (Engine built = new EngineBuilder().Level(0).Build(g.Build()))
        {
            built.Save(path);
        }

        using Engine engine = Engine.Load(path);
        File.Delete(path);
        using InferenceContext context = engine.CreateContext();
        context.BindInput("words", new TensorMap(Tensor.Vector(1L, 2), Tensor.Vector(0.5f, 3)));
        for (int rows = 1; rows < 4; rows++)
        {
            context.BindInput("x", RandomTensor.Create(DataType.Float32, [rows, 4], (ulong)rows));
            context.Run();
            float[] all = context.Output<float>("scores").ToArray();
            TensorSequence maps = (TensorSequence)context.OutputValue("maps");
            Assert.Equal(all, maps.Items.SelectMany(m => ((TensorMap)m).ToDictionary<string, float>().Values));
            Assert.Equal(["cat", "dog", "fox"], ((TensorMap)maps.Items[0]).Keys.Strings);
            Assert.Equal([3f, 0.5f], context.Output<float>("row").ToArray());
        }

        Assert.Throws<BindingException>(() => context.BindInput("words", TensorSequence.Empty));
        Assert.Throws<BindingException>(() => context.BindInput("words", new TensorMap(new([1], ["a"]), Tensor.Vector(1f))));
        Assert.Throws<BindingException>(() => context.BindInput("x", new TensorMap(Tensor.Vector(1L), Tensor.Vector(1f))));
    }
}
