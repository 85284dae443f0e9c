using Peregrine.Diagnostics;
using Peregrine.Onnx.Wire;
using Peregrine.Tensors;

namespace Peregrine.Onnx.Tests.Wire;

public sealed class TensorDecoderTests
{
    public static TheoryData<DataType, long[], string> NarrowIntegers => new()
    {
        { DataType.Int32, [1, -1, int.MinValue], "01000000ffffffff00000080" },
        { DataType.UInt8, [0, 255, 7], "00ff07" },
        { DataType.Int8, [-128, 127, -1], "807fff" },
        { DataType.UInt16, [65535, 1], "ffff0100" },
        { DataType.Int16, [-32768, 2], "00800200" },
        { DataType.Bool, [1, 0], "0100" },
        // 1.0 in float16 is 0x3C00, −2.0 is 0xC000.
        { DataType.Float16, [0x3C00, 0xC000], "003c00c0" },
        // 1.0 in bfloat16 is 0x3F80.
        { DataType.BFloat16, [0x3F80], "803f" },
        { DataType.Float8E4M3FN, [0x38, 0xB8], "38b8" },
        { DataType.Float8E5M2FNUZ, [0x80], "80" },
        { DataType.Float8E8M0, [127], "7f" },
    };

    [Theory]
    [MemberData(nameof(NarrowIntegers))]
    public void Decodes_int32_data_packed_and_unpacked(DataType type, long[] values, string bytes)
    {
        MessageBytes packed = new MessageBytes().Varint(1, values.Length).Varint(2, (int)type).Packed(5, values);
        MessageBytes unpacked = new MessageBytes().Varint(2, (int)type);
        foreach (long value in values)
        {
            unpacked.Varint(5, value);
        }

        unpacked.Packed(1, values.Length);
        foreach (MessageBytes message in new[] { packed, unpacked })
        {
            Tensor tensor = Decode(message);
            Assert.Equal(type, tensor.Type);
            Assert.Equal([values.Length], tensor.Dims.ToArray());
            Assert.Equal(bytes, Convert.ToHexStringLower(tensor.Data.Span));
        }
    }

    // Three elements: two in the first number, the first of them in the low half; four in one for two bits.
    [Theory]
    [InlineData(DataType.Int4, new long[] { 0x71, 0x0F }, "710f")]
    [InlineData(DataType.UInt4, new long[] { 0xF1, 0x02 }, "f102")]
    [InlineData(DataType.Float4E2M1, new long[] { 0x21, 0x07 }, "2107")]
    [InlineData(DataType.UInt2, new long[] { 0x1B }, "1b")]
    [InlineData(DataType.Int2, new long[] { 0x2D }, "2d")]
    public void Decodes_packed_elements_below_a_byte(DataType type, long[] values, string bytes)
    {
        Tensor tensor = Decode(new MessageBytes().Varint(1, 3).Varint(2, (int)type).Packed(5, values));
        Assert.Equal(3, tensor.Length);
        Assert.Equal(bytes, Convert.ToHexStringLower(tensor.Data.Span));
    }

    [Fact]
    public void Decodes_float_double_complex_and_wide_integers()
    {
        Assert.Equal([1.5f, -2f], Decode(new MessageBytes().Varint(1, 2).Varint(2, 1).Floats(4, 1.5f, -2f)).Span<float>().ToArray());
        Assert.Equal([1.5f, -2f, 3f], Decode(new MessageBytes().Varint(1, 3).Varint(2, 1).Fixed32(4, 1.5f).Fixed32(4, -2f).Floats(4, 3f)).Span<float>().ToArray());
        Assert.Equal([0.1, -3], Decode(new MessageBytes().Varint(1, 2).Varint(2, 11).Doubles(10, 0.1, -3)).Span<double>().ToArray());
        Assert.Equal([-5L, long.MaxValue], Decode(new MessageBytes().Varint(1, 2).Varint(2, 7).Packed(7, -5, long.MaxValue)).Span<long>().ToArray());
        Assert.Equal([ulong.MaxValue], Decode(new MessageBytes().Varint(1, 1).Varint(2, 13).Packed(11, -1)).Span<ulong>().ToArray());
        Assert.Equal([uint.MaxValue], Decode(new MessageBytes().Varint(1, 1).Varint(2, 12).Packed(11, uint.MaxValue)).Span<uint>().ToArray());
        Tensor complex = Decode(new MessageBytes().Varint(1, 2).Varint(2, 14).Floats(4, 1, 2, 3, 4));
        Assert.Equal((DataType.Complex64, 2L, 16), (complex.Type, complex.Length, complex.Data.Length));
        Tensor complex128 = Decode(new MessageBytes().Varint(1, 1).Varint(2, 15).Doubles(10, 1, 2));
        Assert.Equal([1.0, 2.0], System.Runtime.InteropServices.MemoryMarshal.Cast<byte, double>(complex128.Data.Span).ToArray());
    }

