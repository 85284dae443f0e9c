using System.Runtime.CompilerServices;
using Peregrine.Diagnostics;
using Peregrine.Onnx.Wire;
using Peregrine.Tensors;

namespace Peregrine.Onnx.Tests.Wire;

public sealed class OnnxFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("peregrine").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_model_beyond_two_gigabytes_opens_without_reading_its_weights()
    {
        // Two tensors of 1.2 GB each in one graph; the file has holes where the elements are.
        string path = Path.Combine(_folder, "large.onnx");
        const int Bytes = 1_200_000_000;
        byte[] tensorHead = new MessageBytes().Varint(1, Bytes / 4).Varint(2, 1).Text(8, "w").Tag(9, 2).ToArray();
        byte[] rawLength = LengthOf(Bytes);
        long tensorLength = tensorHead.Length + rawLength.Length + (long)Bytes;
        byte[] tensorStart = [.. new MessageBytes().Tag(5, 2).ToArray(), .. LengthOf(tensorLength), .. tensorHead, .. rawLength];
        using (FileStream file = File.Create(path))
        {
            file.Write([.. new MessageBytes().Varint(1, 10).Tag(7, 2).ToArray(), .. LengthOf(2 * (tensorStart.Length + (long)Bytes))]);
            file.Write(tensorStart);
            file.Seek(Bytes, SeekOrigin.Current);
            file.Write(tensorStart);
            file.Seek(Bytes - 4, SeekOrigin.Current);
            file.Write(BitConverter.GetBytes(2.5f));
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        OnnxFile model = OnnxFile.Open(path);
        OnnxGraphProto graph = model.ReadModel().Graph!;
        Tensor[] tensors = [.. graph.Initializers.Select(model.Decoder.Decode)];
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 200_000);
        Assert.Equal(0f, tensors[0].Span<float>()[^1]);
        Assert.Equal(2.5f, tensors[1].Span<float>()[^1]);
        GC.KeepAlive(tensors);
    }

    [Fact]
    public void A_tensor_outlives_its_file()
    {
        string path = Path.Combine(_folder, "t.pb");
        byte[] payload = new byte[MappedFile.SmallFile * 4];
        new Random(5).NextBytes(payload);
        OnnxFile.Save(path, TensorEncoder.Encode(new Tensor(DataType.UInt8, [payload.Length], payload)));
        Tensor tensor = ReadAndForget(path);
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.True(tensor.Data.Span.SequenceEqual(payload));
        using System.Buffers.MemoryHandle pinned = tensor.Data.Pin();
        GC.KeepAlive(tensor);
    }

    [Theory]
    [InlineData("missing.onnx")]
    [InlineData(".")]
    [InlineData("no/such/folder/m.onnx")]
    public void A_file_that_cannot_be_read_gives_one_diagnostic(string name)
    {
        ModelException e = Assert.Throws<ModelException>(() => OnnxFile.Open(Path.Combine(_folder, name)));
        Assert.Equal("PG1010", Assert.Single(e.Diagnostics).Code);
        Assert.Contains(name, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_file_is_no_model_but_an_optional_without_value()
    {
        string path = Path.Combine(_folder, "empty");
        File.WriteAllBytes(path, []);
        Assert.Equal("PG1011", Assert.Throws<ModelException>(() => OnnxFile.Open(path).ReadModel()).Diagnostics[0].Code);
        Assert.False(OnnxFile.Open(path).ReadOptional().HasValue);
    }

    [Fact]
    public void Saving_fails_cleanly_and_leaves_nothing_behind()
    {
        string path = Path.Combine(_folder, "none", "m.onnx");
        Assert.Equal("PG1036", Assert.Throws<ModelException>(() => OnnxFile.Save(path, new OnnxModelProto())).Diagnostics[0].Code);
        string target = Path.Combine(_folder, "kept");
        File.WriteAllText(target, "old");
        Assert.Throws<ModelException>(() => AtomicFile.Write(target, stream =>
        {
            stream.WriteByte(1);
            throw new IOException("no space left");
        }));
        Assert.Equal("old", File.ReadAllText(target));
        Assert.Equal([target], Directory.GetFileSystemEntries(_folder));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Tensor ReadAndForget(string path) => OnnxFile.Open(path).ReadTensor();

    private static byte[] LengthOf(long value)
    {
        // The varint of a field 1 without its tag.
        return new MessageBytes().Varint(1, value).ToArray()[1..];
    }
}
