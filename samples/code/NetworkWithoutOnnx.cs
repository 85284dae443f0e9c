using Peregrine;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Samples;

/// <summary>A network that comes from no file.</summary>
public static class NetworkWithoutOnnx
{
    /// <returns>max(x · w, 0) for rows of four numbers.</returns>
    public static float[] Run(float[] rows)
    {
        // <graph-builder>
        GraphBuilder g = new("perceptron");
        Value x = g.Input("x", DataType.Float32, "N", 4);
        Value w = g.Constant("w", Tensor.Of<float>([4, 2], [1, 0, 0, 1, -1, 0, 0, -1]));
        g.Output("y", g.Call(new Relu(), g.Call(new MatMul(), x, w)));

        using Engine engine = new EngineBuilder().Build(g.Build());
        using InferenceContext context = engine.CreateContext();
        context.Input<float>("x", [rows.Length / 4, 4]).CopyFrom(rows);
        context.Run();
        float[] y = context.Output<float>("y").ToArray();
        // </graph-builder>
        return y;
    }
}
