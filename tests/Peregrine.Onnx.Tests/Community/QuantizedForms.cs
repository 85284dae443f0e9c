using Peregrine.Onnx.Tests.Legacy;
using Peregrine.Tensors;
using static Peregrine.Onnx.Tests.Community.CommunityForm;

namespace Peregrine.Onnx.Tests.Community;

/// <summary>Operators on 8-bit tensors; what they quantise may be one step apart, because both sides round a float.</summary>
internal static class QuantizedForms
{
    private static readonly Tensor HandA = Tensor.Of<byte>([3], [128, 138, 0]);

    public static IEnumerable<OperatorForm> All => [.. Pointwise(), .. Pools(), .. Products(), .. Conversions()];

    private static Tensor Scale(float value) => OperatorForm.Float([], value);

    private static Tensor One(float value) => OperatorForm.Float([1], value);

    private static Tensor Zero(byte value) => Tensor.Of<byte>([], [value]);

    private static Tensor SignedZero(sbyte value) => Tensor.Of<sbyte>([], [value]);

    private static IEnumerable<OperatorForm> Pointwise()
    {
        foreach (string name in new[] { "QLinearAdd", "QLinearMul" })
        {
            yield return Op(name).Input(Bytes(1, 3, 40)).Constant(Scale(0.02f), Zero(120)).Input(Bytes(2, 3, 40)).Constant(Scale(0.03f), Zero(130), Scale(0.05f), Zero(110)).Outputs(DataType.UInt8).Steps(1);
            yield return Op(name, "signed, broadcast").Input(SignedBytes(1, 2, 3, 4)).Constant(Scale(0.02f), SignedZero(10)).Input(SignedBytes(2, 3, 1)).Constant(Scale(0.03f), SignedZero(-3), Scale(0.05f), SignedZero(5)).Outputs(DataType.Int8).Steps(1);
        }

        yield return Op("QLinearAdd", "by hand").Input(HandA).Constant(Scale(0.5f), Zero(128)).Input(Tensor.Of<byte>([3], [10, 20, 200])).Constant(Scale(1), Zero(10), Scale(0.5f), Zero(100)).Outputs(DataType.UInt8)
            .Gives(Tensor.Of<byte>([3], [100, 130, 255]));

        // ONNX Runtime refuses, or ends at, an absent zero point and a scale that is a vector, which the operators' text allows.
        yield return Op("QLinearAdd", "no zero points, by hand").Input(Tensor.Of<sbyte>([2], [4, -100])).Constant(One(0.5f)).Input([null]).Input(Tensor.Of<sbyte>([2], [3, -128])).Constant(One(1)).Input([null]).Constant(One(0.5f)).Outputs(DataType.Int8)
            .Gives(Tensor.Of<sbyte>([2], [10, -128]));
        yield return Op("QLinearLeakyRelu", "no zero points, by hand").With("alpha", 0.5f).Input(Tensor.Of<sbyte>([2], [4, -100])).Constant(Scale(0.5f)).Input([null]).Constant(Scale(0.25f)).Outputs(DataType.Int8).OnnxRuntimeDiffers("it ends without a zero point")
            .Gives(Tensor.Of<sbyte>([2], [8, -100]));
        yield return Op("QLinearAveragePool", "no zero points, by hand").With("kernel_shape", new[] { 2, 2 }).With("channels_last", 1).Input(Tensor.Of<byte>([1, 2, 2, 1], [1, 3, 5, 7])).Constant(Scale(0.5f)).Input([null]).Constant(Scale(0.25f)).Outputs(DataType.UInt8)
            .Gives(Tensor.Of<byte>([1, 1, 1, 1], [8]));
        yield return Op("QLinearMul", "by hand").Input(HandA).Constant(Scale(0.5f), Zero(128)).Input(Tensor.Of<byte>([3], [10, 20, 200])).Constant(Scale(1), Zero(10), Scale(0.5f), Zero(100)).Outputs(DataType.UInt8)
            .Gives(Tensor.Of<byte>([3], [100, 200, 0]));
        foreach (string name in new[] { "QLinearSigmoid", "QLinearLeakyRelu" })
        {
            float scale = name == "QLinearSigmoid" ? 1 / 256f : 0.04f;
            yield return Op(name).Input(Bytes(1, 300)).Constant(Scale(0.05f), Zero(120), Scale(scale), Zero(3)).Outputs(DataType.UInt8).Steps(1);
            yield return Op(name, "signed").Input(SignedBytes(1, 300)).Constant(Scale(0.05f), SignedZero(7), Scale(scale), SignedZero(-100)).Outputs(DataType.Int8).Steps(1);
        }

        yield return Op("QLinearLeakyRelu", "alpha").With("alpha", 0.3f).Input(Bytes(1, 300)).Constant(Scale(0.05f), Zero(120), Scale(0.05f), Zero(80)).Outputs(DataType.UInt8).Steps(1);
        yield return Op("QLinearReduceMean", "by hand").With("axes", new[] { 1 }).With("keepdims", 0).Input(Tensor.Of<byte>([2, 2], [10, 20, 30, 50])).Constant(Scale(2), Zero(10), Scale(1), Zero(5)).Outputs(DataType.UInt8).Gives(Tensor.Of<byte>([2], [15, 65]));
        foreach (int opset in new[] { 11, 13 })
        {
            yield return Op("QLinearSoftmax", $"opset {opset}").With("opset", opset).With("axis", 1).Input(Bytes(1, 2, 5, 6)).Constant(Scale(0.05f), Zero(120), Scale(1 / 256f), Zero(0)).Outputs(DataType.UInt8).Steps(1);
            yield return Op("QLinearSoftmax", $"opset {opset}, last axis, signed").With("opset", opset).With("axis", -1).Input(SignedBytes(1, 2, 5, 6)).Constant(Scale(0.05f), SignedZero(12), Scale(1 / 256f), SignedZero(-128)).Outputs(DataType.Int8).Steps(1);
        }

        yield return Op("QLinearWhere").Input(Tensor.Of<bool>([2, 3], [true, false, true, false, false, true])).Input(Bytes(1, 2, 3)).Constant(Scale(0.02f), Zero(120)).Input(Bytes(2, 1, 3))
            .Constant(Scale(0.03f), Zero(100), Scale(0.04f), Zero(110)).Outputs(DataType.UInt8).Steps(1);
        yield return Op("QLinearConcat").With("axis", 1).Constant(Scale(0.05f), Zero(110)).Input(Bytes(1, 2, 3)).Constant(Scale(0.02f), Zero(120)).Input(Bytes(2, 2, 4)).Constant(Scale(0.05f), Zero(110)).Outputs(DataType.UInt8).Steps(1);
        yield return Op("QLinearConcat", "signed, three").With("axis", -2).Constant(Scale(0.05f), SignedZero(1)).Input(SignedBytes(1, 2, 3)).Constant(Scale(0.02f), SignedZero(0)).Input(SignedBytes(2, 1, 3)).Constant(Scale(0.05f), SignedZero(-1)).Input(SignedBytes(3, 3, 3)).Constant(Scale(0.06f), SignedZero(5)).Outputs(DataType.Int8).Steps(1);
    }

