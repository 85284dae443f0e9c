using Peregrine.Tensors;

namespace Peregrine.Cli.Tests;

/// <summary>Whatever is wrong with a file or a shape: exit code 1, one clear message, no stack trace, nothing left behind.</summary>
public sealed class BadInputTests(Workplace place)
{
    [Fact]
    public void Missing_files_are_named()
    {
        CliProcess.Run("run", place.At("none.onnx")).ExpectMessage(1, "none.onnx", "does not exist");
        CliProcess.Run("run", place.At("none.engine")).ExpectMessage(1, "none.engine", "does not exist");
        CliProcess.Run("run", place.EngineFile, "--input", $"image={place.At("none.npy")}").ExpectMessage(1, "none.npy", "does not exist");
    }

    [Fact]
    public void Empty_files_are_named()
    {
        CliProcess.Run("inspect", place.Bytes("empty.onnx", [])).ExpectMessage(1, "empty.onnx", "is empty");
        CliProcess.Run("run", place.Bytes("empty.engine", [])).ExpectMessage(1, "empty.engine", "is empty");
    }

    [Fact]
    public void Truncated_files_are_told()
    {
        CliProcess.Run("build", place.Bytes("cut.onnx", File.ReadAllBytes(Workplace.Model).AsSpan(0, 100_000)), "-o", place.At("cut.out")).ExpectMessage(1, "cut.onnx");
        CliProcess.Run("run", place.Bytes("cut.engine", File.ReadAllBytes(place.EngineFile).AsSpan(0, 100_000))).ExpectMessage(1, "truncated");
        Assert.Empty(Directory.EnumerateFiles(place.At(""), "cut.out*"));
    }

    [Fact]
    public void Foreign_files_are_told()
    {
        byte[] foreign = File.ReadAllBytes(typeof(BadInputTests).Assembly.Location);
        CliProcess.Run("run", place.Bytes("foreign.onnx", foreign)).ExpectMessage(1, "foreign.onnx");
        CliProcess.Run("run", place.Bytes("foreign.engine", foreign)).ExpectMessage(1, "not an engine file");
        CliProcess.Run("run", place.Bytes("foreign.bin", foreign)).ExpectMessage(1, "foreign.bin");
    }

    [Fact]
    public void An_altered_engine_is_refused()
    {
        byte[] bytes = File.ReadAllBytes(place.EngineFile);
        bytes[bytes.Length / 2] ^= 1;
        CliProcess.Run("bench", place.Bytes("altered.engine", bytes)).ExpectMessage(1, "altered.engine");
    }

    [Fact]
    public void Inputs_that_do_not_fit_are_named()
    {
        NumpyFile.Write(place.At("u8.npy"), Tensor.Allocate(DataType.UInt8, [1, 1, 8, 8]));
        NumpyFile.Write(place.At("channels.npy"), Tensor.Allocate(DataType.Float32, [1, 3, 8, 8]));
        CliProcess.Run("run", place.EngineFile, "--input", $"image={place.At("u8.npy")}").ExpectMessage(1, "\"image\"", "u8[1,1,8,8]");
        CliProcess.Run("run", place.EngineFile, "--input", $"image={place.At("channels.npy")}").ExpectMessage(1, "\"image\"", "dimension 1 is 3");
        CliProcess.Run("run", place.EngineFile, "--input", $"picture={place.Images}").ExpectMessage(1, "\"picture\"", "\"image\"");
    }

    [Fact]
    public void Absurd_sizes_are_refused() => CliProcess.Run("run", place.EngineFile, "--shape", "image=1099511627776x1x8x8").ExpectMessage(1, "1099511627776");

    [Fact]
    public void Targets_that_cannot_be_written_are_named()
    {
        File.WriteAllText(place.At("file"), "");
        CliProcess.Run("run", place.EngineFile, "--output", Path.Combine(place.At("file"), "results")).ExpectMessage(1, "results");
        CliProcess.Run("build", Workplace.Model, "-o", Path.Combine(place.At("nowhere"), "a.engine")).ExpectMessage(1, "nowhere");
    }

    [Fact]
    public void A_full_disk_is_told()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "This system has no /dev/full.");
        CliProcess.Run("build", Workplace.Model, "-o", "/dev/full").ExpectMessage(1, "/dev/full", "No space");
        CliProcess.Run("bench", place.EngineFile, "--iterations", "1", "--warmup", "0", "--json", "/dev/full").ExpectMessage(1, "/dev/full", "No space");
        Assert.True(File.Exists("/dev/full") && new FileInfo("/dev/full").Length == 0);
    }
}
