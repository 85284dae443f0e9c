using System.CommandLine;

namespace Peregrine.Cli.Options;

/// <summary>The first argument of most commands.</summary>
internal static class TargetArgument
{
    public static Argument<string> EngineOrModel() => new("ENGINE|MODEL.onnx") { Description = "An engine file, or an ONNX model, which is built in memory first." };

    public static Argument<string> Model() => new("MODEL.onnx") { Description = "An ONNX model." };
}
