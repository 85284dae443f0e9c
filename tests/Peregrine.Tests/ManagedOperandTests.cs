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
}
