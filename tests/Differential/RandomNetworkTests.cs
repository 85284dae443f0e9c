using System.Globalization;
using Peregrine;
using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Onnx;
using Peregrine.Onnx.Export;
using Peregrine.Operators;
using Peregrine.Tensors;
using Peregrine.TestKit;
using Peregrine.TestKit.OnnxRuntime;
using Peregrine.Text;

namespace Differential;

/// <summary>
/// Random small networks in ONNX Runtime, in the interpreter of the exported and imported model, and as built engines: with one and with two threads, with and without passes,
/// and every eighth with tuned kernels.
/// PEREGRINE_RANDOM_GRAPHS sets how many (200), PEREGRINE_RANDOM_FIRST the first seed (0).
/// </summary>
public sealed class RandomNetworkTests(PeerFixture fixture, ITestOutputHelper output)
{
    private static string DumpFolder => Path.Combine(Path.GetTempPath(), "peregrine-random");

    [Fact]
    public void All_runtimes_agree()
    {
        OnnxRuntimePeer peer = fixture.Peer;
        int count = Number("PEREGRINE_RANDOM_GRAPHS", 200), first = Number("PEREGRINE_RANDOM_FIRST", 0), refused = 0, compared = 0;
        List<string> problems = [];
        Dictionary<string, int> refusals = [];
        for (int seed = first; seed < first + count; seed++)
        {
            try
            {
                if (Check(peer, seed) is { } refusal)
                {
                    refused++;
                    refusals[refusal] = refusals.GetValueOrDefault(refusal) + 1;
                }
                else
                {
                    compared++;
                }
            }
            catch (OnnxRuntimePeerLostException)
            {
                // A crash inside ONNX Runtime; the next call starts another process.
                Dump(seed);
                refused++;
                refusals[$"seed {seed} ended its process"] = 1;
            }
            catch (Exception e)
            {
                problems.Add($"seed {seed}: {(e is DifferenceException ? "" : e.GetType().Name + ": ")}{e.Message.ReplaceLineEndings(" ")}{(e is PeregrineException or DifferenceException or OnnxRuntimeException ? "" : e.StackTrace)}{Dump(seed)}");
            }
        }

        Assert.True(problems.Count == 0, $"{problems.Count} of {count} networks:\n{string.Join('\n', problems)}\nAgain: PEREGRINE_RANDOM_FIRST=SEED PEREGRINE_RANDOM_GRAPHS=1; the models lie in {DumpFolder}.");
        foreach ((string refusal, int times) in refusals.OrderByDescending(r => r.Value))
        {
            output.WriteLine($"ONNX Runtime, {times} times: {refusal}");
        }

        // What ONNX Runtime has no kernel for cannot be compared; that must stay an exception.
        Assert.True(refused * 20 <= count + 20, $"ONNX Runtime refused {refused} of {count}: {string.Join("; ", refusals.OrderByDescending(r => r.Value).Take(20).Select(r => $"{r.Value}x {r.Key}"))}");
        Assert.Equal(count, compared + refused);
    }

    [Fact]
    public void Networks_are_functions_of_their_seeds()
    {
        string[] texts = [.. Enumerable.Range(0, 50).Select(s => GraphPrinter.Print(RandomNetworks.Create(s)))];
        Assert.Equal(texts, Enumerable.Range(0, 50).Select(s => GraphPrinter.Print(RandomNetworks.Create(s))));
        Assert.Equal(50, texts.Distinct(StringComparer.Ordinal).Count());
        HashSet<string> operators = [.. Enumerable.Range(0, 2000).SelectMany(s => RandomNetworks.Create(s).Nodes).Select(n => n.Operator.Definition.Name)];
        Assert.True(operators.Count >= 100, $"only {operators.Count} operators: {string.Join(' ', operators.Order(StringComparer.Ordinal))}");
    }

    /// <summary>Null if all agree; why ONNX Runtime refused the model; throws on a difference.</summary>
    private static string? Check(OnnxRuntimePeer peer, int seed)
    {
        Graph graph = RandomNetworks.Create(seed);
        IReadOnlyList<Tensor> inputs = RandomNetworks.Inputs(graph, seed);
        string path = Path.Combine(Path.GetTempPath(), $"peregrine-random-{Environment.ProcessId}.onnx");
        OnnxExporter.Save(graph, path);
        Dictionary<string, Tensor> named = graph.Inputs.Zip(inputs).ToDictionary(p => p.First.Name, p => p.Second, StringComparer.Ordinal);
        IReadOnlyDictionary<string, Tensor> expected;
        try
        {
            expected = RunInOnnxRuntime(peer, path, named);
        }
        catch (OnnxRuntimeException e) when (e.Message.Contains("NOT_IMPLEMENTED", StringComparison.Ordinal) || e.Message.Contains("Could not find an implementation", StringComparison.Ordinal))
        {
            return e.Message.Split('\n')[0];
        }

        OnnxModel model = OnnxModel.Load(File.ReadAllBytes(path), $"seed {seed}");
        (IReadOnlyList<object?> reference, double[] tolerances) = Interpret(graph, inputs);
        Compare("interpreter of the graph", graph, reference, expected, tolerances);
        Compare("interpreter of the exported model", graph, Interpreter.Run(model.Import(), [.. inputs]), expected, tolerances);
        Compare("engine, 1 thread", graph, Run(model, inputs, 1, passes: true), expected, tolerances);
        Compare("engine, 2 threads, no passes", graph, Run(model, inputs, 2, passes: false), expected, tolerances);
        if (seed % 8 == 0)
        {
            // Tuning takes its time.
            Compare("engine of level 3, 2 threads", graph, Run(model, inputs, 2, passes: true, level: 3), expected, tolerances);
        }

        return null;
    }

