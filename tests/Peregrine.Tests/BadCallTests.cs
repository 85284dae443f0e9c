using Peregrine.Diagnostics;
using Peregrine.Tensors;
using static Peregrine.TestKit.HandMade;

namespace Peregrine.Tests;

public sealed class BadCallTests
{
    public static TheoryData<string, string[]> Calls => new()
    {
        { "name", ["\"imagE\"", "\"image\""] },
        { "type", ["\"image\"", "f32", "Double"] },
        { "rank", ["\"image\"", "rank 4", "[1,8,8]", "rank 3"] },
        { "fixed dimension", ["\"image\"", "dimension 2", "9", "8"] },
        { "negative dimension", ["\"image\"", "dimension 0", "-1"] },
        { "element count", ["\"image\"", "128", "64"] },
        { "memory length", ["\"image\"", "64", "63"] },
        { "tensor type", ["\"image\"", "f32", "s64[1,1,8,8]"] },
        { "not a tensor", ["\"image\"", "TensorSequence"] },
        { "output name", ["\"probability\"", "\"probabilities\""] },
        { "output type", ["\"probabilities\"", "Int64"] },
        { "output memory", ["\"probabilities\"", "40", "36"] },
        { "not bound", ["\"image\"", "not bound"] },
    };

    [Theory]
    [MemberData(nameof(Calls))]
    public void A_wrong_call_is_told_what_is_wrong(string mistake, string[] words)
    {
        using Engine engine = Digits.Build();
        using InferenceContext context = engine.CreateContext();
        string message = Assert.Throws<BindingException>(() => Make(context, mistake)).Message;
        Assert.All(words, word => Assert.Contains(word, message, StringComparison.Ordinal));

        // The context is none the worse for it.
        Assert.Equal(Digits.Classes, Digits.Probabilities(engine.CreateContext(), 1).Length);
    }

    [Fact]
    public void An_absurd_shape_costs_nothing()
    {
        using Engine engine = Digits.Build();
        using InferenceContext context = engine.CreateContext();
        long before = GC.GetAllocatedBytesForCurrentThread();
        ModelException error = Assert.Throws<ModelException>(() => { context.Input<float>("image", [1L << 40, 1, 8, 8]); });
        Assert.Equal("PG1004", Assert.Single(error.Diagnostics).Code);
        Assert.Throws<ModelException>(() => { context.Input<float>("image", [long.MaxValue, 1, 8, 8]); });
        Assert.Contains("1099511627776", error.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 256 << 10);

        // The input would fit, but not what the network makes of it: 31 million images take 60 GB at the first layer.
        Assert.ThrowsAny<PeregrineException>(() =>
        {
            context.Input<float>("image", [8_000_000, 1, 8, 8]);
            context.Run();
        });
        Assert.Equal(Digits.Classes, Digits.Probabilities(context, 1).Length);
    }

    [Fact]
    public void Shapes_that_do_not_fit_together_are_refused_before_anything_runs()
    {
        using Engine engine = InferenceContextTests.Build(Model([Float("x", "N", 3), Float("y", "M", 3)], [Float("z")], [Node("Add", "x y", "z")]));
        using InferenceContext context = engine.CreateContext();
        Run(2, 2);
        Run(2, 1);
        string message = Assert.Throws<BindingException>(() => Run(2, 5)).Message;
        Assert.Contains("%z", message, StringComparison.Ordinal);
        Assert.Contains("N = 2", message, StringComparison.Ordinal);
        Assert.Contains("M = 5", message, StringComparison.Ordinal);
        Run(4, 4);

        void Run(int n, int m)
        {
            context.Input<float>("x", [n, 3]).Span.Fill(1);
            context.Input<float>("y", [m, 3]).Span.Fill(2);
            context.Run();
            Assert.All(context.Output<float>("z").ToArray(), z => Assert.Equal(3, z));
            Assert.Equal(Math.Max(n, m) * 3, context.Output<float>("z").Length);
        }
    }

