using Peregrine.Tensors;
using static Peregrine.Onnx.Tests.Legacy.OperatorForm;

namespace Peregrine.Onnx.Tests.Legacy;

/// <summary>Old forms of the operators that networks are made of: products, convolutions, pools, normalizations, recurrences.</summary>
internal static class LegacyNetworkForms
{
    private static readonly int[] Square = [2, 2];

    public static IEnumerable<OperatorForm> All => [.. Products(), .. Windows(), .. Normalizations(), .. Recurrences()];

    private static OperatorForm Op(string name, long opset) => new(name, opset);

    private static IEnumerable<OperatorForm> Products()
    {
        Tensor a = Float([2, 2], 1, 2, 3, 4), b = Float([2, 2], 1, 0, 0, 1);
        yield return Op("Gemm", 1).With("broadcast", 1).Input(a).Constant(b, Float([2], 10, 20)).Gives(Float([2, 2], 11, 22, 13, 24));
        yield return Op("Gemm", 6).With("alpha", 2f).With("beta", 0.5f).With("transA", 1).Input(a).Constant(b, Float([2, 2], 2, 4, 6, 8)).Gives(Float([2, 2], 3, 8, 7, 12));
        yield return Op("Gemm", 6).Variant("scalar C without weight").With("alpha", 1f).With("beta", 0f).With("broadcast", 1).Input(a).Constant(b, Float([1], 5)).Gives(a);
        yield return Op("Gemm", 7).With("transB", 1).Input(Data(3, 4)).Constant(Data(5, 4), Data(5));
        yield return Op("Gemm", 11).Input(Data(3, 4)).Constant(Data(4, 5));
        yield return Op("MatMul", 1).Input(Data(2, 3, 4)).Constant(Data(4, 5));
    }

