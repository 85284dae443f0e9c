namespace Peregrine.Tests;

[Collection(nameof(Alone))]
public sealed class SteadyStateTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(8, 1)]
    [InlineData(8, 2)]
    public void A_run_with_known_shapes_allocates_no_managed_memory(int batch, int threads)
    {
        using Engine engine = Digits.Build(threads);
        using InferenceContext context = engine.CreateContext();
        float[] images = Digits.Images(batch);
        long[] dims = [batch, 1, 8, 8];
        long read = 0;
        Run(3);
        GC.Collect();
        (long own, long all) = Allocated(() => Run(10));
        Assert.Equal((3 + (10 * Rounds)) * batch * Digits.Classes, read);
        Assert.Equal((0L, true), (own, all < 4096)); // The runtime's own threads may allocate a little.

        void Run(int times)
        {
            for (int i = 0; i < times; i++)
            {
                context.Input<float>("image", dims).CopyFrom(images);
                context.Run();
                read += context.Output<float>("probabilities").Length;
            }
        }
    }

    private const int Rounds = 6;

    /// <summary>Bytes that this thread allocates in all rounds, and the whole process in the one where the compiler's thread did least: it works on while the first rounds run.</summary>
    private static (long Own, long Process) Allocated(Action run)
    {
        long own = GC.GetAllocatedBytesForCurrentThread(), least = long.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            run();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        return (GC.GetAllocatedBytesForCurrentThread() - own, least);
    }

    /// <summary>The kernels that networks for images are made of: direct, grouped, depthwise and Winograd convolution, pools, resizing, concatenation, parts of channels, pointwise chains, products.</summary>
    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(2, true)]
    public void Networks_for_images_allocate_no_managed_memory(int threads, bool isDynamic)
    {
        using Engine engine = new EngineBuilder().UseCpu(cpu => cpu.Threads = threads).Deterministic().Build(ImageNetwork.Create(isDynamic));
        using InferenceContext context = engine.CreateContext();
        float[] image = new float[3 * 32 * 32];
        long[] dims = [1, 3, 32, 32];
        long read = 0;
        Run(3);
        GC.Collect();
        (long own, long all) = Allocated(() => Run(10));
        Assert.Equal((3 + (10 * Rounds)) * ImageNetwork.Classes, read);
        Assert.Equal((0L, true), (own, all < 4096)); // The runtime's own threads may allocate a little.

        void Run(int times)
        {
            for (int i = 0; i < times; i++)
            {
                image.AsSpan().Fill(i);
                context.Input<float>("image", dims).CopyFrom(image);
                context.Run();
                read += context.Output<float>("probabilities").Length;
            }
        }
    }

    [Fact]
    public void A_thousand_random_shapes_leave_memory_flat()
    {
        using Engine engine = Digits.Build();
        using InferenceContext context = engine.CreateContext();
        Random random = new(7);
        float[] images = Digits.Images(12);
        long early = 0;
        for (int i = 0; i < 1000; i++)
        {
            int batch = i % 100 == 0 ? 12 : random.Next(0, 4);
            context.Input<float>("image", [batch, 1, 8, 8]).CopyFrom(images.AsSpan(0, batch * Digits.Pixels));
            context.Run();
            if (i == 200)
            {
                early = Held();
            }
        }

        Assert.InRange(Held() - early, long.MinValue, 1 << 20);
        Assert.InRange(context.ArenaBytes, 0, 8 << 20);

        long Held() => GC.GetTotalMemory(forceFullCollection: true) + context.ArenaBytes;
    }
}