    [Fact]
    public void Decodes_scalars_strings_and_empty_tensors()
    {
        Tensor scalar = Decode(new MessageBytes().Varint(2, 7).Packed(7, 42));
        Assert.Equal((0, 42L), (scalar.Rank, scalar.Span<long>()[0]));
        Tensor strings = Decode(new MessageBytes().Varint(1, 2).Varint(2, 8).Text(6, "größe").Text(6, ""));
        Assert.Equal(["größe", ""], strings.Strings);
        Tensor empty = Decode(new MessageBytes().Varint(1, 0).Varint(1, 3).Varint(2, 1));
        Assert.Equal((0L, 0), (empty.Length, empty.Data.Length));
        Assert.Equal(0, Decode(new MessageBytes().Varint(1, 1L << 62).Varint(1, 0).Varint(2, 1).Bytes(9)).Length);
    }

    [Fact]
    public void Raw_data_are_a_view()
    {
        byte[] bytes = new MessageBytes().Varint(1, 2).Varint(2, 2).Bytes(9, 5, 6).ToArray();
        Tensor tensor = OnnxFile.Of(bytes).ReadTensor();
        bytes[^1] = 99;
        Assert.Equal([5, 99], tensor.Data.ToArray());
    }

    public static TheoryData<string, string> Contradictions()
    {
        TheoryData<string, string> data = [];
        void Add(string code, MessageBytes message) => data.Add(code, Convert.ToHexString(message.ToArray()));

        Add("PG1021", new MessageBytes().Varint(1, 1));
        Add("PG1021", new MessageBytes().Varint(1, 1).Varint(2, 999));
        Add("PG1022", new MessageBytes().Varint(1, -1).Varint(2, 1).Bytes(9));
        Add("PG1022", new MessageBytes().Varint(1, 1L << 40).Varint(2, 1).Bytes(9));
        Add("PG1022", new MessageBytes().Varint(1, 1L << 62).Varint(1, 1L << 62).Varint(2, 1));
        Add("PG1022", new MessageBytes().Varint(1, 1L << 62).Varint(1, 1L << 62).Varint(1, 0).Varint(2, 1));
        Add("PG1022", new MessageBytes().Varint(1, 1L << 31).Varint(2, 8));
        Add("PG1023", new MessageBytes().Varint(1, 500_000_000).Varint(2, 1).Bytes(9, 1, 2, 3, 4));
        Add("PG1023", new MessageBytes().Varint(1, 500_000_000).Varint(2, 1).Floats(4, 1));
        Add("PG1023", new MessageBytes().Varint(1, 250_000_000).Varint(2, 7).Packed(7, 1));
        Add("PG1023", new MessageBytes().Varint(1, 2).Varint(2, 7).Packed(7, 1000));
        Add("PG1023", new MessageBytes().Varint(1, 2).Varint(2, 7).Packed(7, 1, 2, 3));
        Add("PG1023", new MessageBytes().Varint(1, 200_000_000).Varint(2, 8).Text(6, "a"));
        Add("PG1023", new MessageBytes().Varint(1, 3).Varint(2, 21).Bytes(9, 1));
        Add("PG1023", new MessageBytes().Varint(1, 3).Varint(2, 1));
        Add("PG1023", new MessageBytes().Varint(1, 2).Varint(2, 1).Bytes(4, 1, 2, 3, 4, 5, 6, 7, 8, 9));
        Add("PG1024", new MessageBytes().Varint(1, 1).Varint(2, 1).Packed(7, 1));
        Add("PG1024", new MessageBytes().Varint(1, 1).Varint(2, 1).Floats(4, 1).Bytes(9, 0, 0, 0, 0));
        Add("PG1024", new MessageBytes().Varint(1, 1).Varint(2, 8).Bytes(9, 65));
        Add("PG1024", new MessageBytes().Varint(1, 1).Varint(2, 1).Text(6, "1.0"));
        Add("PG1025", new MessageBytes().Varint(1, 1).Varint(2, 1).Message(3, new MessageBytes().Varint(1, 0)).Floats(4, 1));
        Add("PG1026", new MessageBytes().Varint(1, 1).Varint(2, 2).Packed(5, 256));
        Add("PG1026", new MessageBytes().Varint(1, 1).Varint(2, 9).Packed(5, 2));
        Add("PG1026", new MessageBytes().Varint(1, 1).Varint(2, 9).Bytes(9, 2));
        Add("PG1026", new MessageBytes().Varint(1, 1).Varint(2, 12).Packed(11, 1L << 32));
        Add("PG1018", new MessageBytes().Varint(1, 1).Varint(2, 8).Bytes(6, 0xFF));
        Add("PG1034", new MessageBytes().Varint(1, 1).Varint(2, 1).Varint(14, 1).Message(13, new MessageBytes().Text(1, "location").Text(2, "w.bin")));
        return data;
    }

