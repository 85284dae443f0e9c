using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Runtime.Execution;
using Peregrine.Runtime.Planning;
using Peregrine.Tensors;
using static Peregrine.TestKit.HandMade;

namespace Peregrine.Tests;

public sealed class InferenceContextTests
{
    [Fact]
    public void Shapes_may_change_between_runs()
    {
        using Engine engine = Digits.Build();
        using InferenceContext context = engine.CreateContext();
        float[] three = Digits.Probabilities(context, 3);
        float[] one = Digits.Probabilities(context, 1);
        Assert.Equal(three[..Digits.Classes], one);
        Assert.Empty(Digits.Probabilities(context, 0));
        Assert.Equal([0L, Digits.Classes], context.OutputDims("probabilities").ToArray());
        Assert.Equal(three, Digits.Probabilities(context, 3));
    }

    [Fact]
    public void Bound_memory_is_used_without_copies()
    {
        using Engine engine = Digits.Build();
        using InferenceContext context = engine.CreateContext();
        float[] expected = Digits.Probabilities(context, 2), images = Digits.Images(2), result = new float[2 * Digits.Classes];
        context.BindInput<float>("image", images, [2, 1, 8, 8]);
        context.BindOutput<float>("probabilities", result);
        context.Run();
        Assert.Equal(expected, result);

        Array.Clear(images);
        context.Run();
        Assert.NotEqual(expected, result);
    }

