using Peregrine.Diagnostics;
using Peregrine.Onnx.Wire;
using Peregrine.Tensors;
using static Peregrine.TestKit.HandMade;

namespace Peregrine.Tests;

/// <summary>Bad models, from the file to the run: one typed error with a code that names the culprit, and no memory spent before it.</summary>
[Collection(nameof(Alone))]
public sealed class BadModelTests
{
    private const long Absurd = 1L << 40;

    private static readonly Dictionary<string, (Func<byte[]> File, string Code, string[] Words)> Cases = new(StringComparer.Ordinal)
    {
        ["empty"] = (() => [], "PG1011", ["bad.onnx"]),
        ["truncated"] = (() => File.ReadAllBytes(Digits.ModelPath)[..200_000], "PG1012", ["bad.onnx"]),
        ["no protobuf"] = (() => "%PDF-1.7\nwhatever it is"u8.ToArray(), "PG1", ["bad.onnx"]),
        ["an image"] = (() => [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13], "PG1", ["bad.onnx"]),
        ["a tensor, no model"] = (() => ProtobufWriter.ToBytes(Floats("w", [2])), "PG1", ["bad.onnx"]),
        ["a cycle"] = (() => Relu(nodes: [Node("Add", "x b", "a"), Node("Neg", "a", "b"), Node("Relu", "a", "y")]), "PG2031", ["add_a", "neg_b"]),
        ["an unknown operator"] = (() => Relu(nodes: [Node("Frobnicate", "x", "y")]), "PG2001", ["Frobnicate", "frobnicate_y"]),
        ["an unknown value"] = (() => Relu(nodes: [Node("Relu", "z", "y")]), "PG2032", ["relu_y", "\"z\""]),
        ["shapes that differ"] = (() => Relu(nodes: [Node("Concat", "x w", "y", Int("axis", 0))], initializers: [Floats("w", [2, 5])]), "PG2126", ["concat_y"]),
        ["types that differ"] = (() => Relu(nodes: [Node("Add", "x w", "y")], initializers: [Integers("w", [2], 1, 2)]), "PG2", ["add_y"]),
        ["a declared type that is not made"] = (() => Relu(outputs: [Typed("y", DataType.Int64, 2)]), "PG2054", ["\"y\""]),
        ["dims without data"] = (() => Relu(nodes: [Node("Add", "x w", "y")], initializers: [new() { Name = "w", ElementType = DataType.Float32, Dims = [Absurd], RawData = new byte[4] }]), "PG1022", ["\"w\""]),
        ["dims that overflow"] = (() => Relu(nodes: [Node("Add", "x w", "y")], initializers: [new() { Name = "w", ElementType = DataType.Float32, Dims = [Absurd, Absurd, Absurd], RawData = new byte[4] }]), "PG1022", ["\"w\""]),
        ["fewer data than dims"] = (() => Relu(nodes: [Node("Add", "x w", "y")], initializers: [new() { Name = "w", ElementType = DataType.Float32, Dims = [100_000_000], RawData = new byte[4] }]), "PG1023", ["\"w\""]),
        ["an absurd constant"] = (() => Relu(nodes: [Node("ConstantOfShape", "w", "y")], outputs: [Float("y")], initializers: [Integers("w", [1], Absurd)]), "PG1004", ["1099511627776"]),
        ["an absurd expansion"] = (() => Relu(nodes: [Node("Expand", "x w", "y")], outputs: [Float("y")], initializers: [Integers("w", [2], Absurd, 1)]), "PG1004", ["1099511627776"]),
        ["an absurd tiling"] = (() => Relu(nodes: [Node("Tile", "x w", "y")], outputs: [Float("y")], initializers: [Integers("w", [1], Absurd)]), "PG1004", ["2199023255552"]),
        ["an absurd range"] = (() => Relu(nodes: [Node("Range", "from to by", "y")], outputs: [Typed("y", DataType.Int64)], initializers: [Integers("from", [], 0), Integers("to", [], Absurd), Integers("by", [], 1)]), "PG1004", ["1099511627776"]),
        ["an absurd padding"] = (() => Relu(nodes: [Node("Pad", "x w", "y")], outputs: [Float("y")], initializers: [Integers("w", [2], Absurd, 0)]), "PG1004", ["1099511627778"]),
        ["an overflowing shape"] = (() => Relu(nodes: [Node("ConstantOfShape", "w", "y")], outputs: [Float("y")], initializers: [Integers("w", [3], long.MaxValue, long.MaxValue, long.MaxValue)]), "PG", ["9223372036854775807"]),
        ["a negative shape"] = (() => Relu(nodes: [Node("ConstantOfShape", "w", "y")], outputs: [Float("y")], initializers: [Integers("w", [1], -5)]), "PG2", ["constantofshape_y", "-5"]),
        ["an absurd kernel"] = (() => Model([Float("x", 1, 1, 4, 4)], [Float("y")], [Node("MaxPool", "x", "y", Numbers("kernel_shape", Absurd, Absurd))]), "PG2", ["maxpool_y"]),
        ["an absurd rank"] = (() => Relu(nodes: [Node("Reshape", "x w", "r"), Node("Transpose", "r", "y")], outputs: [Float("y")], initializers: [Integers("w", [200_000], [2, .. Enumerable.Repeat(1L, 199_999)])]), "PG", ["200000"]),
        ["an absurd declared rank"] = (() => Model([Typed("x", DataType.Float32, [.. Enumerable.Repeat((object)1, 200_000)])], [Float("y")], [Node("Transpose", "x", "y")]), "PG", ["x"]),
        ["an absurd rank of weights"] = (() => Relu(nodes: [Node("Transpose", "w", "y")], outputs: [Float("y")], initializers: [new() { Name = "w", ElementType = DataType.Float32, Dims = [.. Enumerable.Repeat(1L, 200_000)], RawData = new byte[4] }]), "PG1022", ["\"w\"", "200000"]),
        ["a future version"] = (() => Future(opset: 99, ir: 99, Node("Relu2030", "x", "y")), "PG2005", ["99"]),
        ["an impossible version"] = (() => Future(opset: 0, ir: 8, Node("Relu", "x", "y")), "PG2003", ["0"]),
        ["a missing external file"] = (() => External("weights.bin"), "PG1032", ["weights.bin", "\"w\""]),
        ["an external file elsewhere"] = (() => External("../weights.bin"), "PG1031", ["../weights.bin", "\"w\""]),
        ["an absolute external file"] = (() => External("/etc/passwd"), "PG1031", ["/etc/passwd", "\"w\""]),
        ["a thousand nested bodies"] = (() => Nested(1000), "PG1015", ["bad.onnx"]),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_bad_model_gives_one_typed_error_and_costs_nothing(string name)
    {
        (Func<byte[]> make, string code, string[] words) = Cases[name];
        string folder = Directory.CreateTempSubdirectory("peregrine-bad-").FullName;
        try
        {
            string path = Path.Combine(folder, "bad.onnx");
            File.WriteAllBytes(path, make());
            Exception? error = null;
            long before = GC.GetTotalAllocatedBytes();

            // The stack of a thread-pool thread on the system with the smallest.
            Thread thread = new(() => error = Record.Exception(() => Run(path)), 512 << 10);
            thread.Start();
            thread.Join();
            long spent = GC.GetTotalAllocatedBytes() - before;
            ModelException model = Assert.IsType<ModelException>(error);
            Assert.Contains(model.Diagnostics, d => d.Code.StartsWith(code, StringComparison.Ordinal));
            Assert.All(words, word => Assert.Contains(word, model.Message, StringComparison.Ordinal));
            Assert.InRange(spent, 0, 64 << 20);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        ModelException error = Assert.Throws<ModelException>(() => OnnxModel.Load("no/such/model.onnx"));
        Assert.Equal("PG1010", Assert.Single(error.Diagnostics).Code);
        Assert.Contains("no/such/model.onnx", error.Message, StringComparison.Ordinal);
        Assert.Throws<ModelException>(() => OnnxModel.Load(Path.GetTempPath()));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(12)]
    public void Moderate_nesting_works(int levels)
    {
        using Engine engine = InferenceContextTests.Build(Nested(levels));
        using InferenceContext context = engine.CreateContext();
        context.Input<float>("x", [2]).CopyFrom([-1, 3]);
        context.Run();
        Assert.Equal([0f, 3f], context.Output<float>("y").ToArray());
    }

    private static void Run(string path)
    {
        using Engine engine = new EngineBuilder().UseCpu(cpu => cpu.Threads = 1).Build(OnnxModel.Load(path));
        using InferenceContext context = engine.CreateContext();
        context.Input<float>("x", engine.Inputs[0].Type is Ir.TensorType { Shape.Rank: 4 } ? [1, 1, 4, 4] : [2]).Span.Fill(1);
        context.Run();
    }

    private static byte[] Relu(OnnxNodeProto[]? nodes = null, OnnxValueInfoProto[]? outputs = null, OnnxTensorProto[]? initializers = null) =>
        Model([Float("x", 2)], outputs ?? [Float("y", 2)], nodes ?? [Node("Relu", "x", "y")], initializers ?? []);

    private static byte[] Future(long opset, long ir, OnnxNodeProto node)
    {
        OnnxModelProto model = Proto([Float("x", 2)], [Float("y", 2)], [node]);
        model.OperatorSets = [new() { Version = opset }];
        model.IrVersion = ir;
        return ProtobufWriter.ToBytes(model);
    }

    private static byte[] External(string location) => Relu(nodes: [Node("Add", "x w", "y")], initializers:
        [new() { Name = "w", ElementType = DataType.Float32, Dims = [2], IsExternal = true, ExternalData = [new() { Key = "location", Value = location }] }]);

    /// <summary>If in If. The file is written by hand, since the writer refuses to nest so deep.</summary>
    private static byte[] Nested(int levels)
    {
        byte[] node = ProtobufWriter.ToBytes(Node("Relu", "x", "y"));
        for (int level = 0; level < levels; level++)
        {
            byte[] body = [.. Field(1, node), .. Field(2, "b"u8.ToArray()), .. Field(12, ProtobufWriter.ToBytes(new OnnxValueInfoProto { Name = "y" }))];
            byte[] then = [.. Field(1, "then_branch"u8.ToArray()), .. Field(6, body), 0xA0, 0x01, 5];
            byte[] otherwise = ProtobufWriter.ToBytes(Body("else_branch", Graph([], [Node("Neg", "x", "y")], [new() { Name = "y" }])));
            node = [.. Field(1, "c"u8.ToArray()), .. Field(2, "y"u8.ToArray()), .. Field(4, "If"u8.ToArray()), .. Field(5, then), .. Field(5, otherwise)];
        }

        OnnxTensorProto condition = new() { Name = "c", ElementType = DataType.Bool, Dims = [], RawData = new byte[] { 1 } };
        byte[] graph = [.. Field(1, node), .. Field(2, "g"u8.ToArray()), .. Field(5, ProtobufWriter.ToBytes(condition)), .. Field(11, ProtobufWriter.ToBytes(Float("x", 2))), .. Field(12, ProtobufWriter.ToBytes(Float("y", 2)))];
        return [0x08, 10, .. Field(7, graph), .. Field(8, ProtobufWriter.ToBytes(new OnnxOperatorSet { Version = 21 }))];
    }

    private static byte[] Field(int number, byte[] content)
    {
        List<byte> bytes = [(byte)((number << 3) | 2)];
        for (int length = content.Length; ; length >>= 7)
        {
            bytes.Add((byte)(length < 0x80 ? length : length | 0x80));
            if (length < 0x80)
            {
                break;
            }
        }

        return [.. bytes, .. content];
    }
}
