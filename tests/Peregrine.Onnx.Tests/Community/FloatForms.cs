using Peregrine.Onnx.Tests.Legacy;
using Peregrine.Tensors;
using static Peregrine.Onnx.Tests.Community.CommunityForm;

namespace Peregrine.Onnx.Tests.Community;

/// <summary>Activations, normalizations, products, convolutions and movements.</summary>
internal static class FloatForms
{
    private static readonly Tensor Small = OperatorForm.Float([5], -3, -1, 0, 0.5f, 2);

    public static IEnumerable<OperatorForm> All => [.. Activations(), .. Normalizations(), .. Products(), .. Convolutions(), .. Movements(), .. Tables()];

    private static IEnumerable<OperatorForm> Activations()
    {
        yield return Op("Gelu").Input(Normal(1, 3, 40)).Gives();
        yield return Op("Gelu", "by hand").Input(Small).Gives(OperatorForm.Float([5], -0.004049694f, -0.15865526f, 0, 0.34573123f, 1.9544997f));
        yield return Op("BiasGelu").Input(Normal(1, 2, 3, 40)).Constant(Normal(2, 40));
        yield return Op("BiasGelu", "by hand").Input(OperatorForm.Float([2, 2], 0, 1, 2, 3)).Constant(OperatorForm.Float([2], 1, -1)).Gives(OperatorForm.Float([2, 2], 0.8413447f, 0, 2.9959502f, 1.9544997f));
        yield return Op("FastGelu").Input(Normal(1, 2, 3, 40));
        yield return Op("FastGelu", "bias").Input(Normal(1, 2, 3, 40), Normal(3, 40));
        yield return Op("FastGelu", "by hand").Input(Small).Gives(OperatorForm.Float([5], -0.0036373921f, -0.158808f, 0, 0.345714f, 1.9545977f));
        yield return Op("QuickGelu").Input(Normal(1, 3, 40));
        yield return Op("QuickGelu", "alpha").With("alpha", 0.7f).Input(Normal(1, 3, 40));
        yield return Op("QuickGelu", "by hand").With("alpha", 1f).Input(OperatorForm.Float([3], -1, 0, 2)).Gives(OperatorForm.Float([3], -0.26894143f, 0, 1.7615942f));
        yield return Op("BiasAdd", "by hand").Input(OperatorForm.Float([1, 2, 2], 1, 2, 3, 4), OperatorForm.Float([2], 10, 20), OperatorForm.Float([1, 2, 2], 5, 6, 7, 8)).Gives(OperatorForm.Float([1, 2, 2], 16, 28, 20, 32));
        yield return Op("BiasSplitGelu", "by hand").Input(OperatorForm.Float([1, 1, 4], 2, 3, 0, 1)).Constant(OperatorForm.Float([4], 0, 1, 1, -1)).Gives(OperatorForm.Float([1, 1, 2], 1.6826894f, 0));
    }

