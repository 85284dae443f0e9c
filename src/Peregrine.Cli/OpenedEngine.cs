using System.Diagnostics;
using Peregrine.Cli.Options;
using System.CommandLine;

namespace Peregrine.Cli;

/// <summary>An engine that was read from a file, or built in memory from an ONNX file.</summary>
/// <param name="Model">The ONNX model; null for an engine file.</param>
/// <param name="BuildMilliseconds">Importing and building; 0 for an engine file.</param>
/// <param name="LoadMilliseconds">Opening the file, and for an engine file making its kernels.</param>
internal sealed record OpenedEngine(Engine Engine, OnnxModel? Model, double BuildMilliseconds, double LoadMilliseconds) : IDisposable
{
    /// <summary>Opens an engine file, or builds a model with the settings.</summary>
    /// <param name="shapes">Shapes that are fixed when a model is built.</param>
    public static OpenedEngine Open(string path, IReadOnlyDictionary<string, IReadOnlyList<long>> shapes, BuildSettings settings, ParseResult parse, Session session)
    {
        // Made first: a wrong option is told before a large file is read.
        EngineBuilder builder = settings.CreateBuilder(parse, session);
        long start = Stopwatch.GetTimestamp();
        if (TargetFile.IsEngine(path))
        {
            Engine loaded = Engine.Load(path, settings.Threads(parse), session.Logger);
            return new(loaded, null, 0, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        OnnxModel model = OnnxModel.Load(path);
        double load = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        foreach ((string input, IReadOnlyList<long> dims) in shapes)
        {
            builder.Shape(input, [.. dims]);
        }

        start = Stopwatch.GetTimestamp();
        Engine built = ProgressDisplay.Run(session, "Building", progress => builder.Build(model, progress, session.Cancellation));
        double build = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        session.Remark(FormattableString.Invariant($"built {path} in {build:F0} ms"));
        return new(built, model, build, load);
    }

    public void Dispose() => Engine.Dispose();
}
