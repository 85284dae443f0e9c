using Peregrine;
using Peregrine.Onnx.Wire;
using Peregrine.Tensors;
using Peregrine.TestKit;
using Peregrine.TestKit.OnnxRuntime;

namespace Differential;

/// <summary>Small transformers of com.microsoft operators, as optimizers and exporters for generation write them, with dimensions that vary from run to run, against ONNX Runtime.</summary>
public sealed class TransformerTests(PeerFixture fixture)
{
    private const int Vocabulary = 50, Features = 64, Heads = 4, KeyHeads = 2, Size = 16, Inner = 96, Layers = 2, Block = 32;

    private readonly List<OnnxNodeProto> _nodes = [];
    private readonly List<OnnxTensorProto> _constants = [];
    private int _seed;

    /// <summary>Embeddings, self-attention over a padded batch, and the block behind it.</summary>
    [Fact]
    public void An_encoder_agrees()
    {
        Check(Encoder(), (session, context) =>
        {
            foreach ((int batch, int length) in new[] { (3, 7), (1, 4), (2, 12) })
            {
                Tensor ids = Tensor.Allocate(DataType.Int32, [batch, length]), segments = Tensor.Allocate(DataType.Int32, [batch, length]), mask = Tensor.Allocate(DataType.Int32, [batch, length]);
                for (int i = 0; i < ids.Length; i++)
                {
                    ids.Span<int>()[i] = i * 7 % Vocabulary;
                    segments.Span<int>()[i] = i % length > length / 2 ? 1 : 0;
                    mask.Span<int>()[i] = i % length < length - (i / length) ? 1 : 0;
                }

                Dictionary<string, Tensor> inputs = new(StringComparer.Ordinal) { ["ids"] = ids, ["segments"] = segments, ["mask"] = mask };
                Step($"batch {batch}, length {length}", session, context, inputs);
            }
        });
    }