    private static IEnumerable<OperatorForm> Normalizations()
    {
        Tensor x = Normal(1, 2, 5, 16), skip = Normal(2, 2, 5, 16), gamma = Normal(3, 16), beta = Normal(4, 16), bias = Normal(5, 16);
        DataType[] four = [DataType.Float32, DataType.Float32, DataType.Float32, DataType.Float32];
        yield return Op("SkipLayerNormalization").Input(x, skip).Constant(gamma, beta);
        yield return Op("SkipLayerNormalization", "bias and sum").With("epsilon", 0.01f).Input(x, skip).Constant(gamma, beta, bias).Outputs(four).Without(1, 2);
        yield return Op("SkipLayerNormalization", "no beta").Input(x, skip).Constant(gamma);
        yield return Op("SkipLayerNormalization", "no beta, bias").Input(x, skip).Constant(gamma).Input([null]).Constant(bias);
        yield return Op("SkipLayerNormalization", "skip without batch").Input(x, Normal(2, 5, 16)).Constant(gamma, beta);
        yield return Op("SkipLayerNormalization", "skip of batch 1").Input(x, Normal(2, 1, 5, 16)).Constant(gamma, beta);
        yield return Op("SkipLayerNormalization", "half precision").Input(Half(x), Half(skip)).Constant(Half(gamma), Half(beta), Half(bias)).Outputs(DataType.Float16).Within(2e-2);
        yield return Op("SkipSimplifiedLayerNormalization", "half precision").Input(Half(x), Half(skip)).Constant(Half(gamma)).Outputs(DataType.Float16).Within(2e-2);
        yield return Op("SkipLayerNormalization", "by hand").With("epsilon", 0f).Input(OperatorForm.Float([1, 1, 2], 1, 2), OperatorForm.Float([1, 1, 2], 1, 4)).Constant(OperatorForm.Float([2], 1, 2), OperatorForm.Float([2], 0.5f, 0))
            .Gives(OperatorForm.Float([1, 1, 2], -0.5f, 2));
        yield return Op("SkipSimplifiedLayerNormalization").Input(x, skip).Constant(gamma);
        yield return Op("SkipSimplifiedLayerNormalization", "bias and sum").With("epsilon", 0.01f).Input(x, skip).Constant(gamma, bias).Outputs(four).Without(1, 2);
        yield return Op("SkipSimplifiedLayerNormalization", "rank 2").Input(Normal(1, 5, 16), Normal(2, 5, 16)).Constant(gamma).Outputs(four).Without(1, 2);
        yield return Op("SkipSimplifiedLayerNormalization", "by hand").With("epsilon", 0f).Input(OperatorForm.Float([1, 1, 2], 1, 3), OperatorForm.Float([1, 1, 2], 2, 1)).Constant(OperatorForm.Float([2], 1, 2))
            .Gives(OperatorForm.Float([1, 1, 2], 0.8485281f, 2.2627417f));
        Tensor words = Normal(1, 20, 8), places = Normal(2, 10, 8), segments = Normal(3, 2, 8), g = Normal(4, 8), b = Normal(5, 8);
        Tensor ids = Integers([2, 4], 3, 19, 0, 7, 1, 2, 3, 4), segmentIds = Integers([2, 4], 0, 0, 1, 1, 0, 1, 0, 1), mask = Integers([2, 4], 1, 1, 1, 0, 1, 1, 0, 0);
        yield return Op("EmbedLayerNormalization").Input(ids, segmentIds).Constant(words, places, segments, g, b).Input(mask).Outputs(DataType.Float32, DataType.Int32);
        yield return Op("EmbedLayerNormalization", "sum").With("epsilon", 0.001f).Input(ids, segmentIds).Constant(words, places, segments, g, b).Input(mask).Outputs(DataType.Float32, DataType.Int32, DataType.Float32);
        yield return Op("EmbedLayerNormalization", "no mask").Input(ids, segmentIds).Constant(words, places, segments, g, b).Outputs(DataType.Float32, DataType.Int32);
        yield return Op("EmbedLayerNormalization", "no segments").Input(ids, null).Constant(words, places).Input([null]).Constant(g, b).Outputs(DataType.Float32, DataType.Int32);
        yield return Op("EmbedLayerNormalization", "positions").Input(ids, segmentIds).Constant(words, places, segments, g, b).Input(null, Integers([2, 4], 4, 5, 6, 7, 9, 8, 7, 6)).Outputs(DataType.Float32, DataType.Int32);
        yield return Op("EmbedLayerNormalization", "positions of one row").Input(ids, segmentIds).Constant(words, places, segments, g, b).Input(mask, Integers([1, 4], 4, 5, 6, 7)).Outputs(DataType.Float32, DataType.Int32);
        yield return new OperatorForm("SimplifiedLayerNormalization", 15).Input(x).Constant(gamma);
        yield return new OperatorForm("SimplifiedLayerNormalization", 15).Variant("deviation").With("epsilon", 0.1f).With("axis", -2).Input(x).Constant(Normal(6, 5, 16)).Outputs(DataType.Float32, DataType.Float32);
        yield return new OperatorForm("LayerNormalization", 15).Variant("before ONNX had it").With("epsilon", 0.01f).Input(x).Constant(gamma, beta);
        yield return Op("GroupNorm", "by hand").With("groups", 1).With("activation", 0).With("epsilon", 0f).Input(OperatorForm.Float([1, 1, 2, 2], 1, 3, 1, 3)).Constant(OperatorForm.Float([2], 1, 2), OperatorForm.Float([2], 0, 1))
            .Gives(OperatorForm.Float([1, 1, 2, 2], -1, 3, -1, 3));
        yield return Op("GroupNorm", "SiLU, channels second, by hand").With("groups", 1).With("activation", 1).With("channels_last", 0).With("epsilon", 0f).Input(OperatorForm.Float([1, 2, 1, 2], 1, 1, 3, 3))
            .Constant(OperatorForm.Float([2], 1, 2), OperatorForm.Float([2], 0, 0)).Gives(OperatorForm.Float([1, 2, 1, 2], -0.26894143f, -0.26894143f, 1.7615942f, 1.7615942f));
    }