    private static IEnumerable<OperatorForm> Windows()
    {
        yield return Op("Conv", 1).With("kernel_shape", new[] { 3, 3 }).With("dilations", Square).With("group", 1).With("pads", new[] { 1, 0, 1, 2 }).With("strides", new[] { 2, 1 }).Input(Data(2, 4, 7, 8)).Constant(Data(3, 4, 3, 3), Data(3));
        yield return Op("Conv", 1).Variant("depthwise 1d").With("group", 4).Input(Data(1, 4, 9)).Constant(Data(8, 1, 3));
        yield return Op("Conv", 1).Variant("3d").With("strides", new[] { 1, 2, 1 }).Input(Data(1, 2, 4, 5, 3)).Constant(Data(3, 2, 2, 2, 2));
        yield return Op("Conv", 1).Variant("same lower").With("auto_pad", "SAME_LOWER").With("kernel_shape", Square).Input(Data(1, 1, 4, 5)).Constant(Data(1, 1, 2, 2));
        yield return Op("ConvTranspose", 1).With("kernel_shape", new[] { 3, 3 }).With("strides", Square).With("pads", new[] { 1, 1, 1, 1 }).With("output_padding", new[] { 1, 0 }).Input(Data(1, 2, 4, 3)).Constant(Data(2, 3, 3, 3), Data(3));
        yield return Op("ConvTranspose", 1).Variant("output shape").With("strides", Square).With("output_shape", new[] { 9, 7 }).Input(Data(1, 2, 4, 3)).Constant(Data(2, 3, 3, 3));
        yield return Op("MaxPool", 1).With("kernel_shape", new[] { 3, 2 }).With("strides", new[] { 2, 1 }).With("pads", new[] { 1, 0, 1, 1 }).Input(Data(1, 2, 5, 6));
        yield return Op("MaxPool", 1).Variant("1d").With("kernel_shape", new[] { 2 }).Input(Data(1, 2, 5));
        yield return Op("MaxPool", 1).Variant("same upper").With("auto_pad", "SAME_UPPER").With("kernel_shape", Square).With("strides", Square).Input(Data(1, 2, 5, 5));
        yield return Op("MaxPool", 8).With("kernel_shape", Square).With("storage_order", 1).Input(Data(1, 2, 4, 5)).Outputs(DataType.Float32, DataType.Int64);
        yield return Op("MaxPool", 10).With("kernel_shape", Square).With("dilations", new[] { 2, 1 }).With("ceil_mode", 1).With("strides", Square).Input(Data(1, 2, 6, 5));
        yield return Op("AveragePool", 1).With("kernel_shape", Square).With("pads", new[] { 1, 1, 1, 1 }).Input(Float([1, 1, 2, 2], 1, 2, 3, 4)).Gives(Float([1, 1, 3, 3], 1, 1.5f, 2, 2, 2.5f, 3, 3, 3.5f, 4));
        yield return Op("AveragePool", 7).With("kernel_shape", new[] { 3, 3 }).With("pads", new[] { 1, 1, 0, 1 }).With("count_include_pad", 1).With("strides", Square).Input(Data(1, 2, 6, 5));
        yield return Op("AveragePool", 7).Variant("3d").With("kernel_shape", new[] { 2, 2, 2 }).Input(Data(1, 2, 3, 4, 3));
        yield return Op("LpPool", 1).With("p", 2f).With("kernel_shape", Square).Input(Float([1, 1, 2, 2], 1, 2, 2, 4)).Gives(Float([1, 1, 1, 1], 5));
        yield return Op("LpPool", 2).With("p", 1).With("kernel_shape", Square).With("strides", Square).Input(Data(1, 2, 4, 6));
        yield return Op("GlobalLpPool", 1).With("p", 1f).Input(Float([1, 1, 2, 2], 1, -2, 2, 4)).Gives(Float([1, 1, 1, 1], 9));
        yield return Op("GlobalLpPool", 2).With("p", 3).Input(Data(1, 2, 4, 6));
        yield return Op("GlobalAveragePool", 1).Input(Data(1, 2, 4, 6));
        yield return Op("GlobalMaxPool", 1).Input(Data(1, 2, 4, 6));
        yield return Op("MaxUnpool", 9).With("kernel_shape", Square).With("strides", Square).Input(Data(1, 1, 2, 2)).Constant(Tensor.Of<long>([1, 1, 2, 2], [5, 7, 13, 15]));
        yield return Op("MaxRoiPool", 1).With("pooled_shape", Square).With("spatial_scale", 0.5f).Input(Data(1, 2, 6, 6)).Constant(Float([2, 5], 0, 0, 0, 7, 7, 0, 2, 4, 9, 11));
        yield return Op("LRN", 1).With("size", 3).With("alpha", 0.01f).With("beta", 0.5f).With("bias", 2f).Input(Data(1, 5, 2, 3));
    }

    private static IEnumerable<OperatorForm> Normalizations()
    {
        Tensor[] statistics = [Float([2], 2, 3), Float([2], 1, -1), Float([2], 1, 2), Float([2], 4, 1)];
        Tensor x = Float([1, 2, 2], 1, 3, 2, 4), y = Float([1, 2, 2], 1, 3, -1, 5);
        yield return Op("BatchNormalization", 1).With("consumed_inputs", new[] { 0, 0, 0, 1, 1 }).With("is_test", 1).With("epsilon", 0f).Input(x).Constant(statistics).Gives(y);
        yield return Op("BatchNormalization", 6).With("is_test", 1).With("spatial", 1).With("momentum", 0.9f).With("epsilon", 0f).Input(x).Constant(statistics).Gives(y);
        yield return Op("BatchNormalization", 6).Variant("per element").With("is_test", 1).With("spatial", 0).With("epsilon", 0f).Input(Float([2, 1, 2], 1, 3, 2, 4)).Constant([.. statistics.Select(s => s.WithDims([1, 2]))]).Gives(Float([2, 1, 2], 1, 2, 2, 5));
        yield return Op("BatchNormalization", 7).Input(Data(2, 3, 4, 5)).Constant(Data(3), Data(3), Data(3), Positive(3));
        yield return Op("BatchNormalization", 9).With("epsilon", 0.5f).Input(Data(2, 3)).Constant(Data(3), Data(3), Data(3), Positive(3));
        yield return Op("InstanceNormalization", 1).With("consumed_inputs", new[] { 0, 0, 0 }).With("epsilon", 0f).Input(Float([1, 1, 2], 1, 3)).Constant(Float([1], 2), Float([1], 1)).Gives(Float([1, 1, 2], -1, 3));
        yield return Op("InstanceNormalization", 6).Input(Data(2, 3, 4, 5)).Constant(Data(3), Data(3));
        yield return Op("LpNormalization", 1).With("axis", 1).With("p", 1).Input(Data(2, 3, 4));
        yield return Op("LpNormalization", 1).Variant("default").Input(Data(2, 3, 4));
        yield return Op("MeanVarianceNormalization", 9).With("axes", new[] { 0, 2, 3 }).Input(Data(2, 3, 4, 5));
        yield return Op("LayerNormalization", 12).With("axis", -1).Input(Data(2, 3, 4)).Constant(Data(4), Data(4));
    }