    private static IEnumerable<OperatorForm> Pools()
    {
        foreach ((string name, long[] dims, int last) in new[] { ("channels second", new long[] { 2, 3, 7, 6 }, 0), ("channels last", new long[] { 2, 7, 6, 3 }, 1) })
        {
            yield return Op("QLinearAveragePool", name).With("channels_last", last).With("kernel_shape", new[] { 3, 2 }).With("strides", new[] { 2, 1 }).With("pads", new[] { 1, 0, 1, 1 })
                .Input(Bytes(1, dims)).Constant(Scale(0.05f), Zero(120), Scale(0.04f), Zero(110)).Outputs(DataType.UInt8).Steps(1);
            yield return Op("QLinearAveragePool", $"{name}, pads count, signed").With("channels_last", last).With("kernel_shape", new[] { 3, 2 }).With("pads", new[] { 1, 0, 1, 1 }).With("count_include_pad", 1)
                .Input(SignedBytes(1, dims)).Constant(Scale(0.05f), SignedZero(10), Scale(0.04f), SignedZero(-10)).Outputs(DataType.Int8).Steps(1);
            yield return Op("QLinearAveragePool", $"{name}, ceiling").With("channels_last", last).With("kernel_shape", new[] { 2, 2 }).With("ceil_mode", 1).With("strides", new[] { 2, 2 })
                .Input(Bytes(1, dims)).Constant(Scale(0.05f), Zero(3), Scale(0.05f), Zero(0)).Outputs(DataType.UInt8).Steps(1);
            yield return Op("QLinearGlobalAveragePool", name).With("channels_last", last).Input(Bytes(1, dims)).Constant(Scale(0.05f), Zero(120), Scale(0.02f), Zero(110)).Outputs(DataType.UInt8).Steps(1);
            yield return Op("QLinearGlobalAveragePool", $"{name}, signed").With("channels_last", last).Input(SignedBytes(1, dims)).Constant(Scale(0.05f), SignedZero(12), Scale(0.02f), SignedZero(-11)).Outputs(DataType.Int8).Steps(1);
            yield return Op("QLinearConv", name).With("channels_last", last).With("pads", new[] { 1, 1, 1, 1 }).With("strides", new[] { 2, 1 }).Input(Bytes(1, dims)).Constant(Scale(0.05f), Zero(120))
                .Constant(SignedBytes(2, 4, 3, 3, 3), OperatorForm.Float([4], 0.01f, 0.02f, 0.03f, 0.04f), Tensor.Of<sbyte>([4], [0, 0, 0, 0]), Scale(0.4f), Zero(110), Integers([4], 100, -200, 300, 0)).Outputs(DataType.UInt8).Steps(1);
        }
    }