    private static IEnumerable<OperatorForm> Tables()
    {
        Tensor indices = Longs([2, 3], 0, 4, 2, 5, 1, 0);
        foreach ((int bits, int columns) in new[] { (4, 64), (4, 96), (8, 64), (2, 64) })
        {
            Tensor table = Bytes(1, 6, columns * bits / 8), scales = Uniform(2, 0.01f, 0.1f, 6, columns / 32), zeros = Bytes(3, 6, ((columns / 32 * bits) + 7) / 8);
            yield return Op("GatherBlockQuantized", $"{bits} bits of {columns}").With("bits", bits).With("block_size", 32).Constant(table).Input(indices).Constant(scales);
            yield return Op("GatherBlockQuantized", $"{bits} bits of {columns}, zero points").With("bits", bits).With("block_size", 32).With("quantize_axis", -1).Constant(table).Input(indices).Constant(scales, zeros);
        }

        Tensor packed = new(DataType.UInt4, [6, 32], Bytes(1, 6, 16).Data), signed = new(DataType.Int4, [6, 32], Bytes(1, 6, 16).Data);
        yield return Op("GatherBlockQuantized", "uint4").With("block_size", 16).Constant(packed).Input(Integers([2], 3, 5)).Constant(Uniform(2, 0.01f, 0.1f, 6, 2), new Tensor(DataType.UInt4, [6, 2], Bytes(3, 6).Data));
        yield return Op("GatherBlockQuantized", "int4").With("block_size", 16).Constant(signed).Input(Integers([], 3)).Constant(Uniform(2, 0.01f, 0.1f, 6, 2));
        yield return Op("GemmaRotaryEmbedding", "by hand").Input(OperatorForm.Float([1, 1, 2], 0, MathF.PI / 2), OperatorForm.Float([1, 1, 1, 2], 1, 2), OperatorForm.Float([1, 1, 1, 2], -2, 1), OperatorForm.Float([1, 1, 1, 2], 3, 4), OperatorForm.Float([1, 1, 1, 2], -4, 3))
            .Outputs(DataType.Float32, DataType.Float32).Gives(OperatorForm.Float([1, 1, 1, 2], 1, 1), OperatorForm.Float([1, 1, 1, 2], 3, 3));
        yield return Op("SkipGroupNorm", "by hand").With("groups", 1).With("activation", 0).With("epsilon", 0f).Input(OperatorForm.Float([1, 1, 2, 2], 0, 1, 0, 1)).Constant(OperatorForm.Float([2], 1, 2), OperatorForm.Float([2], 0, 1)).Input(OperatorForm.Float([1, 2], 1, 1)).Constant(OperatorForm.Float([2], 0, 1))
            .Outputs(DataType.Float32, DataType.Float32).Gives(OperatorForm.Float([1, 1, 2, 2], -1, 3, -1, 3), OperatorForm.Float([1, 1, 2, 2], 1, 3, 1, 3));
    }

