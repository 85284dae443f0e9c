using Peregrine.Bench.Compare;
using Peregrine.Diagnostics;
using Peregrine.TestKit.OnnxRuntime;
using OrtPeer = Peregrine.TestKit.OnnxRuntime.OnnxRuntimePeer;

if (CompareOptions.Parse(args, out string? complaint) is not { } options)
{
    Console.Error.WriteLine(complaint);
    return complaint == CompareOptions.Help ? 0 : 2;
}

if (options.NodeModules is { } folder)
{
    // Read once, when the peer is first looked for.
    Environment.SetEnvironmentVariable("PEREGRINE_NODE_MODULES", folder);
}

using OrtPeer? peer = OrtPeer.TryStart(out string whyNot);
if (peer is null)
{
    Console.Error.WriteLine(whyNot);
    return 2;
}

// A reference kernel may need minutes for what takes ONNX Runtime milliseconds, not the other way round.
peer.Timeout = TimeSpan.FromMinutes(10);
List<CompareModel> models;
try
{
    models = [.. CompareModel.Find(options)];
}
catch (IOException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}

List<CompareResult> results = [];
foreach (CompareModel model in models)
{
    foreach (int threads in options.Threads)
    {
        CompareResult result;
        try
        {
            result = new Comparison(peer, options).Run(model, threads);
        }
        catch (Exception e) when (e is PeregrineException or OnnxRuntimeException or OnnxRuntimePeerLostException or IOException)
        {
            result = new(model.Name, threads) { Problem = e.Message.ReplaceLineEndings(" ") };
        }

        results.Add(result);
        Console.WriteLine(CompareReport.Line(result, results.Count == 1));
    }
}

if (options.JsonPath is { } path)
{
    File.WriteAllText(path, CompareReport.Json(results, peer.Version));
}

return results.Count > 0 && results.TrueForAll(r => r.IsGood) ? 0 : 1;