    [Theory]
    [MemberData(nameof(Contradictions))]
    public void A_tensor_that_contradicts_itself_is_refused_before_anything_is_allocated(string code, string message)
    {
        OnnxFile file = OnnxFile.Of(Convert.FromHexString(message), "bad.pb");
        long before = GC.GetAllocatedBytesForCurrentThread();
        ModelException e = Assert.Throws<ModelException>(() => file.ReadTensor());
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1_000_000);
        Diagnostic diagnostic = Assert.Single(e.Diagnostics);
        Assert.Equal(code, diagnostic.Code);
        Assert.Contains("bad.pb", diagnostic.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sparse_tensors_become_dense_from_positions_and_coordinates()
    {
        OnnxTensorProto values = TensorEncoder.Encode(Tensor.Vector(5f, 7f), "w");
        OnnxSparseTensorProto positions = new() { Values = values, Indices = TensorEncoder.Encode(Tensor.Vector(1L, 5L)), Dims = [2, 3] };
        OnnxSparseTensorProto coordinates = new() { Values = values, Indices = TensorEncoder.Encode(Tensor.Of<long>([2, 2], [0, 1, 1, 2])), Dims = [2, 3] };
        foreach (OnnxSparseTensorProto sparse in new[] { positions, coordinates })
        {
            Tensor dense = new TensorDecoder("test", null).Decode(sparse);
            Assert.Equal([2L, 3L], dense.Dims.ToArray());
            Assert.Equal([0, 5, 0, 0, 0, 7], dense.Span<float>().ToArray());
        }
    }

    [Theory]
    [InlineData("PG1028", new long[] { 1, 6 }, new long[] { 2 }, new long[] { 2, 3 })]
    [InlineData("PG1028", new long[] { -1, 5 }, new long[] { 2 }, new long[] { 2, 3 })]
    [InlineData("PG1028", new long[] { 5, 1 }, new long[] { 2 }, new long[] { 2, 3 })]
    [InlineData("PG1028", new long[] { 1, 1 }, new long[] { 2 }, new long[] { 2, 3 })]
    [InlineData("PG1028", new long[] { 0, 3, 1, 0 }, new long[] { 2, 2 }, new long[] { 2, 3 })]
    [InlineData("PG1029", new long[] { 1 }, new long[] { 1 }, new long[] { 2, 3 })]
    [InlineData("PG1029", new long[] { 0, 0, 0, 1, 1, 1 }, new long[] { 2, 3 }, new long[] { 2, 3 })]
    [InlineData("PG1029", new long[] { 0, 1 }, new long[] { 2 }, new long[] { 1 << 28 })]
    [InlineData("PG1022", new long[] { 0, 1 }, new long[] { 2 }, new long[] { 1L << 40, 2 })]
    public void Sparse_tensors_that_contradict_themselves_are_refused(string code, long[] indices, long[] indexDims, long[] dims)
    {
        OnnxSparseTensorProto sparse = new() { Values = TensorEncoder.Encode(Tensor.Vector(5f, 7f), "w"), Indices = TensorEncoder.Encode(Tensor.Of<long>(indexDims, indices)), Dims = Ints.Create(dims) };
        Assert.Equal(code, Assert.Throws<ModelException>(() => new TensorDecoder("test", null).Decode(sparse)).Diagnostics[0].Code);
    }

    [Fact]
    public void Sequences_and_optionals_survive_writing_and_reading()
    {
        TensorSequence inner = new([Tensor.Vector(1f, 2f), Tensor.Scalar(3L), new Tensor([1], ["x"])]);
        TensorSequence outer = new([inner, TensorSequence.Empty]);
        TensorSequence read = OnnxFile.Of(ProtobufWriter.ToBytes(TensorEncoder.Encode(outer))).ReadSequence();
        Assert.Equal(2, read.Count);
        TensorSequence first = Assert.IsType<TensorSequence>(read.Items[0]);
        Assert.All(first.Items.Zip(inner.Items), pair => Assert.True(((Tensor)pair.First).Equals((Tensor)pair.Second)));
        Assert.Empty(Assert.IsType<TensorSequence>(read.Items[1]).Items);

        Assert.False(OnnxFile.Of(ProtobufWriter.ToBytes(TensorEncoder.Encode(OptionalValue.None))).ReadOptional().HasValue);
        OptionalValue some = OnnxFile.Of(ProtobufWriter.ToBytes(TensorEncoder.Encode(new OptionalValue(inner)))).ReadOptional();
        Assert.Equal(3, Assert.IsType<TensorSequence>(some.Value).Count);
        Assert.Equal("PG1035", Assert.Throws<ModelException>(() => OnnxFile.Of(new MessageBytes().Varint(2, 3).Message(3, new MessageBytes()).ToArray()).ReadSequence()).Diagnostics[0].Code);
    }

    [Fact]
    public void Maps_survive_writing_and_reading()
    {
        TensorMap numbers = new(Tensor.Vector(3L, -1), Tensor.Vector(1.5f, 2)), texts = new(new([2], ["ä", ""]), new Tensor([2], ["x", "y"])), none = new(Tensor.Allocate(DataType.Int64, [0]), Tensor.Allocate(DataType.Float32, [0]));
        TensorSequence read = OnnxFile.Of(ProtobufWriter.ToBytes(TensorEncoder.Encode(new TensorSequence([numbers, texts, none])))).ReadSequence();
        foreach ((TensorMap wanted, object found) in new[] { numbers, texts, none }.Zip(read.Items))
        {
            Assert.True(wanted.Keys.Equals(((TensorMap)found).Keys) && wanted.Values.Equals(((TensorMap)found).Values));
        }

        Assert.Equal(2, OnnxFile.Of(ProtobufWriter.ToBytes(TensorEncoder.Encode(numbers))).ReadMap().Count);
        Assert.IsType<TensorMap>(OnnxFile.Of(ProtobufWriter.ToBytes(TensorEncoder.Encode(new OptionalValue(texts)))).ReadOptional().Value);
        OnnxMapProto proto = TensorEncoder.Encode(numbers);
        Action<OnnxMapProto>[] spoil = [m => m.KeyType = DataType.Float32, m => m.Keys = [3], m => m.Keys = [3, 3], m => m.Values = null, m => m.KeyType = DataType.String, m => m.StringKeys = [new byte[] { 65 }]];
        foreach (Action<OnnxMapProto> change in spoil)
        {
            OnnxMapProto bad = TensorEncoder.Encode(numbers);
            change(bad);
            Assert.Equal("PG1035", Assert.Throws<ModelException>(() => new TensorDecoder("test", null).Decode(bad)).Diagnostics[0].Code);
        }

        Assert.Equal(2, new TensorDecoder("test", null).Decode(proto).Count);
    }

    private static Tensor Decode(MessageBytes message) => OnnxFile.Of(message.ToArray()).ReadTensor();
}
