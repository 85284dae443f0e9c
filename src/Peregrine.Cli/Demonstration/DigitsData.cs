using Peregrine.Tensors;

namespace Peregrine.Cli.Demonstration;

/// <summary>The model and the images that the program carries: 500 handwritten digits of 8 by 8 pixels that the model has not seen in training.</summary>
internal sealed class DigitsData
{
    public const int Side = 8;

    private DigitsData(OnnxModel model, Tensor images, Tensor labels)
    {
        Model = model;
        RawPixels = images.Data;
        Labels = labels.Data;
        Pixels = Array.ConvertAll(images.Span<byte>().ToArray(), p => p / 16f);
    }

    public OnnxModel Model { get; }

    /// <summary>All images, one after another, 0 to 1.</summary>
    public float[] Pixels { get; }

    /// <summary>All images, one after another, 0 to 16.</summary>
    public ReadOnlyMemory<byte> RawPixels { get; }

    public ReadOnlyMemory<byte> Labels { get; }

    public int Count => Labels.Length;

    public static DigitsData Load()
    {
        using Stream images = Open("test_images.npy"), labels = Open("test_labels.npy"), model = Open("digits.onnx");
        byte[] bytes = new byte[model.Length];
        model.ReadExactly(bytes);
        return new(OnnxModel.Load(bytes, "digits.onnx"), NumpyFile.Read(images, "test_images.npy"), NumpyFile.Read(labels, "test_labels.npy"));
    }

    private static Stream Open(string name) => typeof(DigitsData).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"The resource {name} is missing.");
}
