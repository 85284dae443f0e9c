using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.TestKit;

/// <summary>Small random graphs for property tests: a function of the seed alone. Pointwise operators, data movement, shape arithmetic, shared and unused values, odd names.</summary>
public static class RandomGraphs
{
    private static readonly string[] Names = ["x", "layer/1", "a b", "q\"uote", "7", "täg", "a//b"];

    /// <summary>A verified graph of at most <paramref name="nodes"/> nodes over float tensors [N,4] and shape vectors.</summary>
    public static Graph Create(int seed, int nodes = 12)
    {
        Random random = new(seed);
        GraphBuilder g = new($"random {seed}");
        List<Value> floats = [g.Input(Names[random.Next(Names.Length)], DataType.Float32, "N", 4), g.Input("second", DataType.Float32, "N", 4)];
        List<Value> shapes = [g.Call(new ShapeOf(), floats[0])];
        for (int i = 0; i < nodes; i++)
        {
            Value x = floats[random.Next(floats.Count)], y = floats[random.Next(floats.Count)];
            Value s = shapes[random.Next(shapes.Count)];
            g.NodeName = random.Next(3) == 0 ? $"{Names[random.Next(Names.Length)]}_{i}" : null;
            g.Provenance = random.Next(2) == 0 ? Provenance.None : random.Next(2) == 0 ? Provenance.Of($"source{i}") : Provenance.Of($"source{i}", "other \"one\"");
            switch (random.Next(9))
            {
                case 0: floats.Add(g.Call(new Relu(), x)); break;
                case 1: floats.Add(g.Call(new Add(), x, y)); break;
                case 2: floats.Add(g.Call(new HardSwish(), x)); break;
                case 3: floats.Add(g.Call(new Add(), x, g.Constant("bias", RandomTensor.Create(DataType.Float32, [4], (ulong)i)))); break;
                case 4: floats.Add(g.Call(new Identity(), x)); break;
                case 5: floats.Add(g.Call(new Reshape(), x, s)); break;
                case 6: shapes.Add(g.Call(new Concat(0), g.Call(new Gather(), s, g.Constant("first", 0)), g.Constant("four", 4))); break;
                case 7: floats.Add(g.Call(new Transpose([1, 0]), g.Call(new Transpose([1, 0]), x))); break;
                default: shapes.Add(g.Call(new ShapeOf(), y)); break;
            }
        }

        int outputs = random.Next(1, 4);
        for (int i = 0; i < outputs; i++)
        {
            Value result = random.Next(4) == 0 ? shapes[^1] : floats[^(1 + random.Next(Math.Min(3, floats.Count)))];
            g.Output(random.Next(2) == 0 ? result.Name : $"out {i}", result);
        }

        return g.Build();
    }

    /// <summary>Random values for the graph's inputs; every symbol has the extent that <paramref name="extent"/> gives.</summary>
    public static object?[] Inputs(Graph graph, ulong seed, Func<string, long> extent) =>
        [.. graph.Inputs.Select((v, i) => (object?)RandomTensor.Create(v.Tensor!.ElementType, [.. v.Tensor.Shape.Select(d => d.Evaluate(extent))], seed + (ulong)i))];
}
