using System.Text;
using Peregrine.Diagnostics;
using Peregrine.Tensors;
using Peregrine.TestKit;

namespace Peregrine.Graph.Tests.Tensors;

public sealed class NumpyFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("peregrine").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Reads_a_file_that_numpy_wrote()
    {
        string? path = SharedMaterial.Repository is { } root ? Path.Combine(root, "samples", "digits", "test_labels.npy") : null;
        Assert.SkipWhen(path is null, "The tests run outside the repository.");
        Tensor labels = NumpyFile.Read(path);
        Assert.Equal((DataType.UInt8, 1, 500L), (labels.Type, labels.Rank, labels.Length));
        Assert.Equal(Enumerable.Range(0, 10), labels.Data.ToArray().Select(b => (int)b).Distinct().Order());
    }

    [Theory]
    [InlineData(1, "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }", "000001000200030004000500")]
    [InlineData(2, "{'descr': '>i2', 'fortran_order': False, 'shape': (2, 3), }", "000000010002000300040005")]
    [InlineData(3, "{'descr': '<i2', 'fortran_order': True, 'shape': (2, 3), }", "000003000100040002000500")]
    [InlineData(1, "{'shape': (2L, 3L), \"fortran_order\":True,'descr':'>i2'}   \n", "000000030001000400020005")]
    public void Reads_versions_byte_orders_and_fortran_order(int version, string header, string data)
    {
        Tensor tensor = Read(version, header, Convert.FromHexString(data));
        Assert.Equal([2L, 3L], tensor.Dims.ToArray());
        Assert.Equal([0, 1, 2, 3, 4, 5], tensor.Span<short>().ToArray().Select(v => (int)v));
    }

    [Fact]
    public void Reads_fortran_order_of_rank_three()
    {
        // numpy.arange(24).reshape(2, 3, 4): element (i, j, k) is 12 i + 4 j + k; in Fortran order i is innermost.
        byte[] data = [.. from k in Enumerable.Range(0, 4) from j in Enumerable.Range(0, 3) from i in Enumerable.Range(0, 2) select (byte)((12 * i) + (4 * j) + k)];
        Assert.Equal(Enumerable.Range(0, 24), Read(1, "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 4), }", data).Data.ToArray().Select(b => (int)b));
    }

    [Theory]
    [InlineData(">f8", "3ff8000000000000", DataType.Float64, "000000000000f83f")]
    [InlineData(">f2", "3c00", DataType.Float16, "003c")]
    [InlineData(">c8", "3f80000040000000", DataType.Complex64, "0000803f00000040")]
    [InlineData("|b1", "01", DataType.Bool, "01")]
    [InlineData("=u4", "01020304", DataType.UInt32, "01020304")]
    public void Reads_scalars_of_every_class(string description, string data, DataType type, string bytes)
    {
        Tensor tensor = Read(1, $"{{'descr': '{description}', 'fortran_order': False, 'shape': (), }}", Convert.FromHexString(data));
        Assert.Equal((type, 0), (tensor.Type, tensor.Rank));
        Assert.Equal(bytes, Convert.ToHexStringLower(tensor.Data.Span));
    }

    [Fact]
    public void Reads_and_writes_unicode_strings()
    {
        byte[] big = [.. Encoding.BigEndianUnicode.GetBytes("\0a\0\0"), .. Convert.FromHexString("0001f600"), .. Encoding.BigEndianUnicode.GetBytes("\0b")];
        Assert.Equal(["a", "\U0001F600b"], Read(1, "{'descr': '>U2', 'fortran_order': False, 'shape': (2,), }", big).Strings);
        Tensor strings = new([2, 2], ["", "ä\U0001F600", "x y", "z"]);
        Assert.True(RoundTrip(strings).Equals(strings));
        Assert.True(RoundTrip(new Tensor([0], Array.Empty<string>())).Equals(new Tensor([0], Array.Empty<string>())));
    }

    [Fact]
    public void Writes_the_header_that_numpy_writes()
    {
        string path = Path.Combine(_folder, "a.npy");
        NumpyFile.Write(path, Tensor.Vector<byte>(1, 2, 3));
        byte[] bytes = File.ReadAllBytes(path);
        Assert.Equal("934e554d5059" + "0100" + "7600", Convert.ToHexStringLower(bytes[..10]));
        Assert.Equal("{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }".PadRight(117) + "\n", Encoding.ASCII.GetString(bytes, 10, 118));
        Assert.Equal([1, 2, 3], bytes[128..]);
        Assert.Equal([path], Directory.GetFiles(_folder));
    }

    [Fact]
    public void Every_type_survives_writing_and_reading()
    {
        foreach (DataType type in DataTypes.All.Where(t => t != DataType.String && t != DataType.BFloat16 && t.Bits() >= 8 && !t.IsTinyFloat()))
        {
            Tensor tensor = Tensor.Allocate(type, [2, 0, 3]);
            Assert.True(RoundTrip(tensor).Equals(tensor));
            tensor = Tensor.Allocate(type, [2, 3]);
            for (int i = 0; i < tensor.Data.Length; i++)
            {
                tensor.Data.Span[i] = (byte)(type == DataType.Bool ? i & 1 : i);
            }

            Assert.True(RoundTrip(tensor).Equals(tensor), type.Name());
        }
    }

    [Fact]
    public void Types_that_numpy_lacks_are_widened_without_loss_or_refused()
    {
        Assert.Equal([1.5f, -2f], RoundTrip(Tensor.Vector((BFloat16)1.5f, (BFloat16)(-2f))).Span<float>().ToArray());
        // −8, 7, −1 packed from the low nibble up.
        Assert.Equal([-8, 7, -1], RoundTrip(new Tensor(DataType.Int4, [3], new byte[] { 0x78, 0x0F })).Span<sbyte>().ToArray().Select(v => (int)v));
        Assert.Equal([3, 0, 2, 1, 3], RoundTrip(new Tensor(DataType.UInt2, [5], new byte[] { 0b01_10_00_11, 0b11 })).Data.ToArray().Select(v => (int)v));
        Assert.Equal([-1, 0, -2, 1], RoundTrip(new Tensor(DataType.Int2, [4], new byte[] { 0b01_10_00_11 })).Span<sbyte>().ToArray().Select(v => (int)v));
        Assert.Equal("PG1038", Assert.Throws<ModelException>(() => RoundTrip(Tensor.Allocate(DataType.Float8E5M2, [1]))).Diagnostics[0].Code);
    }

    [Theory]
    [InlineData("PG1037", 4, "{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }", 1)]
    [InlineData("PG1037", 1, "", 1)]
    [InlineData("PG1037", 1, "{'descr': '|u1', 'fortran_order': False, 'shape': (1,)", 1)]
    [InlineData("PG1037", 1, "{'descr': '|u1', 'fortran_order': Maybe, 'shape': (1,)}", 1)]
    [InlineData("PG1037", 1, "{'descr': '|u1', 'fortran_order': False, 'shape': (-1,)}", 1)]
    [InlineData("PG1037", 1, "{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999,)}", 1)]
    [InlineData("PG1037", 1, "{'descr': '|u1', 'fortran_order': False}", 1)]
    [InlineData("PG1037", 1, "{'descr': '|u1', 'fortran_order': False, 'shape': (1,), 'more': 1}", 1)]
    [InlineData("PG1037", 1, "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", 4)]
    [InlineData("PG1038", 1, "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", 8)]
    [InlineData("PG1038", 1, "{'descr': '<U0', 'fortran_order': False, 'shape': (2000000000,)}", 0)]
    [InlineData("PG1038", 1, "{'descr': '<U999999999999', 'fortran_order': False, 'shape': (1,)}", 0)]
    [InlineData("PG1039", 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (500000000,)}", 4)]
    [InlineData("PG1039", 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4611686018427387904)}", 4)]
    [InlineData("PG1039", 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4611686018427387904, 0)}", 0)]
    [InlineData("PG1039", 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", 9)]
    public void Damaged_files_give_one_diagnostic_and_allocate_nothing(string code, int version, string header, int dataBytes)
    {
        byte[] file = FileBytes(version, header, new byte[dataBytes]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        ModelException e = Assert.Throws<ModelException>(() => NumpyFile.Read(new MemoryStream(file), "bad.npy"));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1_000_000);
        Assert.Equal(code, Assert.Single(e.Diagnostics).Code);
        Assert.Contains("bad.npy", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Truncated_and_foreign_files_give_one_diagnostic()
    {
        byte[] whole = FileBytes(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", new byte[8]);
        for (int length = 0; length < whole.Length; length++)
        {
            ModelException e = Assert.Throws<ModelException>(() => NumpyFile.Read(new MemoryStream(whole, 0, length), "cut.npy"));
            Assert.Contains(e.Diagnostics[0].Code, new[] { "PG1037", "PG1039" });
        }

        Assert.Equal("PG1037", Assert.Throws<ModelException>(() => NumpyFile.Read(new MemoryStream(FileBytes(2, new string(' ', 2 << 20), [])), "x")).Diagnostics[0].Code);
        Assert.Equal("PG1010", Assert.Throws<ModelException>(() => NumpyFile.Read(Path.Combine(_folder, "none.npy"))).Diagnostics[0].Code);
        Assert.Equal("PG1036", Assert.Throws<ModelException>(() => NumpyFile.Write(Path.Combine(_folder, "no", "x.npy"), Tensor.Scalar(1f))).Diagnostics[0].Code);
    }

    private static Tensor RoundTrip(Tensor tensor)
    {
        using MemoryStream stream = new();
        NumpyFile.Write(stream, tensor);
        stream.Position = 0;
        return NumpyFile.Read(stream, "round trip");
    }

    private static Tensor Read(int version, string header, byte[] data) => NumpyFile.Read(new MemoryStream(FileBytes(version, header, data)), "test");

    private static byte[] FileBytes(int version, string header, byte[] data) =>
    [
        0x93, .. Encoding.ASCII.GetBytes("NUMPY"), (byte)version, 0,
        .. version == 1 ? BitConverter.GetBytes((ushort)header.Length) : BitConverter.GetBytes(header.Length),
        .. Encoding.ASCII.GetBytes(header), .. data,
    ];
}