    private static IEnumerable<OperatorForm> Products()
    {
        yield return Op("FusedMatMul").Input(Normal(1, 3, 4), Normal(2, 4, 5));
        yield return Op("FusedMatMul", "alpha").With("alpha", 0.125f).Input(Normal(1, 2, 3, 4), Normal(2, 2, 4, 5));
        yield return Op("FusedMatMul", "transA").With("transA", 1).Input(Normal(1, 2, 4, 3), Normal(2, 4, 5));
        yield return Op("FusedMatMul", "transB").With("transB", 1).With("alpha", -2f).Input(Normal(1, 2, 3, 4), Normal(2, 2, 5, 4));
        yield return Op("FusedMatMul", "both").With("transA", 1).With("transB", 1).Input(Normal(1, 4, 3), Normal(2, 5, 4));
        yield return Op("FusedMatMul", "batch").With("transBatchA", 1).With("transBatchB", 1).Input(Normal(1, 3, 2, 4), Normal(2, 4, 2, 5));
        yield return Op("FusedMatMul", "batch and swap").With("transBatchA", 1).With("transBatchB", 1).With("transA", 1).With("transB", 1).Input(Normal(1, 4, 2, 7, 3), Normal(2, 5, 2, 7, 4));
        yield return Op("FusedMatMul", "by hand").With("transB", 1).With("alpha", 2f).Input(OperatorForm.Float([1, 2], 1, 2), OperatorForm.Float([2, 2], 1, 0, 3, 4)).Gives(OperatorForm.Float([1, 2], 2, 22));
        yield return Op("TransposeMatMul").With("transA", 1).With("alpha", 0.5f).Input(Normal(1, 2, 4, 3), Normal(2, 2, 4, 5));
        yield return Op("FusedMatMulActivation", "by hand").With("activation", "Relu").With("alpha", 2f).Input(OperatorForm.Float([1, 2], 1, 2), OperatorForm.Float([2, 2], 1, 0, 3, -4)).Gives(OperatorForm.Float([1, 2], 14, 0));
        yield return Op("GemmFastGelu", "by hand").Input(OperatorForm.Float([1, 2], 1, 2), OperatorForm.Float([2, 1], 1, -1)).Constant(OperatorForm.Float([1], 2)).Gives(OperatorForm.Float([1, 1], 0.841192f));
        foreach (string activation in new[] { "Relu", "LeakyRelu", "Tanh", "Sigmoid", "HardSigmoid", "Elu", "Softplus", "Softsign", "ThresholdedRelu" })
        {
            yield return Op("FusedGemm", activation).With("activation", activation).With("activation_alpha", 0.3f).With("activation_beta", 0.4f).With("transB", 1).With("alpha", 0.5f).With("beta", 2f).Input(Normal(1, 3, 4)).Constant(Normal(2, 5, 4), Normal(3, 5));
        }

        yield return Op("FusedGemm", "no C").With("activation", "Relu").With("transA", 1).Input(Normal(1, 4, 3), Normal(2, 4, 5));
        yield return Op("Inverse").Input(Normal(1, 2, 6, 6)).Within(1e-3);
        yield return Op("Inverse", "by hand").Input(OperatorForm.Float([2, 2, 2], 0, 2, 4, 0, 2, 1, 1, 1)).Gives(OperatorForm.Float([2, 2, 2], 0, 0.25f, 0.5f, 0, 1, -1, -1, 2));
        foreach (string metric in new[] { "euclidean", "sqeuclidean" })
        {
            yield return Op("CDist", metric).With("metric", metric).Input(Normal(1, 6, 3), Normal(2, 4, 3));
        }

        // The number of bits and whether rows of zero points fill their bytes; K need not be a multiple of the block.
        foreach ((int bits, int k, int block) in new[] { (4, 64, 32), (4, 96, 32), (4, 80, 16), (4, 50, 32), (8, 64, 32), (8, 40, 16), (2, 64, 32), (2, 48, 16) })
        {
            int blocks = (k + block - 1) / block, n = 7;
            Tensor weights = Bytes(2, n, blocks, block * bits / 8), scales = Uniform(3, 0.01f, 0.1f, n, blocks);
            OperatorForm form = Form("").Constant(weights, scales);
            yield return form;
            yield return Form(" zero points").Constant(weights, scales, Bytes(4, n, ((blocks * bits) + 7) / 8));
            yield return Form(" bias").Constant(weights, scales).Input(null, null).Constant(Normal(5, n));
            if (bits == 4)
            {
                yield return Form(" float zero points").Constant(weights, scales, Uniform(4, 5, 10, n, blocks));
                yield return Form(" flat scales").Constant(weights, scales.WithDims([n * blocks]), Bytes(4, n * (((blocks * bits) + 7) / 8)));
            }

            OperatorForm Form(string variant) => Op("MatMulNBits", $"{bits} bits, K {k}, blocks of {block}{variant}").With("K", k).With("N", n).With("bits", bits).With("block_size", block).With("accuracy_level", 0).Input(Normal(1, 2, 3, k));
        }

        yield return Op("MatMulNBits", "half precision").With("K", 64).With("N", 5).With("bits", 4).With("block_size", 32).With("accuracy_level", 0).Input(Half(Normal(1, 3, 64))).Constant(Bytes(2, 5, 2, 16), Half(Uniform(3, 0.01f, 0.1f, 5, 2)), Bytes(4, 5, 1))
            .Outputs(DataType.Float16).Within(2e-2);
        yield return Op("MatMulNBits", "groups in order").With("K", 64).With("N", 5).With("bits", 4).With("block_size", 32).With("accuracy_level", 0).Input(Normal(1, 3, 64)).Constant(Bytes(2, 5, 2, 16), Uniform(3, 0.01f, 0.1f, 5, 2)).Input([null])
            .Constant(Integers([64], [.. Enumerable.Range(0, 64).Select(i => i / 32)]));
        yield return Op("MatMulNBits", "by hand").With("K", 16).With("N", 1).With("bits", 4).With("block_size", 16)
            .Input(OperatorForm.Float([1, 16], 1, 2, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)).Constant(Tensor.Of<byte>([1, 1, 8], [0x9A, 0x07, 0, 0, 0, 0, 0, 0]), OperatorForm.Float([1], 0.5f))
            .Gives(OperatorForm.Float([1, 1], 0));
    }

