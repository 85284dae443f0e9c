using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.TestKit;

/// <summary>
/// Random small networks for comparisons with another runtime: a function of the seed alone. Three to thirty operators over float32, int64 and bool, static and symbolic
/// dimensions, shape arithmetic, data-dependent results. They are well conditioned: what amplifies rounding errors (reciprocals, logarithms, exponentials) works on bounded
/// values, and what jumps (rounding, comparisons, ArgMax) only on values that carry no rounding error.
/// </summary>
public static partial class RandomNetworks
{
    /// <summary>The extents of the symbols in the network of this seed.</summary>
    public static long Extent(int seed, string symbol) => symbol switch
    {
        "N" => 1 + (seed % 3),
        "T" => 2 + (seed / 3 % 4),
        "H" => 1 + (seed / 4 % 37),
        "W" => 1 + (seed / 4 % 31),
        "One" => 1,
        _ => 3,
    };

    /// <summary>Every fourth network is one of layers with constant weights over images.</summary>
    public static bool IsOfImages(int seed) => seed % 4 == 2;

    /// <summary>A verified graph.</summary>
    public static Graph Create(int seed)
    {
        Draft draft = new(seed);
        if (IsOfImages(seed))
        {
            draft.ImageInputs();
            for (int attempt = 0, layers = draft.Random.Next(1, 7); draft.Graph.Graph.Nodes.Count < 3 * layers && attempt < 40; attempt++)
            {
                draft.ImageStep();
            }

            return draft.Finish();
        }

        draft.Inputs();
        // Most are small, so that a difference is easily understood; one in four reaches 30.
        int nodes = draft.Random.Next(4) == 0 ? draft.Random.Next(13, 31) : draft.Random.Next(3, 13);
        for (int attempt = 0; draft.Graph.Graph.Nodes.Count < nodes && attempt < 120; attempt++)
        {
            draft.Step();
        }

        return draft.Finish();
    }

    /// <summary>Inputs for the network of this seed: floats in [−1, 1), integers in [0, 4).</summary>
    public static IReadOnlyList<Tensor> Inputs(Graph graph, int seed) =>
        [.. graph.Inputs.Select((v, i) => RandomTensor.Create(v.Tensor!.ElementType, [.. v.Tensor.Shape.Select(d => d.Evaluate(s => Extent(seed, s)))], ((ulong)seed * 16) + (ulong)i))];

    /// <summary>A value that later nodes may use.</summary>
    /// <param name="Dims">Its dimensions for the extents of the seed; null where the data decide them.</param>
    /// <param name="IsExact">Whether both runtimes must have the same bits.</param>
    /// <param name="Bound">A bound of its magnitude.</param>
    private sealed record Item(Value Value, long[]? Dims, bool IsExact, double Bound)
    {
        public int Rank => Dims?.Length ?? -1;

        public bool IsEmpty => Dims is not null && Dims.Contains(0);
    }

    private sealed partial class Draft(int seed)
    {
        private readonly List<Item> _floats = [], _integers = [], _bools = [], _shapes = [];
        private int _constants;
        private long _mostElements = 4096;

        public Random Random { get; } = new(seed);

        public GraphBuilder Graph { get; } = new($"network {seed}");

        public void Inputs()
        {
            Extent[][] shapes = [["N", 4], ["N", 4, 6, 5], ["N", "T", 8], [2, 3, 4], [4], [3, "T"], ["N", 2, 7], [1, 6, 4, 4]];
            int floats = Random.Next(1, 4);
            Extent[] shape = shapes[Random.Next(shapes.Length)];
            for (int i = 0; i < floats; i++)
            {
                Add(Graph.Input($"x{i}", DataType.Float32, shape), exact: true, bound: 1);
                shape = Random.Next(2) == 0 ? shape : shapes[Random.Next(shapes.Length)];
            }

            if (Random.Next(3) == 0)
            {
                Add(Graph.Input("i", DataType.Int64, shapes[Random.Next(shapes.Length)]), exact: true, bound: 4);
            }

            if (Random.Next(4) == 0)
            {
                Add(Graph.Input("b", DataType.Bool, shape), exact: true, bound: 1);
            }
        }

        /// <summary>Every value that nobody uses becomes an output, and now and then one that is used.</summary>
        public Graph Finish()
        {
            foreach (Value value in Graph.Graph.Nodes.SelectMany(n => n.Outputs).OfType<Value>().ToArray())
            {
                if (value.Uses.Count == 0 || Random.Next(8) == 0)
                {
                    Graph.Output(value.Name, value);
                }
            }

            return Graph.Build();
        }

        private Item Pick(List<Item> items) => items[Random.Next(items.Count)];

        private T Of<T>(params ReadOnlySpan<T> choices) => choices[Random.Next(choices.Length)];

        private Value Integers(params ReadOnlySpan<long> values) => Graph.Constant($"c{_constants++}", values);

        private Value Floats(params ReadOnlySpan<long> dims) => Graph.Constant($"c{_constants++}", RandomTensor.Create(DataType.Float32, dims, (ulong)Random.NextInt64()));

        /// <summary>Random floats in [low, low + 2).</summary>
        private Value FloatsFrom(float low, params ReadOnlySpan<long> dims)
        {
            Tensor tensor = RandomTensor.Create(DataType.Float32, dims, (ulong)Random.NextInt64());
            foreach (ref float item in tensor.Span<float>())
            {
                item += low + 1;
            }

            return Graph.Constant($"c{_constants++}", tensor);
        }

        private Value Scalar(float value) => Graph.Constant($"c{_constants++}", Tensor.Scalar(value));

        private Value Call(Operator op, params ReadOnlySpan<Value?> inputs) => Graph.Call(op, inputs);

        private void Put(Operator op, bool exact, double bound, params ReadOnlySpan<Value?> inputs) => Add(Call(op, inputs), exact, bound);

        /// <summary>Makes a value available. One that could become large is bounded first.</summary>
        private void Add(Value value, bool exact, double bound)
        {
            if (value.Tensor is not { } type)
            {
                return;
            }

            if (type.ElementType == DataType.Float32 && bound > 100)
            {
                value = Call(new Tanh(), Call(new Mul(), value, Scalar((float)(1 / bound))));
                (exact, bound) = (false, 1);
            }

            long[]? dims = Dims(type.Shape);
            Item item = new(value, dims, exact, bound);
            List<Item> list = type.ElementType switch { DataType.Float32 => _floats, DataType.Int64 => _integers, DataType.Bool => _bools, var other => throw new InvalidOperationException($"A network does not go on with {other}.") };
            if ((dims is null || Tensor.CountElements(dims) <= _mostElements) && (type.ElementType != DataType.Int64 || bound <= 1e6))
            {
                list.Add(item);
            }
        }

        private long[]? Dims(Shape shape)
        {
            if (!shape.IsRanked || shape.SelectMany(d => d.Symbols).Any(s => s is not ("N" or "T" or "H" or "W" or "One")))
            {
                return null;
            }

            return [.. shape.Select(d => d.Evaluate(s => Extent(seed, s)))];
        }
    }
}