    [Fact]
    public void Bad_data_are_told_with_the_node()
    {
        using Engine engine = InferenceContextTests.Build(Model([Float("x", 3), Typed("i", DataType.Int64, 1)], [Float("y")], [Node("Gather", "x i", "y")]));
        using InferenceContext context = engine.CreateContext();
        context.Input<float>("x", [3]).CopyFrom([1, 2, 3]);
        foreach (long index in new[] { 3, -4, 1L << 40, long.MinValue })
        {
            context.Input<long>("i", [1]).CopyFrom([index]);
            string message = Assert.Throws<ModelException>(() => context.Run()).Message;
            Assert.Contains("gather_y", message, StringComparison.Ordinal);
            Assert.Contains($"{index}", message, StringComparison.Ordinal);
        }

        context.Input<long>("i", [1]).CopyFrom([-1]);
        context.Run();
        Assert.Equal([3f], context.Output<float>("y").ToArray());
    }

    [Fact]
    public void Wrong_shapes_and_profiles_stop_the_build()
    {
        OnnxModel model = OnnxModel.Load(Digits.ModelPath);
        foreach ((EngineBuilder builder, string[] words) in new (EngineBuilder, string[])[]
        {
            (new EngineBuilder().Shape("imagE", 1, 1, 8, 8), ["imagE"]),
            (new EngineBuilder().Shape("image", 1, 8, 8), ["image", "1x8x8"]),
            (new EngineBuilder().Shape("image", 1, 1, 9, 8), ["image", "axis 2"]),
            (new EngineBuilder().Shape("image", -1, 1, 8, 8), ["image", "-1"]),
            (new EngineBuilder().Profile("p", p => p.Input("imagE", [1, 1, 8, 8], [1, 1, 8, 8], [2, 1, 8, 8])), ["imagE"]),
            (new EngineBuilder().Profile("p", p => p.Input("image", [1, 1, 8], [1, 1, 8], [2, 1, 8])), ["image"]),
            (new EngineBuilder().Profile("p", p => p.Input("image", [4, 1, 8, 8], [2, 1, 8, 8], [2, 1, 8, 8])), ["image"]),
            (new EngineBuilder().Profile("p", p => p.Input("image", [1, 1, 8, 8], [1, 1, 8, 8], [2, 1, 9, 8])), ["image"]),
        })
        {
            string message = Assert.Throws<ModelException>(() => builder.UseCpu(cpu => cpu.Threads = 1).Build(model)).Message;
            Assert.All(words, word => Assert.Contains(word, message, StringComparison.Ordinal));
        }
    }

    private static void Make(InferenceContext context, string mistake)
    {
        float[] pixels = new float[Digits.Pixels];
        switch (mistake)
        {
            case "name": context.Input<float>("imagE", [1, 1, 8, 8]); break;
            case "type": context.Input<double>("image", [1, 1, 8, 8]); break;
            case "rank": context.Input<float>("image", [1, 8, 8]); break;
            case "fixed dimension": context.Input<float>("image", [1, 1, 9, 8]); break;
            case "negative dimension": context.Input<float>("image", [-1, 1, 8, 8]); break;
            case "element count": context.Input<float>("image", [2, 1, 8, 8]).CopyFrom(pixels); break;
            case "memory length": context.BindInput<float>("image", pixels.AsMemory(1), [1, 1, 8, 8]); break;
            case "tensor type": context.BindInput("image", Tensor.Allocate(DataType.Int64, [1, 1, 8, 8])); break;
            case "not a tensor": context.BindInput("image", new TensorSequence([])); break;
            case "output name": Digits.Probabilities(context, 1); context.Output<float>("probability"); break;
            case "output type": Digits.Probabilities(context, 1); context.Output<long>("probabilities"); break;
            case "output memory": context.BindOutput<float>("probabilities", new float[9]); Digits.Probabilities(context, 1); break;
            default: context.Run(); break;
        }
    }
}
