using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Onnx.Tests.Importing;
using Peregrine.Onnx.Wire;
using Peregrine.Operators;
using Peregrine.Tensors;
using static Peregrine.Onnx.Tests.Importing.ModelText;

namespace Peregrine.Onnx.Tests.Community;

/// <summary>What nodes of com.microsoft become, with dimensions that are not known, and what is said of those that are not supported.</summary>
public sealed class CommunityImportTests
{
    private const string Domain = "com.microsoft";

    [Fact]
    public void Nodes_become_the_standard_operators_that_fusions_know()
    {
        Assert.Equal(["Gelu"], Operators("FastGelu", [Float("x", "N", 4)]));
        Assert.Equal(["Add", "Gelu"], Operators("BiasGelu", [Float("x", "N", 4), Float("b", 4)]));
        Assert.Equal(["Swish"], Operators("QuickGelu", [Float("x", "N", 4)]));
        Assert.Equal(["Add", "LayerNormalization"], Operators("SkipLayerNormalization", [Float("x", "N", "S", 4), Float("s", "N", "S", 4), Float("g", 4), Float("b", 4)]));
        Assert.Equal(["Add", "RMSNormalization"], Operators("SkipSimplifiedLayerNormalization", [Float("x", "N", "S", 4), Float("s", "N", "S", 4), Float("g", 4)]));
        Assert.Equal(["Attention"], Operators("MultiHeadAttention", [Float("q", "N", "S", 8), Float("k", "N", "T", 8), Float("v", "N", "T", 8)], Int("num_heads", 2)));
        Assert.Equal(["MatMul", "Add", "Split", "Attention"], Operators("Attention", [Float("x", "N", "S", 6), Float("w", 6, 24), Float("b", 24)], Int("num_heads", 2)));
        Assert.Equal(["RotaryEmbedding"], Operators("RotaryEmbedding", [Float("x", "N", "H", "S", 8), Typed("p", ModelText.Type(DataType.Int64, "N", "S")), Float("c", 9, 4), Float("s", 9, 4)]));
        Assert.Equal(["Transpose", "MatMul"], Operators("FusedMatMul", [Float("a", "N", 3, 4), Float("b", "N", 5, 4)], Int("transB", 1)));
        Assert.Equal(["Conv", "Relu"], Operators("FusedConv", [Float("x", "N", 3, 8, 8), Float("w", 4, 3, 3, 3)], StringAttribute("activation", "Relu")));
    }

    [Fact]
    public void Weights_of_few_bits_stay_as_they_are()
    {
        OnnxTensorProto weights = TensorEncoder.Encode(CommunityForm.Bytes(1, 8, 2, 16), "w");
        Graph graph = Load(Model(Node([Float("a", "N", 64)], "MatMulNBits", "a w s", "y", [Int("K", 64), Int("N", 8), Int("bits", 4), Int("block_size", 32)], weights, TensorEncoder.Encode(CommunityForm.Normal(2, 8, 2), "s")))).Import();
        Assert.Equal(["DequantizeLinear", "Transpose", "MatMul"], graph.Nodes.Select(n => n.Operator.Definition.Name));
        Assert.Equal(new DequantizeLinear(1, 32), graph.Nodes[0].Operator);
        Assert.Equal("u4[8,64]", graph.Nodes[0].Inputs[0]!.Type.ToString());
        Assert.Equal("f32[N,8]", graph.Outputs[0].Value.Type.ToString());
        Assert.All(graph.Nodes, n => Assert.Equal("node", n.Provenance.ToString()));
    }

    [Fact]
    public void A_decoder_with_unknown_dimensions_has_the_types_that_it_must_have()
    {
        OnnxValueInfoProto[] inputs =
        [
            Float("q", "N", "S", 64), Float("k", "N", "S", 32), Float("v", "N", "S", 32), Float("pk", "N", 2, "P", 16), Float("pv", "N", 2, "P", 16),
            Typed("l", ModelText.Type(DataType.Int32, "N")), Typed("t", ModelText.Type(DataType.Int32)), Float("c", 99, 8), Float("s", 99, 8),
        ];
        Graph graph = Load(Model(Node(inputs, "GroupQueryAttention", "q k v pk pv l t c s", "y presentK presentV", [Int("num_heads", 4), Int("kv_num_heads", 2), Int("do_rotary", 1)]))).Import();
        Assert.Equal("f32[N,S,64]", graph.Outputs[0].Value.Type.ToString());
        Assert.Matches(@"^f32\[N,2,.*,16\]$", graph.Outputs[1].Value.Type.ToString());
        Assert.Single(graph.Nodes, n => n.Operator is Attention { IsCausal: true });
    }

