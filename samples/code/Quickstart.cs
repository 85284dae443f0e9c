using Peregrine;
using Peregrine.Onnx;

namespace Samples;

/// <summary>The way of a model: load, build, save, run.</summary>
public static class Quickstart
{
    /// <returns>The probabilities of ten digits for each image.</returns>
    public static float[] Run(string modelPath, string enginePath, ReadOnlySpan<float> pixels, int images)
    {
        // <quickstart>
        OnnxModel model = OnnxModel.Load(modelPath);
        using Engine engine = new EngineBuilder()
            .UseCpu(cpu => cpu.Threads = 2)
            .Profile("batch", p => p.Input("image", min: [1, 1, 8, 8], opt: [8, 1, 8, 8], max: [32, 1, 8, 8]))
            .Build(model);
        engine.Save(enginePath);

        using InferenceContext context = engine.CreateContext();
        context.Input<float>("image", [images, 1, 8, 8]).CopyFrom(pixels);
        context.Run();
        ReadOnlySpan<float> probabilities = context.Output<float>("probabilities");
        // </quickstart>
        return probabilities.ToArray();
    }

    /// <returns>The same from the saved engine, with memory of the caller.</returns>
    public static float[] RunSaved(string enginePath, float[] pixels, int images)
    {
        // <load>
        using Engine engine = Engine.Load(enginePath);
        using InferenceContext context = engine.CreateContext();
        float[] probabilities = new float[images * 10];
        context.BindInput("image", pixels.AsMemory(), [images, 1, 8, 8]);
        context.BindOutput("probabilities", probabilities.AsMemory());
        context.Run();
        // </load>
        return probabilities;
    }
}
