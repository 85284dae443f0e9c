using System.Text;
using Peregrine.Diagnostics;
using Peregrine.Onnx.Wire;

namespace Peregrine.Onnx.Tests.Wire;

public sealed class ProtobufReaderTests
{
    // The first four are the examples of https://protobuf.dev/programming-guides/encoding.
    [Fact]
    public void Reads_the_varint_of_the_encoding_guide()
    {
        ProtobufReader reader = Of("089601");
        Assert.True(reader.NextField());
        Assert.Equal((1, WireType.Varint), (reader.Field, reader.Wire));
        Assert.Equal(150, reader.Int64());
        Assert.False(reader.NextField());
    }

    [Fact]
    public void Reads_the_text_of_the_encoding_guide()
    {
        ProtobufReader reader = Of("120774657374696e67");
        Assert.True(reader.NextField());
        Assert.Equal("testing", reader.Text());
    }

    [Fact]
    public void Reads_the_nested_message_of_the_encoding_guide()
    {
        ProtobufReader reader = Of("1a03089601");
        Assert.True(reader.NextField());
        ProtobufReader inner = reader.Message();
        Assert.True(inner.NextField());
        Assert.Equal(150, inner.Int32());
        Assert.False(inner.NextField());
        Assert.False(reader.NextField());
    }

    [Fact]
    public void Reads_the_packed_numbers_of_the_encoding_guide_and_the_same_unpacked()
    {
        foreach (string bytes in new[] { "3206038e029ea705", "3003308e02309ea705" })
        {
            ProtobufReader reader = Of(bytes);
            List<long>? values = null;
            while (reader.NextField())
            {
                reader.Int64s(ref values);
            }

            Assert.Equal([3L, 270, 86942], values);
        }
    }

    [Theory]
    [InlineData("08ffffffffffffffffff01", -1L)]
    [InlineData("0880808080808080808001", long.MinValue)]
    [InlineData("08ffffffffffffffff7f", long.MaxValue)]
    [InlineData("088000", 0L)]
    public void Reads_extreme_and_overlong_varints(string bytes, long value)
    {
        ProtobufReader reader = Of(bytes);
        reader.NextField();
        Assert.Equal(value, reader.Int64());
    }

    [Fact]
    public void Skips_every_kind_of_unknown_field()
    {
        // varint, fixed64, bytes, nested groups, fixed32, then the known field.
        ProtobufReader reader = Of("f80701" + "f9070102030405060708" + "fa0702aabb" + "fb07" + "13" + "0805" + "14" + "fc07" + "fd0701020304" + "0801");
        List<int> fields = [];
        while (reader.NextField())
        {
            fields.Add(reader.Field);
            reader.Skip();
        }

        Assert.Equal([127, 127, 127, 127, 127, 1], fields);
    }

    [Theory]
    [InlineData("", "PG1011")]
    [InlineData("08", "PG1012")] // a tag without its value
    [InlineData("0880", "PG1012")] // a varint that ends early
    [InlineData("3a05", "PG1012")] // a message longer than the file
    [InlineData("3affffffffffffffffff01", "PG1012")] // a length of 2^64−1
    [InlineData("3affffffffffffffff7f", "PG1012")] // a length of 2^63−1
    [InlineData("f9070102", "PG1012")] // half a fixed64
    [InlineData("08ffffffffffffffffffff01", "PG1013")]
    [InlineData("00", "PG1014")] // field 0
    [InlineData("0e", "PG1014")] // wire type 6
    [InlineData("8880808080808001", "PG1014")] // a field number beyond 2^29
    [InlineData("0a0130", "PG1016")] // ir_version as bytes
    [InlineData("3801", "PG1016")] // the graph as a number
    [InlineData("3b3c", "PG1016")] // the graph as a group
    [InlineData("fc07", "PG1017")] // the end of a group that never began
    [InlineData("fb070801", "PG1017")] // a group without an end
    [InlineData("fb07fc0f", "PG1017")] // closed by another number
    [InlineData("3a031201ff", "PG1018")] // the graph's name is not UTF-8
    [InlineData("3a070a052a033a01003a00", "PG1019")] // one byte of packed floats
    [InlineData("0807", "PG1027")] // no graph
    public void A_malformed_model_gives_one_diagnostic(string bytes, string code)
    {
        ModelException e = Assert.Throws<ModelException>(() => OnnxFile.Of(Convert.FromHexString(bytes), "bad.onnx").ReadModel());
        Diagnostic diagnostic = Assert.Single(e.Diagnostics);
        Assert.Equal(code, diagnostic.Code);
        Assert.Contains("bad.onnx", diagnostic.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_message_tells_the_offset_in_the_file()
    {
        ModelException e = Assert.Throws<ModelException>(() => OnnxFile.Of(Convert.FromHexString("08073a031201ff")).ReadModel());
        Assert.Contains("byte 6 of 7", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_that_is_only_for_people_may_be_damaged()
    {
        // doc_string and producer_name with a byte that is not UTF-8.
        OnnxModelProto model = OnnxFile.Of(Convert.FromHexString("1201ff3201ff3a00")).ReadModel();
        Assert.Equal("\uFFFD", model.Documentation);
    }

    [Theory]
    [InlineData(34, null)]
    [InlineData(35, "PG1015")]
    [InlineData(100_000, "PG1015")]
    public void Subgraphs_nest_as_deep_as_protobuf_allows_and_no_deeper(int graphs, string? code)
    {
        // graph { node { attribute { graph { … } } } }, built from the inside: three levels each; the innermost graph takes one.
        byte[] message = NestedMessage.Build(graphs);
        Exception? e = Record.Exception(() => OnnxFile.Of(message).ReadModel());
        Assert.Equal(code, (e as ModelException)?.Diagnostics[0].Code);
        Assert.Equal(code is null, e is null);
    }

    [Fact]
    public void Deep_types_and_groups_end_in_a_diagnostic()
    {
        byte[] type = NestedMessage.BuildRepeated(200_000, 4, 1);
        byte[] model = new MessageBytes().Message(7, new MessageBytes().Message(11, new MessageBytes().Bytes(2, type))).ToArray();
        Assert.Equal("PG1015", Assert.Throws<ModelException>(() => OnnxFile.Of(model).ReadModel()).Diagnostics[0].Code);

        byte[] groups = [.. Enumerable.Repeat((byte)0x0B, 200_000)];
        byte[] unknown = [0x3A, 0x00, .. Encoding.Latin1.GetBytes("\u00A3\u0006"), .. groups];
        Assert.Equal("PG1015", Assert.Throws<ModelException>(() => OnnxFile.Of(unknown).ReadModel()).Diagnostics[0].Code);
    }

    [Fact]
    public void A_message_given_twice_is_merged()
    {
        byte[] bytes = new MessageBytes().Message(7, new MessageBytes().Text(2, "first").Message(1, new MessageBytes().Text(4, "Abs")))
            .Message(7, new MessageBytes().Text(2, "second").Message(1, new MessageBytes().Text(4, "Neg"))).ToArray();
        OnnxGraphProto graph = OnnxFile.Of(bytes).ReadModel().Graph!;
        Assert.Equal("second", graph.Name);
        Assert.Equal(["Abs", "Neg"], graph.Nodes.Select(n => n.OperatorType));
    }

    private static ProtobufReader Of(string hex) => new(ByteSource.Of(Convert.FromHexString(hex), "test"));
}
