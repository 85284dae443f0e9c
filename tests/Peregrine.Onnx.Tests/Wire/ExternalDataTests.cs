using System.Globalization;
using Peregrine.Diagnostics;
using Peregrine.Onnx.Wire;
using Peregrine.Tensors;

namespace Peregrine.Onnx.Tests.Wire;

public sealed class ExternalDataTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("peregrine").FullName;
    private readonly string _folder;

    public ExternalDataTests()
    {
        _folder = Path.Combine(_root, "model");
        Directory.CreateDirectory(Path.Combine(_folder, "parts"));
        byte[] bytes = [.. Enumerable.Range(0, 64).Select(i => (byte)i)];
        File.WriteAllBytes(Path.Combine(_folder, "w.bin"), bytes);
        File.WriteAllBytes(Path.Combine(_folder, "parts", "p.bin"), bytes);
        File.WriteAllBytes(Path.Combine(_root, "secret.bin"), bytes);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData("w.bin", null, null, "000102030405")]
    [InlineData("./w.bin", "8", "6", "08090a0b0c0d")]
    [InlineData("parts/p.bin", "58", "6", "3a3b3c3d3e3f")]
    public void Reads_what_lies_in_the_folder(string location, string? offset, string? length, string bytes) =>
        Assert.Equal(bytes, Convert.ToHexStringLower(Read(location, offset, length).Data.Span));

    [Theory]
    [InlineData("", null, null, "PG1030")]
    [InlineData("../secret.bin", null, null, "PG1031")]
    [InlineData("parts/../../secret.bin", null, null, "PG1031")]
    [InlineData("..\\secret.bin", null, null, "PG1031")]
    [InlineData("/etc/hostname", null, null, "PG1031")]
    [InlineData("\\\\host\\share\\w.bin", null, null, "PG1031")]
    [InlineData("C:\\w.bin", null, null, "PG1031")]
    [InlineData("w.bin\0", null, null, "PG1031")]
    [InlineData("gone.bin", null, null, "PG1032")]
    [InlineData("parts", null, null, "PG1032")]
    [InlineData("w.bin", "59", null, "PG1033")]
    [InlineData("w.bin", "9223372036854775807", null, "PG1033")]
    [InlineData("w.bin", "9223372036854775808", null, "PG1033")]
    [InlineData("w.bin", "-1", null, "PG1033")]
    [InlineData("w.bin", "0x10", null, "PG1033")]
    [InlineData("w.bin", "0", "7", "PG1023")]
    public void Refuses_what_does_not_fit(string location, string? offset, string? length, string code)
    {
        ModelException e = Assert.Throws<ModelException>(() => Read(location, offset, length));
        Assert.Equal(code, Assert.Single(e.Diagnostics).Code);
        Assert.Contains("\"weight\"", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Follows_links_inside_the_folder_and_refuses_those_that_lead_out()
    {
        File.CreateSymbolicLink(Path.Combine(_folder, "inside.bin"), "parts/p.bin");
        File.CreateSymbolicLink(Path.Combine(_folder, "outside.bin"), "../secret.bin");
        File.CreateSymbolicLink(Path.Combine(_folder, "absolute.bin"), Path.Combine(_root, "secret.bin"));
        File.CreateSymbolicLink(Path.Combine(_folder, "chain.bin"), "outside.bin");
        File.CreateSymbolicLink(Path.Combine(_folder, "loop.bin"), "loop.bin");
        Directory.CreateSymbolicLink(Path.Combine(_folder, "up"), "..");
        Assert.Equal(6, Read("inside.bin", null, null).Data.Length);
        foreach (string location in new[] { "outside.bin", "absolute.bin", "chain.bin", "loop.bin", "up/secret.bin" })
        {
            Assert.Equal("PG1031", Assert.Throws<ModelException>(() => Read(location, null, null)).Diagnostics[0].Code);
        }
    }

    [Fact]
    public void A_model_in_a_linked_folder_finds_its_data()
    {
        string link = Path.Combine(_root, "link");
        Directory.CreateSymbolicLink(link, _folder);
        Assert.Equal(6, new TensorDecoder("m", new ExternalDataFolder(link)).Decode(External("w.bin", null, null)).Data.Length);
    }

    [Fact]
    public void Tensors_share_one_mapping_of_a_file()
    {
        TensorDecoder decoder = new("m", new ExternalDataFolder(_folder));
        Tensor first = decoder.Decode(External("w.bin", "0", null)), second = decoder.Decode(External("w.bin", "3", null));
        // Both views are on the same memory: the file was small enough to be read into an array.
        Assert.True(first.Data.Span.Overlaps(second.Data.Span, out int distance));
        Assert.Equal(3, distance);
    }

    private Tensor Read(string location, string? offset, string? length) => new TensorDecoder("m.onnx", new ExternalDataFolder(_folder)).Decode(External(location, offset, length));

    private static OnnxTensorProto External(string location, string? offset, string? length) => new()
    {
        Name = "weight",
        ElementType = DataType.UInt8,
        Dims = [6],
        IsExternal = true,
        ExternalData =
        [
            new() { Key = "location", Value = location },
            .. offset is null ? Array.Empty<OnnxProperty>() : [new() { Key = "offset", Value = offset }],
            .. length is null ? Array.Empty<OnnxProperty>() : [new() { Key = "length", Value = length.ToString(CultureInfo.InvariantCulture) }],
        ],
    };
}