    private static IEnumerable<OperatorForm> Recurrences()
    {
        foreach (string direction in new[] { "forward", "reverse", "bidirectional" })
        {
            int directions = direction == "bidirectional" ? 2 : 1;
            foreach ((string name, int gates) in new[] { ("RNN", 1), ("GRU", 3), ("LSTM", 4) })
            {
                DataType[] outputs = [.. Enumerable.Repeat(DataType.Float32, name == "LSTM" ? 3 : 2)];
                yield return Op(name, 7).Variant(direction).With("direction", direction).With("hidden_size", 3).Outputs(outputs)
                    .Input(Data(4, 2, 2)).Constant(Data(directions, gates * 3, 2), Data(directions, gates * 3, 3), Data(directions, gates * 6)).Input(null, Data(directions, 2, 3));
            }
        }

        yield return Op("GRU", 3).With("hidden_size", 1).With("output_sequence", 1).With("linear_before_reset", 1).Input(Float([1, 1, 1], 1)).Constant(Float([1, 3, 1], 0, 0, 0), Float([1, 3, 1], 0, 0, 0)).Outputs(DataType.Float32, DataType.Float32)
            .Gives(Float([1, 1, 1, 1], 0), Float([1, 1, 1], 0));
        yield return Op("GRU", 1).With("hidden_size", 1).With("output_sequence", 1).Input(Float([1, 1, 1], 1)).Constant(Float([1, 3, 1], 0, 0, 2), Float([1, 3, 1], 0, 0, 0)).Outputs(DataType.Float32, DataType.Float32)
            .Gives(Float([1, 1, 1, 1], MathF.Tanh(2) / 2), Float([1, 1, 1], MathF.Tanh(2) / 2));
        yield return Op("LSTM", 1).With("hidden_size", 1).With("output_sequence", 0).Input(Float([1, 1, 1], 1)).Constant(Float([1, 4, 1], 0, 0, 0, 2), Float([1, 4, 1], 0, 0, 0, 0)).Outputs(DataType.Float32)
            .Gives(Float([1, 1, 1, 1], MathF.Tanh(MathF.Tanh(2) / 2) / 2));
        yield return Op("RNN", 1).With("hidden_size", 1).With("output_sequence", 1).Input(Float([2, 1, 1], 1, 0)).Constant(Float([1, 1, 1], 1), Float([1, 1, 1], 1)).Outputs(DataType.Float32)
            .Gives(Float([2, 1, 1, 1], MathF.Tanh(1), MathF.Tanh(MathF.Tanh(1))));
        yield return Op("LSTM", 7).Variant("peepholes").With("hidden_size", 2).With("input_forget", 0).Input(Data(3, 1, 2)).Constant(Data(1, 8, 2), Data(1, 8, 2), Data(1, 16), Tensor.Vector(3), Data(1, 1, 2), Data(1, 1, 2), Data(1, 6));
    }
}
