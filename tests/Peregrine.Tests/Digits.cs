using Peregrine.TestKit;
using Peregrine.Tensors;

namespace Peregrine.Tests;

/// <summary>The sample of the repository: a small convolutional network with a batch of any size, and its test images.</summary>
internal static class Digits
{
    public const int Pixels = 64;

    public const int Classes = 10;

    private static readonly string Folder = Path.Combine(SharedMaterial.Repository ?? throw new InvalidOperationException("The tests run outside of the repository."), "samples", "digits");

    public static string ModelPath { get; } = Path.Combine(Folder, "digits.onnx");

    public static Engine Build(int threads = 1) => new EngineBuilder().UseCpu(cpu => cpu.Threads = threads).Deterministic().Build(OnnxModel.Load(ModelPath));

    /// <summary>The first images as the network takes them, [count, 1, 8, 8] in 0..1.</summary>
    public static float[] Images(int count)
    {
        Tensor all = NumpyFile.Read(Path.Combine(Folder, "test_images.npy"));
        return [.. all.Data.Span[..(count * Pixels)].ToArray().Select(p => p / 16f)];
    }

    public static float[] Probabilities(InferenceContext context, int batch)
    {
        context.Input<float>("image", [batch, 1, 8, 8]).CopyFrom(Images(batch));
        context.Run();
        return context.Output<float>("probabilities").ToArray();
    }
}
