using System.CommandLine;
using System.Diagnostics;
using Peregrine.Cli.Demonstration;

namespace Peregrine.Cli.Commands;

/// <summary><c>peregrine demo</c>: the whole way on a model that the program carries.</summary>
internal sealed class DemoCommand : CliCommand
{
    private const int Batch = 50;

    public DemoCommand()
        : base("demo", "Builds the embedded digits model, saves and reloads the engine, classifies 500 images and shows accuracy, latency and size.") => AddVerbosity();

    public override string Notes => """
          The model is a small residual network (112,106 parameters) that reads handwritten digits of 8 by 8 pixels; none of the 500 images was seen in training.
        """;

    public override string Examples => """
          peregrine demo
        """;

    protected override int Execute(ParseResult parse, Session session)
    {
        DigitsData data = DigitsData.Load();
        string folder = Directory.CreateTempSubdirectory("peregrine-demo-").FullName;
        try
        {
            string path = Path.Combine(folder, "digits.engine");
            long start = Stopwatch.GetTimestamp();
            using (Engine built = ProgressDisplay.Run(session, "Building digits", progress => CreateBuilder(session).Build(data.Model, progress, session.Cancellation)))
            {
                built.Save(path, session.Cancellation);
                session.Write($"built digits.onnx ({built.Content.Manifest.SourceNodes} nodes) into {built.Content.Plan.Steps.Count} steps and saved it in {Stopwatch.GetElapsedTime(start).TotalMilliseconds:F0} ms");
            }

            start = Stopwatch.GetTimestamp();
            using Engine engine = Engine.Load(path, logger: session.Logger);
            session.Write($"loaded the engine in {Stopwatch.GetElapsedTime(start).TotalMilliseconds:F1} ms; it runs on {engine.Backend.Device.Name}, {engine.Backend.Device.Parallelism} threads");
            Classification single = DigitClassifier.Classify(engine, data, 1, session.Cancellation), batched = DigitClassifier.Classify(engine, data, Batch, session.Cancellation);
            Print(data, single, batched, new FileInfo(path).Length, session);
            return ExitCode.Done;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static EngineBuilder CreateBuilder(Session session) =>
        new EngineBuilder().Logger(session.Logger).PassLog(session.Verbosity > 1 ? Console.Error.WriteLine : null);

    private static void Print(DigitsData data, Classification single, Classification batched, long size, Session session)
    {
        int[] wrong = [.. Enumerable.Range(0, data.Count).Where(i => single.Recognised[i] != data.Labels.Span[i])];
        int[] right = [.. Enumerable.Range(0, data.Count).Except(wrong).DistinctBy(i => data.Labels.Span[i]).OrderBy(i => data.Labels.Span[i])];
        session.Write("");
        foreach (string line in DigitArt.Draw(data, single.Recognised, [.. right.Take(4)]).Append("").Concat(DigitArt.Draw(data, single.Recognised, [.. right.Skip(4).Take(3), .. wrong.Take(1)])))
        {
            session.Write(line);
        }

        int correct = data.Count - wrong.Length, same = Enumerable.Range(0, data.Count).Count(i => single.Recognised[i] == batched.Recognised[i]);
        session.Write("");
        session.Write($"precision  accuracy                 latency, 1 image   latency, {Batch} images   engine");
        session.Write($"{"fp32",-9}  {$"{correct} of {data.Count} ({100.0 * correct / data.Count:F1} %)",-23}  {single.MedianMilliseconds,8:F3} ms        {batched.MedianMilliseconds,8:F3} ms          {Sizes.Text(size)}");
        foreach (string precision in (string[])["bf16", "fp16", "int8"])
        {
            session.Write($"{precision,-9}  not available yet");
        }

        if (same != data.Count)
        {
            session.Write($"Batches of {Batch} gave other answers than single images for {data.Count - same} images.");
        }

        session.Write("");
        session.Write($"{correct} of {data.Count} digits recognised ({100.0 * correct / data.Count:F1} %)");
    }
}