    /// <summary>
    /// A table of tokens quantised in blocks, layers of GroupQueryAttention with a growing cache, weights of 4 bits, normalization with skip connections: a prompt and then token
    /// after token, each step with the caches of the last one.
    /// </summary>
    [Fact]
    public void Steps_of_a_generation_agree()
    {
        Check(Decoder(), (session, context) =>
        {
            Dictionary<string, Tensor> inputs = new(StringComparer.Ordinal)
            {
                ["ids"] = Tensor.Of<long>([2, 5], [3, 7, 11, 13, 17, 1, 2, 4, 8, 16]),
                ["mask"] = Tensor.Of<long>([2, 5], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]),
            };
            for (int layer = 0; layer < Layers; layer++)
            {
                inputs[$"past_key{layer}"] = Tensor.Allocate(DataType.Float32, [2, KeyHeads, 0, Size]);
                inputs[$"past_value{layer}"] = Tensor.Allocate(DataType.Float32, [2, KeyHeads, 0, Size]);
            }

            for (int step = 0; step < 4; step++)
            {
                IReadOnlyDictionary<string, Tensor> expected = Step($"step {step}", session, context, inputs);
                Tensor mask = Tensor.Allocate(DataType.Int64, [2, 6 + step]);
                mask.Span<long>().Fill(1);
                inputs = new(StringComparer.Ordinal) { ["ids"] = Tensor.Of<long>([2, 1], [5 + step, 40 - step]), ["mask"] = mask };
                for (int layer = 0; layer < Layers; layer++)
                {
                    inputs[$"past_key{layer}"] = expected[$"present_key{layer}"];
                    inputs[$"past_value{layer}"] = expected[$"present_value{layer}"];
                }
            }
        });
    }

    private void Check(OnnxModelProto model, Action<OnnxRuntimeSession, InferenceContext> run)
    {
        OnnxRuntimePeer peer = fixture.Peer;
        byte[] bytes = ProtobufWriter.ToBytes(model);
        string path = Path.Combine(Path.GetTempPath(), $"peregrine-transformer-{Guid.NewGuid():N}.onnx");
        File.WriteAllBytes(path, bytes);
        try
        {
            using OnnxRuntimeSession session = peer.Load(path);
            using Engine engine = new EngineBuilder().UseCpu(cpu => cpu.Threads = 2).Build(OnnxModel.Load(bytes, "transformer"));
            using InferenceContext context = engine.CreateContext();
            run(session, context);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Runs both and compares every output.</summary>
    /// <returns>What ONNX Runtime gives.</returns>
    private static IReadOnlyDictionary<string, Tensor> Step(string what, OnnxRuntimeSession session, InferenceContext context, Dictionary<string, Tensor> inputs)
    {
        IReadOnlyDictionary<string, Tensor> expected = session.Run(inputs);
        foreach ((string name, Tensor tensor) in inputs)
        {
            context.BindInput(name, tensor);
        }

        context.Run();
        foreach ((string name, Tensor tensor) in expected)
        {
            TensorComparison comparison = TensorComparison.Compare(tensor, (Tensor)context.OutputValue(name)!, new(1e-3, 1e-4));
            Assert.True(comparison.IsClose, $"{what}, {name}: {comparison.Problem}");
        }

        return expected;
    }

    private OnnxModelProto Encoder()
    {
        Call("EmbedLayerNormalization", $"ids segments {Constant(Uniform(-1, 1, Vocabulary, Features))} {Constant(Uniform(-1, 1, 20, Features))} {Constant(Uniform(-1, 1, 2, Features))} {Constant(Uniform(0.5f, 1.5f, Features))} {Vector(Features)} mask", "x lengths", "com.microsoft");
        string x = "x";
        for (int layer = 0; layer < Layers; layer++)
        {
            Call("Attention", $"{x} {Matrix(Features, 3 * Features)} {Vector(3 * Features)} lengths", $"attention{layer}", "com.microsoft", HandMade.Int("num_heads", Heads));
            Call("FusedMatMul", $"attention{layer} {Matrix(Features, Features)}", $"projected{layer}", "com.microsoft", HandMade.Int("transB", 1));
            Call("SkipLayerNormalization", $"projected{layer} {x} {Constant(Uniform(0.5f, 1.5f, Features))} {Vector(Features)} {Vector(Features)}", $"n{layer}", "com.microsoft");
            Call("MatMul", $"n{layer} {Matrix(Features, Inner)}", $"wide{layer}", "");
            Call(layer == 0 ? "BiasGelu" : "FastGelu", $"wide{layer} {Vector(Inner)}", $"gelu{layer}", "com.microsoft");
            Call("MatMul", $"gelu{layer} {Matrix(Inner, Features)}", $"narrow{layer}", "");
            Call("SkipLayerNormalization", $"narrow{layer} n{layer} {Constant(Uniform(0.5f, 1.5f, Features))} {Vector(Features)}", $"y{layer}", "com.microsoft");
            x = $"y{layer}";
        }

        return Model([HandMade.Typed("ids", DataType.Int32, "batch", "length"), HandMade.Typed("segments", DataType.Int32, "batch", "length"), HandMade.Typed("mask", DataType.Int32, "batch", "length")], [new() { Name = x }]);

        string Matrix(int from, int to) => Constant(Uniform(-0.2f, 0.2f, from, to));

        string Vector(int size) => Constant(Uniform(-0.5f, 0.5f, size));
    }

    private OnnxModelProto Decoder()
    {
        Call("Shape", "mask", "mask_shape", "");
        Call("Gather", $"mask_shape {Constant(Tensor.Scalar(1L))}", "total_wide", "");
        Call("Cast", "total_wide", "total", "", HandMade.Int("to", (long)DataType.Int32));
        Call("ReduceSum", $"mask {Constant(Tensor.Vector(1L))}", "lengths", "", HandMade.Int("keepdims", 0));
        Call("Sub", $"lengths {Constant(Tensor.Scalar(1L))}", "last_wide", "");
        Call("Cast", "last_wide", "last", "", HandMade.Int("to", (long)DataType.Int32));
        string cosines = Constant(Angles(Math.Cos)), sines = Constant(Angles(Math.Sin));
        Call("GatherBlockQuantized", $"{Constant(Bytes(Vocabulary, Features / 2))} ids {Constant(Uniform(0.05f, 0.1f, Vocabulary, Features / Block))}", "x", "com.microsoft", HandMade.Int("block_size", Block), HandMade.Int("bits", 4));
        Call("SimplifiedLayerNormalization", $"x {Constant(Uniform(0.5f, 1.5f, Features))}", "n0", "");
        List<OnnxValueInfoProto> inputs = [HandMade.Typed("ids", DataType.Int64, "batch", "seq"), HandMade.Typed("mask", DataType.Int64, "batch", "total")], outputs = [new() { Name = "logits" }];
        string sum = "x", normal = "n0";
        for (int layer = 0; layer < Layers; layer++)
        {
            inputs.AddRange([HandMade.Typed($"past_key{layer}", DataType.Float32, "batch", KeyHeads, "past", Size), HandMade.Typed($"past_value{layer}", DataType.Float32, "batch", KeyHeads, "past", Size)]);
            outputs.AddRange([new() { Name = $"present_key{layer}" }, new() { Name = $"present_value{layer}" }]);
            string q = Product(normal, Features, Heads * Size), k = Product(normal, Features, KeyHeads * Size), v = Product(normal, Features, KeyHeads * Size);
            Call("GroupQueryAttention", $"{q} {k} {v} past_key{layer} past_value{layer} last total {cosines} {sines}", $"attention{layer} present_key{layer} present_value{layer}", "com.microsoft",
                HandMade.Int("num_heads", Heads), HandMade.Int("kv_num_heads", KeyHeads), HandMade.Int("do_rotary", 1));
            Call("SkipSimplifiedLayerNormalization", $"{sum} {Product($"attention{layer}", Heads * Size, Features)} {Constant(Uniform(0.5f, 1.5f, Features))}", $"n{layer}a - - s{layer}a", "com.microsoft");
            string gate = Product($"n{layer}a", Features, Inner), up = Product($"n{layer}a", Features, Inner);
            Call("QuickGelu", gate, $"gate{layer}", "com.microsoft");
            Call("Mul", $"gate{layer} {up}", $"inner{layer}", "");
            Call("SkipSimplifiedLayerNormalization", $"s{layer}a {Product($"inner{layer}", Inner, Features)} {Constant(Uniform(0.5f, 1.5f, Features))}", $"n{layer}b - - s{layer}b", "com.microsoft");
            (sum, normal) = ($"s{layer}b", $"n{layer}b");
        }

        Call("Identity", Product(normal, Features, Vocabulary), "logits", "");
        return Model(inputs, outputs);
    }

    private OnnxModelProto Model(List<OnnxValueInfoProto> inputs, List<OnnxValueInfoProto> outputs)
    {
        foreach (OnnxValueInfoProto output in outputs)
        {
            output.Type = new() { Kind = OnnxTypeKind.Tensor, ElementType = DataType.Float32 };
        }

        return new()
        {
            IrVersion = 8,
            OperatorSets = [new() { Version = 17 }, new() { Domain = "com.microsoft", Version = 1 }],
            Graph = new() { Name = "transformer", Inputs = [.. inputs], Nodes = [.. _nodes], Outputs = [.. outputs], Initializers = [.. _constants] },
        };
    }

    private string Product(string x, int from, int to)
    {
        string y = $"product{_nodes.Count}";
        int blocks = from / Block;
        Call("MatMulNBits", $"{x} {Constant(Bytes(to, blocks, Block / 2))} {Constant(Uniform(0.01f, 0.03f, to, blocks))} {Constant(Bytes(to, (blocks + 1) / 2))}", y, "com.microsoft",
            HandMade.Int("K", from), HandMade.Int("N", to), HandMade.Int("bits", 4), HandMade.Int("block_size", Block), HandMade.Int("accuracy_level", 0));
        return y;
    }

    private void Call(string type, string inputs, string outputs, string domain, params OnnxAttributeProto[] attributes) =>
        _nodes.Add(new() { OperatorType = type, Domain = domain, Name = $"node{_nodes.Count}", Inputs = Names(inputs), Outputs = Names(outputs), Attributes = attributes });

    private static string[] Names(string text) => [.. text.Split(' ').Select(n => n == "-" ? "" : n)];

    private string Constant(Tensor data)
    {
        string name = $"constant{_constants.Count}";
        _constants.Add(TensorEncoder.Encode(data, name));
        return name;
    }

    private Tensor Bytes(params long[] dims)
    {
        Tensor tensor = Tensor.Allocate(DataType.UInt8, dims);
        new Random(_seed++).NextBytes(tensor.Data.Span);
        return tensor;
    }

    private Tensor Uniform(float low, float high, params long[] dims)
    {
        Random random = new(_seed++);
        Tensor tensor = Tensor.Allocate(DataType.Float32, dims);
        foreach (ref float value in tensor.Span<float>())
        {
            value = low + ((high - low) * (float)random.NextDouble());
        }

        return tensor;
    }

    private static Tensor Angles(Func<double, double> function)
    {
        Tensor tensor = Tensor.Allocate(DataType.Float32, [20, Size / 2]);
        for (int i = 0; i < tensor.Length; i++)
        {
            tensor.Span<float>()[i] = (float)function(i / (Size / 2) / Math.Pow(100, i % (Size / 2) / (Size / 2.0)));
        }

        return tensor;
    }
}