    private static IEnumerable<OperatorForm> Products()
    {
        Tensor a = Normal(1, 2, 3, 8), b = Bytes(2, 8, 5), bias = Normal(3, 5), scales = OperatorForm.Float([5], 0.01f, 0.02f, 0.03f, 0.04f, 0.05f);
        yield return Op("DynamicQuantizeMatMul").Input(a).Constant(b, Scale(0.02f), Zero(120));
        yield return Op("DynamicQuantizeMatMul", "signed, no zero point").Input(a).Constant(SignedBytes(2, 8, 5), Scale(0.02f));
        yield return Op("DynamicQuantizeMatMul", "per column, bias").Input(a).Constant(b, scales, Bytes(4, 5), bias);
        yield return Op("DynamicQuantizeMatMul", "bias without zero point").Input(a).Constant(SignedBytes(2, 8, 5), scales).Input([null]).Constant(bias);
        Tensor qa = Bytes(1, 2, 3, 8);
        yield return Op("MatMulIntegerToFloat").Input(qa).Constant(b, Scale(0.02f), Scale(0.03f), Zero(120), Zero(130), bias);
        yield return Op("MatMulIntegerToFloat", "per column").Input(qa).Constant(b, Scale(0.02f), scales, Zero(120), Bytes(4, 5));
        yield return Op("MatMulIntegerToFloat", "no zero points").Input(qa).Constant(SignedBytes(2, 8, 5), Scale(0.02f), Scale(0.03f));
        yield return Op("MatMulIntegerToFloat", "by hand").Input(Tensor.Of<byte>([1, 2], [3, 5])).Constant(Tensor.Of<byte>([2, 1], [4, 2]), Scale(0.5f), Scale(2), Zero(1), Zero(3), OperatorForm.Float([1], 10)).Gives(OperatorForm.Float([1, 1], 8));
        Tensor m = Bytes(1, 3, 8), c = Integers([5], 100, -200, 300, -400, 0);
        yield return Op("QGemm").Input(m).Constant(Scale(0.02f), Zero(120)).Constant(b, Scale(0.03f), Zero(130), c, Scale(0.4f), Zero(128)).Outputs(DataType.UInt8).Steps(1);
        yield return Op("QGemm", "float").With("alpha", 0.5f).Input(m).Constant(Scale(0.02f), Zero(120)).Constant(b, Scale(0.03f), Zero(130), c);
        yield return Op("QGemm", "transposed").With("transA", 1).With("transB", 1).Input(Bytes(1, 8, 3)).Constant(Scale(0.02f), Zero(120)).Constant(SignedBytes(2, 5, 8), scales, Tensor.Of<sbyte>([5], [1, 2, 3, 4, 5])).Input([null]).Constant(Scale(0.4f), Zero(128)).Outputs(DataType.UInt8).Steps(1);
        yield return Op("MatMulInteger16").Input(Tensor.Of<short>([2, 2], [300, -400, 5, 6]), Tensor.Of<short>([2, 2], [100, 200, -300, 7])).Outputs(DataType.Int32).Gives(Tensor.Of<int>([2, 2], [150000, 57200, -1300, 1042]));
        yield return Op("MulInteger", "by hand").Input(Tensor.Of<byte>([2], [3, 200])).Constant(Zero(5)).Input(Tensor.Of<byte>([2], [10, 250])).Constant(Zero(128)).Outputs(DataType.Int32).Gives(Tensor.Of<int>([2], [236, 23790]));
    }

    private static IEnumerable<OperatorForm> Conversions()
    {
        Tensor x = Normal(1, 2, 3, 8);
        yield return Op("QuantizeLinear").Input(x).Constant(Scale(0.02f), Zero(120)).Outputs(DataType.UInt8).Steps(1);
        yield return Op("QuantizeLinear", "one element").Input(x).Constant(One(0.02f), Tensor.Of<sbyte>([1], [-3])).Outputs(DataType.Int8).Steps(1);
        yield return Op("QuantizeLinear", "16 bits, per axis").With("axis", 1).Input(x).Constant(OperatorForm.Float([3], 0.001f, 0.002f, 0.003f), Tensor.Of<ushort>([3], [32768, 1000, 0])).Outputs(DataType.UInt16).Steps(1);
        yield return Op("QuantizeLinear", "no zero point").With("axis", 0).Input(x).Constant(OperatorForm.Float([2], 0.02f, 0.01f)).Outputs(DataType.UInt8).Steps(1);
        yield return Op("DequantizeLinear").Input(Bytes(1, 2, 3, 8)).Constant(Scale(0.02f), Zero(120));
        yield return Op("DequantizeLinear", "per axis").With("axis", -1).Input(SignedBytes(1, 2, 8, 3)).Constant(OperatorForm.Float([3], 0.001f, 0.002f, 0.003f), Tensor.Of<sbyte>([3], [1, 2, 3]));
        yield return Op("DequantizeLinear", "int32").Input(Integers([3], 100000, -5, 0)).Constant(Scale(0.5f));
        yield return Op("DequantizeLinear", "int16").Input(Tensor.Of<short>([3], [10000, -5, 0])).Constant(Scale(0.5f), Tensor.Of<short>([], [7]));
    }
}