    [Fact]
    public async Task Two_contexts_run_at_the_same_time()
    {
        using Engine engine = Digits.Build(2);
        float[][] expected = new float[3][];
        using (InferenceContext context = engine.CreateContext())
        {
            for (int batch = 1; batch <= 3; batch++)
            {
                expected[batch - 1] = Digits.Probabilities(context, batch);
            }
        }

        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(() =>
        {
            using InferenceContext context = engine.CreateContext();
            for (int i = 0; i < 6; i++)
            {
                int batch = 1 + ((i + worker) % 3);
                Assert.Equal(expected[batch - 1], Digits.Probabilities(context, batch));
            }
        })));
    }

    [Fact]
    public void Any_number_of_threads_gives_the_same_bits()
    {
        // One engine: builds for other numbers of threads may choose other kernels, which sum in another order.
        string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid()}.engine");
        try
        {
            using Engine built = Digits.Build(threads: 2);
            using InferenceContext first = built.CreateContext();
            float[] expected = Digits.Probabilities(first, 5);
            built.Save(path);
            foreach (int threads in (int[])[1, 2, 4])
            {
                using Engine engine = Engine.Load(path, threads);
                using InferenceContext context = engine.CreateContext();
                Assert.Equal(expected, Digits.Probabilities(context, 5));
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_cancelled_run_stops_and_the_next_one_works()
    {
        using Engine engine = Build(Model([Float("x", "N"), Typed("trips", DataType.Int64)], [Float("y")],
            [Node("Loop", "trips - x", "y", Body("body", Graph([Typed("i", DataType.Int64), Typed("go", DataType.Bool), Float("a", "N")], [Node("Neg", "a", "b"), Node("Identity", "go", "still")], [Typed("still", DataType.Bool), Float("b", "N")])))]));
        using InferenceContext context = engine.CreateContext();
        context.Input<float>("x", [2]).CopyFrom([1, 2]);
        context.Input<long>("trips", []).CopyFrom([1L << 60]);
        using CancellationTokenSource cancellation = new(TimeSpan.FromMilliseconds(200));
        Assert.Throws<OperationCanceledException>(() => context.Run(cancellation.Token));
        Assert.Throws<InvalidOperationException>(() => context.Output<float>("y"));

        context.Input<long>("trips", []).CopyFrom([3]);
        context.Run(CancellationToken.None);
        Assert.Equal([-1f, -2f], context.Output<float>("y").ToArray());
    }

    [Fact]
    public void An_observer_sees_every_step_and_the_wanted_tensors()
    {
        using Engine engine = Digits.Build();
        using InferenceContext context = engine.CreateContext();
        Watcher watcher = new("probabilities");
        context.Observer = watcher;
        float[] expected = Digits.Probabilities(context, 1);
        Assert.Equal(Enumerable.Range(0, engine.Content.Plan.Steps.Count), watcher.Steps.Select(s => s.Index));
        Assert.All(watcher.Steps, s => Assert.True(s.Elapsed >= TimeSpan.Zero));
        Assert.True(watcher.Steps.Sum(s => s.Elapsed.TotalSeconds) > 0);
        Assert.Equal(expected, Assert.Single(watcher.Tensors));
    }

    [Fact]
    public void Data_dependent_outputs_tell_their_real_size()
    {
        using Engine engine = Build(Model([Float("x", "N")], [Typed("y", DataType.Int64, 1, "K")], [Node("NonZero", "x", "y")]));
        using InferenceContext context = engine.CreateContext();
        foreach (float[] values in new float[][] { [0, 5, 0, 7], [0], [1, 1, 1], [] })
        {
            context.Input<float>("x", [values.Length]).CopyFrom(values);
            context.Run();
            long[] found = [.. Enumerable.Range(0, values.Length).Where(i => values[i] != 0).Select(i => (long)i)];
            Assert.Equal([1L, found.Length], context.OutputDims("y").ToArray());
            Assert.Equal(found, context.Output<long>("y").ToArray());
        }
    }

    [Fact]
    public void Only_the_taken_branch_runs()
    {
        using Engine engine = Build(Model([Float("x", 2), Typed("c", DataType.Bool)], [Float("y")],
            [Node("If", "c", "y", Body("then_branch", Graph([], [Node("Relu", "x", "t")], [Float("t")])), Body("else_branch", Graph([], [Node("Neg", "x", "n"), Node("Exp", "n", "e")], [Float("e")])))]));
        using InferenceContext context = engine.CreateContext();
        foreach ((bool condition, string[] kinds, float[] expected) in new[] { (true, new[] { "Relu", "If" }, new[] { 0f, 2f }), (false, ["Neg+Exp", "If"], [MathF.Exp(1), MathF.Exp(-2)]) })
        {
            Watcher watcher = new("");
            context.Observer = watcher;
            context.Input<float>("x", [2]).CopyFrom([-1, 2]);
            context.Input<bool>("c", []).CopyFrom([condition]);
            context.Run();
            Assert.Equal(kinds, watcher.Steps.Select(s => s.Kind));
            Assert.Equal(expected, context.Output<float>("y").ToArray());
        }
    }

    [Fact]
    public void A_loop_carries_and_stacks()
    {
        using Engine engine = Build(Model([Float("x", "N"), Typed("trips", DataType.Int64)], [Float("y"), Float("all")],
            [Node("Loop", "trips - x", "y all", Body("body", Graph([Typed("i", DataType.Int64), Typed("go", DataType.Bool), Float("a", "N")], [Node("Add", "a a", "b"), Node("Identity", "go", "still"), Node("Identity", "b", "s")], [Typed("still", DataType.Bool), Float("b", "N"), Float("s", "N")])))]));
        using InferenceContext context = engine.CreateContext();
        foreach (int trips in new[] { 3, 0, 1 })
        {
            context.Input<float>("x", [2]).CopyFrom([1, -3]);
            context.Input<long>("trips", []).CopyFrom([trips]);
            context.Run();
            float factor = 1 << trips;
            Assert.Equal([factor, -3 * factor], context.Output<float>("y").ToArray());
            Assert.Equal([trips, 2L], context.OutputDims("all").ToArray());
            Assert.Equal(Enumerable.Range(1, trips).SelectMany(i => new[] { (float)(1 << i), -3f * (1 << i) }), context.Output<float>("all").ToArray());
        }
    }

    [Fact]
    public void A_context_keeps_to_its_profile()
    {
        using Engine engine = new EngineBuilder().UseCpu(cpu => cpu.Threads = 1)
            .Profile("few", p => p.Input("image", [1, 1, 8, 8], [1, 1, 8, 8], [2, 1, 8, 8]))
            .Profile("many", p => p.Input("image", [4, 1, 8, 8], [6, 1, 8, 8], [8, 1, 8, 8]))
            .Build(OnnxModel.Load(Digits.ModelPath));
        using InferenceContext few = engine.CreateContext(), many = engine.CreateContext("many");
        Assert.Equal(("few", "many"), (few.Profile!.Name, many.Profile!.Name));
        Assert.Equal(Digits.Classes, Digits.Probabilities(few, 1).Length);
        Assert.Equal(5 * Digits.Classes, Digits.Probabilities(many, 5).Length);
        string message = Assert.Throws<Diagnostics.BindingException>(() => Digits.Probabilities(few, 3)).Message;
        Assert.Contains("\"image\"", message, StringComparison.Ordinal);
        Assert.Contains("dimension 0 is 3, outside of [1, 2]", message, StringComparison.Ordinal);
        Assert.Throws<Diagnostics.BindingException>(() => Digits.Probabilities(many, 3));
        Assert.Throws<ArgumentException>(() => engine.CreateContext("absent"));
    }

    [Fact]
    public void An_operator_may_write_a_required_output_that_nobody_wants()
    {
        using Engine engine = Build(Model([Float("x", 4), Typed("k", DataType.Int64, 1)], [Typed("i", DataType.Int64)], [Node("TopK", "x two", "- i")], Integers("two", [1], 2)));
        using InferenceContext context = engine.CreateContext();
        context.Input<float>("x", [4]).CopyFrom([3, 1, 4, 1]);
        context.Input<long>("k", [1]).CopyFrom([2]);
        context.Run();
        Assert.Equal([2L, 0L], context.Output<long>("i").ToArray());
    }

    internal static Engine Build(byte[] model) => new EngineBuilder().UseCpu(cpu => cpu.Threads = 1).VerifyPasses().Build(OnnxModel.Load(model));

    private sealed class Watcher(string wanted) : IExecutionObserver
    {
        public List<(int Index, string Kind, TimeSpan Elapsed)> Steps { get; } = [];

        public List<float[]> Tensors { get; } = [];

        public void OnStep(Plan plan, int stepIndex, TimeSpan elapsed) => Steps.Add((stepIndex, plan.Steps[stepIndex].Kind, elapsed));

        public bool Wants(Plan plan, BufferSlot slot) => slot.Name == wanted;

        public void OnTensor(Plan plan, BufferSlot slot, Tensor tensor) => Tensors.Add(tensor.Span<float>().ToArray());
    }
}