    [Theory]
    [InlineData("GroupQueryAttention", "num_heads", "PG2013")]
    [InlineData("MatMulNBits", "block_size", "PG2013")]
    public void A_missing_attribute_is_named(string type, string attribute, string code)
    {
        ForeignSchema schema = OperatorCatalog.Standard.FindForeign(Domain, type)!;
        OnnxValueInfoProto[] inputs = [.. schema.InputFormals.Where(f => !f.IsOptional).Select(f => Float(f.Name, 2, 2))];
        Diagnostic error = Errors(Model(Node(inputs, type, string.Join(' ', schema.InputFormals.Select(f => f.IsOptional ? "-" : f.Name)), "y", []))).First(e => e.Message.Contains(attribute, StringComparison.Ordinal));
        Assert.Equal(code, error.Code);
        Assert.Contains("\"node\"", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_supported_is_named_once()
    {
        OnnxValueInfoProto q = Float("q", "N", "S", 8), past = Float("p", "N", 2, "P", 4);
        Expect("PG2022", "do_rotary=1", Node([q, Float("w", 8, 24)], "Attention", "q w", "y", [Int("num_heads", 2), Int("do_rotary", 1)]));
        Expect("PG2022", "past_sequence_length", Node([q, past, Typed("l", ModelText.Type(DataType.Int32, 1))], "MultiHeadAttention", "q q q - - - p p l", "y", [Int("num_heads", 2)]));
        Expect("PG2022", "inv_std_var", Node([q, Float("g", 8)], "SkipSimplifiedLayerNormalization", "q q g", "y - d", []));
        Expect("PG2022", "scale=2", Node([q, Typed("l", ModelText.Type(DataType.Int64, 1)), Float("c", 9, 4)], "RotaryEmbedding", "q l c c", "y", [FloatAttribute("scale", 2)]));
        Expect("PG2023", "activation=\"Frobnicate\"", Node([Float("x", 1, 3, 8, 8), Float("w", 4, 3, 3, 3)], "FusedConv", "x w", "y", [StringAttribute("activation", "Frobnicate")]));
        Expect("PG2023", "B is no constant", Node([Float("a", "N", 32), Typed("w", ModelText.Type(DataType.UInt8, 8, 1, 16)), Float("s", 8, 1)], "MatMulNBits", "a w s", "y", [Int("K", 32), Int("N", 8), Int("block_size", 32)]));
        Expect("PG2023", "bits=3", Node([Float("a", "N", 32), Typed("w", ModelText.Type(DataType.UInt8, 8, 1, 16)), Float("s", 8, 1)], "MatMulNBits", "a w s", "y", [Int("K", 32), Int("N", 8), Int("block_size", 32), Int("bits", 3)]));
        Expect("PG2023", "num_heads=4 is no multiple of kv_num_heads=3", Node([q, Typed("l", ModelText.Type(DataType.Int32, "N")), Typed("t", ModelText.Type(DataType.Int32))], "GroupQueryAttention", "q q q - - l t", "y", [Int("num_heads", 4), Int("kv_num_heads", 3)]));
        Expect("PG2105", "at most 1", Node([q], "Gelu", "q q", "y", []));
        Expect("PG2106", "(B)", Node([q], "BiasGelu", "q", "y", []));
        Expect("PG2012", "known are", Node([Float("x", 1, 1, 4, 4), Float("g", 1, 2, 2, 2)], "GridSample", "x g", "y", [StringAttribute("mode", "sharp")]));
        Expect("PG2107", "node", Node([q, Typed("b", ModelText.Type(DataType.Float64, 8))], "BiasGelu", "q b", "y", []));
        Expect("PG2001", "gelu", Node([q], "gelu", "q", "y", []));
    }

    [Fact]
    public void A_capability_report_names_the_node_and_the_attribute()
    {
        CapabilityReport report = Load(Model(Node([Float("q", "N", "S", 8), Float("w", 8, 24)], "Attention", "q w", "y", [Int("num_heads", 2), Int("do_rotary", 1)]))).Examine();
        UnsupportedNode node = Assert.Single(report.Nodes);
        Assert.Equal((Domain, "Attention", "node"), (node.Domain, node.OperatorType, node.Node));
        Assert.Contains("do_rotary", Assert.Single(node.Reasons).Message, StringComparison.Ordinal);
    }

    /// <summary>Nodes with inputs and attributes at random: what a stranger's file may hold ends in diagnostics, never otherwise.</summary>
    [Fact]
    public void Nonsense_is_reported()
    {
        int refused = 0, count = 0;
        foreach (ForeignSchema schema in OperatorCatalog.Standard.ForeignSchemas)
        {
            for (int seed = 0; seed < 200; seed++, count++)
            {
                OnnxModelProto model = Nonsense(schema, new Random(seed));
                refused += Load(model).Examine().IsSupported ? 0 : 1;
            }
        }

        Assert.InRange(refused, count / 2, count);
    }

    private static OnnxModelProto Nonsense(ForeignSchema schema, Random random)
    {
        long[] extremes = [0, 1, 2, 4, 8, 16, -1, int.MaxValue, long.MaxValue, long.MinValue, 1L << 40];
        DataType[] types = [DataType.Float32, DataType.Float32, DataType.UInt8, DataType.Int8, DataType.Int32, DataType.Int64, DataType.Float16, DataType.Bool, DataType.String];
        List<OnnxValueInfoProto> inputs = [];
        List<OnnxTensorProto> constants = [];
        List<string> names = [];
        int count = Math.Max(1, schema.InputFormals.Count + random.Next(-1, 2));
        int rank = random.Next(0, 6);
        for (int i = 0; i < count; i++)
        {
            string name = $"x{i}";
            names.Add(random.Next(5) == 0 ? "" : name);
            object[] dims = [.. Enumerable.Range(0, random.Next(3) > 0 ? rank : random.Next(0, 6)).Select(_ => random.Next(4) == 0 ? (object)"N" : random.Next(0, 5))];
            DataType type = types[random.Next(random.Next(2) == 0 ? 1 : types.Length)];
            if (random.Next(3) == 0 && type != DataType.String)
            {
                constants.Add(TensorEncoder.Encode(Tensors.Tensor.Allocate(type, [.. dims.Select(d => d is int n ? (long)n : 2)]), name));
            }
            else
            {
                OnnxTypeProto made = ModelText.Type(type, dims);
                made.Shape = random.Next(10) == 0 ? null : made.Shape;
                inputs.Add(Typed(name, made));
            }
        }

        List<OnnxAttributeProto> attributes = [];
        foreach (AttributeDefinition attribute in schema.Attributes.Where(a => a.Required || random.Next(2) == 0))
        {
            attributes.Add(attribute.Kind switch
            {
                AttributeKind.Int => Int(attribute.Name, random.Next(3) == 0 ? extremes[random.Next(extremes.Length)] : random.Next(0, 17)),
                AttributeKind.Float => FloatAttribute(attribute.Name, random.Next(4) == 0 ? float.NaN : random.Next(-2, 3)),
                AttributeKind.Text => StringAttribute(attribute.Name, attribute.Choices.Count > 0 && random.Next(4) > 0 ? attribute.Choices[random.Next(attribute.Choices.Count)] : "Relu"),
                AttributeKind.Ints => new() { Name = attribute.Name, DeclaredKind = OnnxAttributeKind.Ints, Ints = Ints.From(Enumerable.Range(0, random.Next(0, 5)).Select(_ => random.Next(3) == 0 ? extremes[random.Next(extremes.Length)] : random.Next(0, 4))) },
                _ => new() { Name = attribute.Name, DeclaredKind = OnnxAttributeKind.Floats, Floats = [0.5f] },
            });
        }

        string[] outputs = [.. Enumerable.Range(0, random.Next(1, schema.OutputFormals.Count + 1)).Select(i => $"y{i}")];
        OnnxNodeProto node = new() { OperatorType = schema.Name, Domain = schema.Domain, Name = "node", Inputs = names, Outputs = outputs, Attributes = attributes };
        return Model(Graph([.. inputs], [node], [new() { Name = "y0" }], [.. constants]));
    }

    private static IEnumerable<string> Operators(string type, OnnxValueInfoProto[] inputs, params OnnxAttributeProto[] attributes) =>
        Load(Model(Node(inputs, type, string.Join(' ', inputs.Select(i => i.Name)), "y", attributes))).Import().Nodes.Select(n => n.Operator.Definition.Name);

    private static OnnxGraphProto Node(OnnxValueInfoProto[] inputs, string type, string names, string outputs, OnnxAttributeProto[] attributes, params OnnxTensorProto[] constants) =>
        ModelText.Graph(inputs, [ModelText.Node(type, names, outputs, "node", Domain, attributes)], [.. Names(outputs).Where(n => n.Length > 0).Select(n => new OnnxValueInfoProto { Name = n })], constants);

    private static OnnxModelProto Model(OnnxGraphProto graph)
    {
        OnnxModelProto model = ModelText.Model(graph);
        model.OperatorSets = [.. model.OperatorSets, new() { Domain = Domain, Version = 1 }];
        return model;
    }

    private static void Expect(string code, string text, OnnxGraphProto graph)
    {
        Diagnostic error = Assert.Single(ModelText.Errors(Model(graph)));
        Assert.Equal(code, error.Code);
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
        Assert.Contains("\"node\"", error.Message, StringComparison.Ordinal);
    }
}
