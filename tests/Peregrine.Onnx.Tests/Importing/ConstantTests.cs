using Peregrine.Ir;
using Peregrine.Onnx.Wire;
using Peregrine.Tensors;
using static Peregrine.Onnx.Tests.Importing.ModelText;

namespace Peregrine.Onnx.Tests.Importing;

/// <summary>Initializers and Constant nodes: read when used, without copies.</summary>
public sealed class ConstantTests
{
    [Fact]
    public void An_initializer_that_is_an_input_too_is_a_constant()
    {
        Graph graph = Import(Graph([Float("x", 2), Float("w", 2)], [Node("Add", "x w", "y")], [Float("y", 2)], Tensor("w", 1, 2)));
        Assert.Equal(["x"], graph.Inputs.Select(i => i.Name));
        Assert.Equal([11f, 22f], Run(graph, [10f, 20f]));
    }

    [Fact]
    public void Only_wanted_initializers_are_read()
    {
        OnnxTensorProto broken = new() { Name = "broken", ElementType = DataType.Float32, Dims = [3], RawData = new byte[5] };
        Graph graph = Import(Graph([Float("x", 2)], [Node("Add", "x w", "y")], [Float("y", 2)], broken, Tensor("w", 1, 2)));
        Assert.Equal(["w"], graph.Constants.Select(c => c.Name));
        Assert.Equal(["PG1023"], Errors(Graph([Float("x", 2)], [Node("Add", "x broken", "y"), Node("Relu", "broken", "z")], [Float("y", 2), Float("z", 2)], broken)).Select(e => e.Code));
    }

    [Fact]
    public void A_weight_is_a_view_on_the_file()
    {
        byte[] file = ProtobufWriter.ToBytes(Model(Graph([Float("x", 4)], [Node("Add", "x w", "y")], [Float("y", 4)], Tensor("w", 1, 2, 3, 4))));
        Tensor weight = OnnxModel.Load(file).Import().Constants.Single().Constant!.Data;
        Assert.True(System.Runtime.InteropServices.MemoryMarshal.TryGetArray<byte>(weight.Data, out ArraySegment<byte> segment));
        Assert.Same(file, segment.Array);
    }

    [Fact]
    public void Every_form_of_Constant()
    {
        OnnxAttributeProto[] forms =
        [
            new() { Name = "value", DeclaredKind = OnnxAttributeKind.Tensor, Tensor = Tensor("", 1, 2) },
            new() { Name = "sparse_value", DeclaredKind = OnnxAttributeKind.SparseTensor, SparseTensor = new() { Values = Tensor("", 5), Indices = TensorEncoder.Encode(Tensors.Tensor.Vector(2L)), Dims = [3] } },
            FloatAttribute("value_float", 1.5f),
            new() { Name = "value_floats", DeclaredKind = OnnxAttributeKind.Floats, Floats = [1, 2] },
            Int("value_int", 7),
            new() { Name = "value_ints", DeclaredKind = OnnxAttributeKind.Ints, Ints = [7, 8] },
            StringAttribute("value_string", "a"),
            new() { Name = "value_strings", DeclaredKind = OnnxAttributeKind.Strings, StringsBytes = ["a"u8.ToArray(), "bc"u8.ToArray()] },
        ];
        Graph graph = Import(Graph([Float("x", 2)], [.. forms.Select((f, i) => Node("Constant", "", $"c{i}", "", "", f))], [.. forms.Select((_, i) => Typed($"c{i}", null))]));
        Tensor[] values = [.. graph.Outputs.Select(o => o.Value.Constant!.Data)];
        Assert.Empty(graph.Nodes);
        Assert.Equal(["f32[2]", "f32[3]", "f32[]", "f32[2]", "s64[]", "s64[2]", "str[]", "str[2]"], values.Select(v => v.ToString()));
        Assert.Equal([0, 0, 5], values[1].Span<float>().ToArray());
        Assert.Equal([7, 8], values[5].Span<long>().ToArray());
        Assert.Equal(["a", "bc"], values[7].Strings);
        Assert.Equal("PG2014", Assert.Single(Errors(Graph([], [Node("Constant", "", "c", "empty")], [Typed("c", null)]))).Code);
    }

    [Fact]
    public void External_data_are_read_and_a_missing_file_is_told()
    {
        using TemporaryFolder folder = new();
        OnnxTensorProto weight = new() { Name = "w", ElementType = DataType.Float32, Dims = [2], IsExternal = true, ExternalData = [new() { Key = "location", Value = "w.bin" }] };
        OnnxModelProto model = Model(Graph([Float("x", 2)], [Node("Add", "x w", "y")], [Float("y", 2)], weight));
        Diagnostics.ModelException missing = Assert.Throws<Diagnostics.ModelException>(() => Load(model, folder.Path).Import());
        Assert.Equal("PG1032", Assert.Single(missing.Diagnostics).Code);
        File.WriteAllBytes(Path.Combine(folder.Path, "w.bin"), System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>([1, 2]).ToArray());
        Assert.Equal([2f, 4f], Run(Load(model, folder.Path).Import(), [1f, 2f]));
    }

    private sealed class TemporaryFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("peregrine-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
