using System.Runtime.InteropServices;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Runtime.Format;
using Peregrine.Tensors;

namespace Peregrine.Tests;

/// <summary>In which form engine files hold weights, and that it does not matter for results.</summary>
public sealed class StoredWeightsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("peregrine-weights-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Weights_come_back_bit_by_bit_from_the_form_in_which_kernels_read_them()
    {
        using Engine built = Build();
        using Engine loaded = Engine.Load(Save(built, "a"), 2);
        Assert.NotEmpty(loaded.Content.Packed);
        Assert.Contains(loaded.Content.Packed, p => p.Form is not null);
        Assert.Empty(loaded.Reselected);
        Assert.Equal(built.Content.Constants.Select(c => c.Data), loaded.Content.Constants.Select(c => c.Data));
        Assert.Equal(Probabilities(built), Probabilities(loaded));
    }

    [Theory]
    [InlineData(1, 4)]
    [InlineData(4, 1)]
    [InlineData(2, 3)]
    public void Kernels_stay_those_of_the_build_whatever_the_number_of_threads(int buildThreads, int threads)
    {
        // Few pixels and many channels: whether workers share pixels or channels, and how large Winograd's blocks are, depends on how many there are.
        GraphBuilder g = new("net");
        Value x = g.Input("x", DataType.Float32, 1, 160, 28, 28);
        Value y = g.Call(new Conv(KernelShape: Ints.Create([3, 3]), Pads: Ints.Create([1, 1, 1, 1])), x, g.Constant("w", RandomTensor.Create(DataType.Float32, [96, 160, 3, 3], 1)));
        Value mean = g.Call(new GlobalAveragePool(), g.Call(new Relu(), y));
        g.Output("y", g.Call(new Mul(), y, g.Call(new Sigmoid(), g.Call(new Conv(KernelShape: Ints.Create([1, 1])), mean, g.Constant("v", RandomTensor.Create(DataType.Float32, [96, 96, 1, 1], 2))))));
        string path = Path.Combine(_folder, "threads");
        using (Engine built = new EngineBuilder().UseCpu(cpu => cpu.Threads = buildThreads).Level(0).Build(g.Build()))
        {
            built.Save(path);
        }

        using Engine same = Engine.Load(path, buildThreads), other = Engine.Load(path, threads);
        Assert.Empty(same.Reselected);
        Assert.Empty(other.Reselected);
    }

    [Fact]
    public void What_is_loaded_and_saved_again_is_the_same_file()
    {
        string first = Path.Combine(_folder, "a"), second = Path.Combine(_folder, "b"), third = Path.Combine(_folder, "c");
        using (Engine built = Build())
        using (Engine twin = Build())
        {
            built.Save(first);
            twin.Save(second);
        }

        Assert.Equal(File.ReadAllBytes(first), File.ReadAllBytes(second));
        using (Engine loaded = Engine.Load(first, 1))
        {
            loaded.Save(third);
        }

        Assert.Equal(File.ReadAllBytes(first), File.ReadAllBytes(third));
    }

    /// <summary>Copies that no kernel asks for, of another size, or none at all: the weights are packed when the engine is loaded.</summary>
    [Theory]
    [InlineData("other keys")]
    [InlineData("other sizes")]
    [InlineData("none")]
    public void Packed_weights_that_do_not_suit_are_passed_over(string change)
    {
        using Engine built = Build();
        float[] expected = Probabilities(built);
        string path = Save(built, "a"), changed = Path.Combine(_folder, "changed");
        using (EngineFile file = EngineCodec.Open(path, OperatorCatalog.Standard))
        {
            IReadOnlyList<PackedWeight> packed = change switch
            {
                "other keys" => [.. file.Content.Packed.Select(p => p with { Key = p.Key + "!" })],
                "other sizes" => [.. file.Content.Packed.Select(p => p with { Form = null, Data = p.Data[..^64] })],
                _ => [],
            };
            EngineCodec.Save(file.Content with { Packed = packed }, changed, cancellationToken: TestContext.Current.CancellationToken);
        }

        using Engine loaded = Engine.Load(changed, 2);
        Assert.Equal(expected, Probabilities(loaded));
    }

    [Fact]
    public void Originals_of_computed_weights_are_kept_on_request_only()
    {
        using Engine plain = Build(g => new EngineBuilder().UseCpu(cpu => cpu.Threads = 1).Deterministic().Build(g)), full = Build(g => new EngineBuilder().UseCpu(cpu => cpu.Threads = 1).Deterministic().KeepOriginals().Build(g));
        Assert.All(plain.Content.Constants, c => Assert.Null(c.Derivation));
        Constant[] derived = [.. full.Content.Constants.Where(c => c.Derivation is not null)];
        Assert.NotEmpty(derived);
        Assert.Equal(Probabilities(plain), Probabilities(full));
        using EngineFile file = EngineCodec.Open(Save(full, "full"), OperatorCatalog.Standard);
        Assert.Equal(derived.Length, file.Content.Constants.Count(c => c.Derivation is not null));
        Assert.True(new FileInfo(Path.Combine(_folder, "full")).Length > new FileInfo(Save(plain, "plain")).Length + (24 * 16 * 9 * sizeof(float)));
    }

    private static Engine Build(Func<Graph, Engine>? build = null)
    {
        GraphBuilder g = new("normalized");
        Value x = g.Input("image", DataType.Float32, 1, 16, 20, 20);
        Value y = g.Call(new Conv(KernelShape: Ints.Create([3, 3]), Pads: Ints.Create([1, 1, 1, 1]), Strides: Ints.Create([2, 2])), x, Weights("w", 24, 16, 3, 3));
        y = g.Call(new BatchNormalization(), y, Weights("scale", 24), Weights("shift", 24), Weights("mean", 24), g.Constant("variance", Tensor.Of<float>([24], Enumerable.Repeat(2f, 24).ToArray())));
        y = g.Call(new Relu(), g.Call(new Conv(KernelShape: Ints.Create([3, 3]), Pads: Ints.Create([1, 1, 1, 1])), y, Weights("v", 40, 24, 3, 3)));
        y = g.Call(new Flatten(1), g.Call(new GlobalAveragePool(), y));
        g.Output("probabilities", g.Call(new Softmax(-1), g.Call(new Gemm(TransB: true), y, Weights("m", 10, 40), Weights("b", 10))));
        return (build ?? (graph => new EngineBuilder().UseCpu(cpu => cpu.Threads = 2).Deterministic().Build(graph)))(g.Build());

        Value Weights(string name, params long[] dims) => g.Constant(name, RandomTensor.Create(DataType.Float32, dims, (ulong)name.Length + (ulong)dims[0]));
    }

    private static float[] Probabilities(Engine engine)
    {
        using InferenceContext context = engine.CreateContext();
        context.Input<float>("image", [1, 16, 20, 20]).CopyFrom(MemoryMarshal.Cast<byte, float>(RandomTensor.Create(DataType.Float32, [1, 16, 20, 20], 5).Data.Span));
        context.Run();
        return context.Output<float>("probabilities").ToArray();
    }

    private string Save(Engine engine, string name)
    {
        string path = Path.Combine(_folder, name);
        engine.Save(path);
        return path;
    }
}