    private static IEnumerable<OperatorForm> Convolutions()
    {
        Tensor x = Normal(1, 1, 3, 7, 6), w = Normal(2, 4, 3, 3, 3), b = Normal(3, 4);
        yield return Op("FusedConv").With("activation", "Relu").With("kernel_shape", new[] { 3, 3 }).With("pads", new[] { 1, 1, 1, 1 }).Input(x).Constant(w, b);
        yield return Op("FusedConv", "no bias").With("activation", "Tanh").With("strides", new[] { 2, 1 }).Input(x).Constant(w);
        yield return Op("FusedConv", "sigmoid").With("activation", "Sigmoid").With("auto_pad", "SAME_UPPER").Input(x).Constant(w, b);
        yield return Op("FusedConv", "leaky").With("activation", "LeakyRelu").With("activation_params", new[] { 0.2f }).Input(x).Constant(w, b);
        yield return Op("FusedConv", "clip").With("activation", "Clip").With("activation_params", new[] { -0.5f, 1.5f }).Input(x).Constant(w, b);
        yield return Op("FusedConv", "hard sigmoid").With("activation", "HardSigmoid").With("activation_params", new[] { 0.1f, 0.6f }).With("group", 3).Input(x).Constant(Normal(2, 3, 1, 3, 3));
        yield return Op("FusedConv", "sum").With("activation", "Relu").With("dilations", new[] { 2, 1 }).Input(x).Constant(w, b).Input(Normal(4, 1, 4, 3, 4));
        yield return Op("FusedConv", "sum without activation").Input(x).Constant(w, b).Input(Normal(4, 1, 4, 5, 4));
        yield return Op("NhwcFusedConv", "by hand").With("activation", "Relu").Input(OperatorForm.Float([1, 1, 2, 2], 1, 2, 3, -4)).Constant(OperatorForm.Float([1, 2, 1, 1], 1, 10)).Gives(OperatorForm.Float([1, 1, 2, 1], 21, 0));
        Tensor image = Bytes(1, 2, 7, 6, 3);
        yield return Op("NhwcMaxPool").With("kernel_shape", new[] { 2, 3 }).With("strides", new[] { 2, 2 }).With("pads", new[] { 1, 1, 0, 1 }).Input(image).Outputs(DataType.UInt8);
        yield return Op("NhwcMaxPool", "signed").With("kernel_shape", new[] { 3, 3 }).With("auto_pad", "SAME_LOWER").With("dilations", new[] { 1, 1 }).Input(SignedBytes(1, 2, 7, 6, 3)).Outputs(DataType.Int8);
        yield return Op("NhwcMaxPool", "one dimension").With("kernel_shape", new[] { 3 }).With("ceil_mode", 1).With("strides", new[] { 2 }).Input(Bytes(1, 2, 8, 3)).Outputs(DataType.UInt8);
    }

    private static IEnumerable<OperatorForm> Movements()
    {
        Tensor data = Normal(1, 3, 4, 5);
        yield return Op("GatherND").Input(data, Integers([2, 2], 0, 1, 2, 3));
        yield return Op("GatherND", "int64").Input(data, Longs([2, 1], 2, 0));
        foreach ((string mode, string padding, int align) in new[] { ("bilinear", "zeros", 0), ("nearest", "border", 1), ("bicubic", "reflection", 0) })
        {
            yield return Op("GridSample", mode).With("mode", mode).With("padding_mode", padding).With("align_corners", align).Input(Normal(1, 1, 2, 5, 6), Uniform(2, -1.2f, 1.2f, 1, 3, 4, 2));
        }

        yield return Op("ExpandDims").Input(data).Constant(Integers([], -2));
        yield return Op("Pad").Input(data).Constant(Longs([6], 0, 1, 2, 1, 0, 0), OperatorForm.Float([], 7));
        yield return Op("Pad", "row").With("mode", "reflect").Input(data).Constant(Longs([1, 6], 0, 1, 2, 1, 0, 0));
        yield return Op("Range").Input(OperatorForm.Float([], 1), OperatorForm.Float([], 5.5f), OperatorForm.Float([], 1.5f));
        yield return Op("Range", "no delta").Input(Integers([1], 3), Integers([1], 7)).Outputs(DataType.Int32);
        yield return Op("Trilu").Input(data);
        yield return Op("Trilu", "lower").With("upper", 0).Input(data).Constant(Longs([], 1));
        yield return Op("Unique").Input(OperatorForm.Float([6], 2, 1, 1, 3, 4, 3)).Outputs(DataType.Float32, DataType.Int64, DataType.Int64)
            .Gives(OperatorForm.Float([4], 2, 1, 3, 4), Longs([6], 0, 1, 1, 2, 3, 2), Longs([4], 1, 2, 2, 1));
    }
}