    /// <summary>Some of its optimizations around quantised values write nodes that it then refuses; without them it runs the model as it is.</summary>
    private static IReadOnlyDictionary<string, Tensor> RunInOnnxRuntime(OnnxRuntimePeer peer, string path, Dictionary<string, Tensor> inputs)
    {
        try
        {
            using OnnxRuntimeSession session = peer.Load(path);
            return session.Run(inputs);
        }
        catch (OnnxRuntimeException)
        {
            using OnnxRuntimeSession plain = peer.Load(path, optimization: OnnxRuntimeOptimization.None);
            return plain.Run(inputs);
        }
    }

    private static List<object?> Run(OnnxModel model, IReadOnlyList<Tensor> inputs, int threads, bool passes, int level = 0)
    {
        EngineBuilder builder = new EngineBuilder().UseCpu(cpu => cpu.Threads = threads).Level(level).Deterministic().VerifyPasses();
        if (!passes)
        {
            foreach (string pass in Peregrine.Compiler.Pipeline.Passes.Select(p => p.Name).Distinct(StringComparer.Ordinal))
            {
                builder.Disable(pass);
            }
        }

        using Engine engine = builder.Build(model);
        using InferenceContext context = engine.CreateContext();
        for (int i = 0; i < inputs.Count; i++)
        {
            context.BindInput(engine.Inputs[i].Name, inputs[i]);
        }

        context.Run();
        return [.. engine.Outputs.Select(o => context.OutputValue(o.Name) is Tensor t ? t.Clone() : null)];
    }

    /// <summary>
    /// The results and, for each, how far another float32 implementation may be: 2^-20 of the largest magnitude on the way to it for every operator there that rounds,
    /// four times that for one that approximates, eight times for a convolution, which may be computed on transformed patches (A. Lavin, S. Gray, "Fast Algorithms for Convolutional Neural
    /// Networks", 2016: tiles of 4×4 pixels and more amplify rounding so much).
    /// </summary>
    private static (IReadOnlyList<object?> Results, double[] Tolerances) Interpret(Graph graph, IReadOnlyList<Tensor> inputs)
    {
        Dictionary<Value, double> magnitudes = [];
        IReadOnlyList<object?> results = Interpreter.Run(graph, [.. inputs], (value, made) => magnitudes[value] = Magnitude(made));
        foreach ((Value input, Tensor tensor) in graph.Inputs.Zip(inputs))
        {
            magnitudes[input] = Magnitude(tensor);
        }

        double[] tolerances = new double[results.Count];
        for (int i = 0; i < tolerances.Length; i++)
        {
            HashSet<Node> ancestors = [];
            Collect(graph.Outputs[i].Value, ancestors);
            double steps = ancestors.Sum(n => n.Operator is Conv ? 8 : n.Operator.Accuracy switch { Accuracy.Exact => 0, Accuracy.Rounding => 1, _ => 4 });
            double largest = ancestors.SelectMany(n => n.Inputs.Concat(n.Outputs)).OfType<Value>().Select(v => v.Constant is { } c ? Magnitude(c.Data) : magnitudes.GetValueOrDefault(v)).DefaultIfEmpty().Max();
            tolerances[i] = steps * largest / (1 << 20);
        }

        return (results, tolerances);
    }

    private static double Magnitude(object made) => made is Tensor { Type: DataType.Float32 } tensor ? TensorElements.ToDoubles(tensor).Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty().Max() : 0;

    private static void Collect(Value value, HashSet<Node> nodes)
    {
        if (value.Producer is { } producer && nodes.Add(producer))
        {
            foreach (Value input in producer.Inputs.OfType<Value>())
            {
                Collect(input, nodes);
            }
        }
    }

    private static void Compare(string who, Graph graph, IReadOnlyList<object?> actual, IReadOnlyDictionary<string, Tensor> expected, double[] tolerances)
    {
        for (int i = 0; i < actual.Count; i++)
        {
            TensorComparison comparison = TensorComparison.Compare(expected[graph.Outputs[i].Name], (Tensor)actual[i]!, new(0, tolerances[i]));
            if (comparison.Problem is { } problem)
            {
                throw new DifferenceException(string.Create(CultureInfo.InvariantCulture, $"{who}: output \"{graph.Outputs[i].Name}\" of {graph.Outputs[i].Value.Producer}, tolerance {tolerances[i]:G3}: {problem}"));
            }
        }
    }

    private static string Dump(int seed)
    {
        try
        {
            Directory.CreateDirectory(DumpFolder);
            Graph graph = RandomNetworks.Create(seed);
            File.WriteAllText(Path.Combine(DumpFolder, $"{seed}.txt"), GraphPrinter.Print(graph));
            OnnxExporter.Save(graph, Path.Combine(DumpFolder, $"{seed}.onnx"));
            return "";
        }
        catch (Exception e) when (e is PeregrineException or IOException)
        {
            return $" (no dump: {e.Message})";
        }
    }

    private static int Number(string variable, int missing) => int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : missing;

    private sealed class DifferenceException(string message) : Exception(message);
}
