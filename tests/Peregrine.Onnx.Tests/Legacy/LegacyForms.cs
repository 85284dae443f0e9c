using Peregrine.Tensors;
using static Peregrine.Onnx.Tests.Legacy.OperatorForm;

namespace Peregrine.Onnx.Tests.Legacy;

/// <summary>Old forms of elementwise operators, of those that move data, and of reductions.</summary>
internal static class LegacyForms
{
    private static readonly int[] ConsumedFirst = [1];

    public static IEnumerable<OperatorForm> All => [.. Arithmetic(), .. Logic(), .. Activations(), .. Movement(), .. Reductions(), .. Searches()];

    private static OperatorForm Op(string name, long opset) => new(name, opset);

    private static Tensor Longs(params long[] values) => Tensor.Vector(values);

    private static Tensor Bools(int[] dims, params byte[] values) => new(DataType.Bool, [.. dims.Select(d => (long)d)], values);

    private static IEnumerable<OperatorForm> Arithmetic()
    {
        Tensor pair = Float([2, 1], 10, 20), matrix = Float([2, 3], 1, 2, 3, 4, 5, 6);
        yield return Op("Add", 1).With("consumed_inputs", new[] { 0, 0 }).Input(matrix, matrix).Gives(Float([2, 3], 2, 4, 6, 8, 10, 12));
        yield return Op("Add", 6).Variant("no axis").With("broadcast", 1).Input(matrix, Float([3], 10, 20, 30)).Gives(Float([2, 3], 11, 22, 33, 14, 25, 36));
        yield return Op("Add", 6).Variant("axis 0").With("broadcast", 1).With("axis", 0).Input(matrix, Float([2], 10, 20)).Gives(Float([2, 3], 11, 12, 13, 24, 25, 26));
        yield return Op("Add", 6).Variant("axis 0, equal rank").With("broadcast", 1).With("axis", 0).Input(matrix, pair).Gives(Float([2, 3], 11, 12, 13, 24, 25, 26));
        yield return Op("Add", 6).Variant("scalar").With("broadcast", 1).Input(matrix).Constant(Float([], 1)).Gives(Float([2, 3], 2, 3, 4, 5, 6, 7));
        yield return Op("Add", 6).Variant("negative axis").With("broadcast", 1).With("axis", -2).Input(Float([2, 2, 1], 1, 2, 3, 4), Float([2], 10, 20)).Gives(Float([2, 2, 1], 11, 22, 13, 24));
        yield return Op("Sub", 6).Variant("middle axis").With("broadcast", 1).With("axis", 1).Input(Float([2, 2, 2], 1, 2, 3, 4, 5, 6, 7, 8), Float([2], 1, 2)).Gives(Float([2, 2, 2], 0, 1, 1, 2, 4, 5, 5, 6));
        yield return Op("Mul", 1).With("broadcast", 1).With("axis", 0).Input(matrix, Float([2], 2, 3)).Gives(Float([2, 3], 2, 4, 6, 12, 15, 18));
        yield return Op("Div", 6).With("broadcast", 1).Input(matrix, Float([1], 2)).Gives(Float([2, 3], 0.5f, 1, 1.5f, 2, 2.5f, 3));
        yield return Op("Pow", 1).With("broadcast", 1).With("axis", 0).Input(matrix, Float([2], 2, 0)).Gives(Float([2, 3], 1, 4, 9, 1, 1, 1));
        yield return Op("Pow", 7).Input(Positive(2, 3), Float([], 2));
        yield return Op("Sum", 1).With("consumed_inputs", new[] { 0, 0, 0 }).Input(matrix, matrix, matrix).Gives(Float([2, 3], 3, 6, 9, 12, 15, 18));
        yield return Op("Sum", 6).Input(Data(2, 3), Data(2, 3));
        yield return Op("Max", 1).With("consumed_inputs", new[] { 0, 0 }).Input(Float([3], 1, 5, 2), Float([3], 4, 3, 2)).Gives(Float([3], 4, 5, 2));
        yield return Op("Min", 6).Input(Float([3], 1, 5, 2), Float([3], 4, 3, 2)).Gives(Float([3], 1, 3, 2));
        yield return Op("Mean", 1).Input(Float([2], 1, 2), Float([2], 3, 8)).Gives(Float([2], 2, 5));
        yield return Op("Max", 8).Input(Data(2, 3), Data(3));
        foreach (string name in new[] { "Abs", "Neg", "Exp", "Floor", "Ceil", "Sigmoid", "Tanh", "Relu" })
        {
            Func<double, double> f = name switch { "Abs" => Math.Abs, "Neg" => v => -v, "Exp" => Math.Exp, "Floor" => Math.Floor, "Ceil" => Math.Ceiling, "Sigmoid" => v => 1 / (1 + Math.Exp(-v)), "Tanh" => Math.Tanh, _ => v => Math.Max(v, 0) };
            yield return Op(name, 1).With("consumed_inputs", ConsumedFirst).Input(Data(7)).Gives(Float([7], [.. Data(7).Span<float>().ToArray().Select(v => (float)f(v))]));
        }

        yield return Op("Sqrt", 1).With("consumed_inputs", ConsumedFirst).Input(Float([2], 4, 9)).Gives(Float([2], 2, 3));
        yield return Op("Log", 1).With("consumed_inputs", ConsumedFirst).Input(Float([1], 1)).Gives(Float([1], 0));
        yield return Op("Reciprocal", 1).With("consumed_inputs", ConsumedFirst).Input(Float([2], 4, -2)).Gives(Float([2], 0.25f, -0.5f));
    }

    private static IEnumerable<OperatorForm> Logic()
    {
        Tensor matrix = Float([2, 3], 1, 2, 3, 4, 5, 6);
        yield return Op("Greater", 1).With("broadcast", 1).With("axis", 0).Input(matrix, Float([2], 2, 4)).Outputs(DataType.Bool).Gives(Bools([2, 3], 0, 0, 1, 0, 1, 1));
        yield return Op("Less", 1).With("broadcast", 1).Input(matrix, Float([3], 2, 2, 4)).Outputs(DataType.Bool).Gives(Bools([2, 3], 1, 0, 1, 0, 0, 0));
        yield return Op("Equal", 1).With("broadcast", 1).With("axis", 0).Input(Tensor.Of<int>([2, 2], [1, 2, 1, 2]), Tensor.Vector(1, 2)).Outputs(DataType.Bool).Gives(Bools([2, 2], 1, 0, 0, 1));
        yield return Op("And", 1).With("broadcast", 1).With("axis", 0).Input(Bools([2, 2], 1, 0, 1, 1), Bools([2], 1, 0)).Outputs(DataType.Bool).Gives(Bools([2, 2], 1, 0, 0, 0));
        yield return Op("Or", 1).Input(Bools([2], 1, 0), Bools([2], 0, 0)).Outputs(DataType.Bool).Gives(Bools([2], 1, 0));
        yield return Op("Xor", 1).With("broadcast", 1).Input(Bools([2, 2], 1, 0, 1, 1), Bools([2], 1, 0)).Outputs(DataType.Bool).Gives(Bools([2, 2], 0, 0, 0, 1));
        yield return Op("Not", 1).Input(Bools([2], 1, 0)).Outputs(DataType.Bool);
        yield return Op("Greater", 7).Input(matrix, Float([2, 1], 2, 4)).Outputs(DataType.Bool);
        foreach ((string name, DataType type) in new[] { ("FLOAT", DataType.Float32), ("DOUBLE", DataType.Float64), ("INT32", DataType.Int32), ("INT64", DataType.Int64), ("BOOL", DataType.Bool), ("UINT8", DataType.UInt8), ("FLOAT16", DataType.Float16) })
        {
            Tensor converted = Tensor.Allocate(type, [3]);
            Operators.ElementConversion.Store<double>([0, 1, 1], converted);
            yield return Op("Cast", 1).Variant(name).With("to", name).Input(Float([3], 0, 1, 1)).Outputs(type).Gives(converted);
        }

        yield return Op("Cast", 6).With("to", (int)DataType.Int32).Input(Float([3], -1.5f, 0.5f, 2.5f)).Outputs(DataType.Int32);
    }

    private static IEnumerable<OperatorForm> Activations()
    {
        yield return Op("Clip", 1).With("min", -1f).With("max", 1f).With("consumed_inputs", ConsumedFirst).Input(Float([3], -2, 0, 3)).Gives(Float([3], -1, 0, 1));
        yield return Op("Clip", 6).With("min", 0f).Input(Data(7));
        yield return Op("Clip", 6).Variant("max").With("max", 0f).Input(Data(7));
        yield return Op("Clip", 6).Variant("unbounded").Input(Data(7));
        yield return Op("Clip", 11).Input(Data(7)).Constant(Float([], -0.5f)).Input(Float([], 0.5f));
        yield return Op("Elu", 1).With("alpha", 2f).With("consumed_inputs", ConsumedFirst).Input(Float([2], -1, 1)).Gives(Float([2], -1.2642411f, 1));
        yield return Op("Elu", 6).Input(Data(7));
        yield return Op("Selu", 1).With("consumed_inputs", ConsumedFirst).Input(Float([2], -1, 1)).Gives(Float([2], 1.0507f * ((1.6732f * MathF.Exp(-1)) - 1.6732f), 1.0507f));
        yield return Op("Selu", 6).Input(Data(7));
        yield return Op("LeakyRelu", 1).With("alpha", 0.1f).With("consumed_inputs", ConsumedFirst).Input(Float([2], -1, 1)).Gives(Float([2], -0.1f, 1));
        yield return Op("LeakyRelu", 6).Input(Data(7));
        yield return Op("HardSigmoid", 1).With("consumed_inputs", ConsumedFirst).Input(Float([3], -5, 0, 1)).Gives(Float([3], 0, 0.5f, 0.7f));
        yield return Op("HardSigmoid", 6).With("alpha", 0.3f).With("beta", 0.4f).Input(Data(7));
        yield return Op("Softplus", 1).Input(Data(7));
        yield return Op("Softsign", 1).Input(Data(7));
        yield return Op("ThresholdedRelu", 1).With("alpha", 0.5f).Input(Float([3], -1, 0.5f, 2)).Gives(Float([3], 0, 0, 2));
        yield return Op("PRelu", 1).With("consumed_inputs", new[] { 0, 0 }).Input(Float([1, 2, 2], -1, 1, -2, -3)).Constant(Float([2], 0.5f, 2)).Gives(Float([1, 2, 2], -0.5f, 1, -4, -6));
        yield return Op("PRelu", 6).Variant("one slope").Input(Float([1, 2, 2, 1], -1, 1, -2, -3)).Constant(Float([1], 0.5f)).Gives(Float([1, 2, 2, 1], -0.5f, 1, -1, -1.5f));
        yield return Op("PRelu", 6).Variant("per channel").Input(Float([1, 2, 2, 1], -1, 1, -2, -3)).Constant(Float([2], 0.5f, 2)).Gives(Float([1, 2, 2, 1], -0.5f, 1, -4, -6));
        yield return Op("PRelu", 7).Input(Data(2, 3, 4)).Constant(Data(3, 1));
        yield return Op("PRelu", 9).Input(Data(2, 3, 4)).Constant(Data(4));
        foreach (string name in new[] { "Softmax", "LogSoftmax", "Hardmax" })
        {
            yield return Op(name, 1).Input(Data(2, 3, 4));
            yield return Op(name, 1).Variant("axis 0").With("axis", 0).Input(Data(2, 3));
            yield return Op(name, 1).Variant("axis 2").With("axis", 2).Input(Data(2, 3, 4));
            yield return Op(name, 11).Variant("axis -2").With("axis", -2).Input(Data(2, 3, 4));
        }

        foreach (long opset in new[] { 1L, 6, 7 })
        {
            OperatorForm dropout = Op("Dropout", opset).With("ratio", 0.3f).Input(Data(2, 3)).Gives(Data(2, 3));
            yield return opset < 7 ? dropout.With("is_test", 1) : dropout;
        }

        yield return Op("Dropout", 6).Variant("mask").With("is_test", 1).Input(Data(4)).Outputs(DataType.Float32, DataType.Float32).Gives(Data(4));
        yield return Op("Dropout", 10).Input(Data(2, 3));
    }

    private static IEnumerable<OperatorForm> Movement()
    {
        yield return Op("Pad", 1).With("paddings", new[] { 0, 1, 0, 1 }).With("value", 5f).Input(Float([1, 2], 1, 2)).Gives(Float([1, 4], 5, 1, 2, 5));
        yield return Op("Pad", 1).Variant("reflect").With("mode", "reflect").With("paddings", new[] { 0, 2, 0, 1 }).Input(Float([1, 3], 1, 2, 3)).Gives(Float([1, 6], 3, 2, 1, 2, 3, 2));
        foreach (string mode in new[] { "constant", "reflect", "edge" })
        {
            yield return Op("Pad", 2).Variant(mode).With("mode", mode).With("pads", new[] { 0, 0, 2, 1, 0, 0, 1, 2 }).With("value", 3.5f).Input(Data(1, 2, 3, 4));
        }

        yield return Op("Pad", 2).Variant("negative").With("pads", new[] { -1, 1, 0, -1 }).Input(Data(3, 4));
        yield return Op("Pad", 2).Variant("no value").With("pads", new[] { 1, 0, 0, 1 }).Input(Data(3, 4));
        yield return Op("Pad", 11).Input(Data(3, 4)).Constant(Longs(0, 1, 2, 0), Float([], 9));
        yield return Op("Reshape", 1).With("shape", new[] { 0, -1 }).With("consumed_inputs", ConsumedFirst).Input(Data(2, 3, 4)).Gives(Data(2, 12));
        yield return Op("Reshape", 5).Input(Data(2, 3, 4)).Constant(Longs(4, 0, -1));
        yield return Op("Slice", 1).With("axes", new[] { 0, 2 }).With("starts", new[] { 0, -3 }).With("ends", new[] { 1, 1000 }).Input(Data(2, 3, 4));
        yield return Op("Slice", 1).Variant("no axes").With("starts", new[] { 1, 0, 1 }).With("ends", new[] { 2, -1, 3 }).Input(Data(2, 3, 4));
        yield return Op("Slice", 10).Input(Data(2, 3, 4)).Constant(Longs(3, 0), Longs(0, 2), Longs(2, 1), Longs(-2, 1));
        yield return Op("Concat", 1).Input(Float([1, 2], 1, 2), Float([1, 1], 3)).Gives(Float([1, 3], 1, 2, 3));
        yield return Op("Concat", 1).Variant("axis 0").With("axis", 0).Input(Float([1], 1), Float([2], 2, 3)).Gives(Float([3], 1, 2, 3));
        yield return Op("Concat", 4).With("axis", 2).Input(Data(2, 3, 1), Data(2, 3, 2));
        yield return Op("Tile", 1).Input(Float([1, 2], 1, 2)).Constant(Float([1], 2), Float([1], 1)).Gives(Float([1, 4], 1, 2, 1, 2));
        yield return Op("Tile", 6).Input(Data(2, 3)).Constant(Longs(2, 2));
        yield return Op("Split", 1).With("axis", 1).With("split", new[] { 1, 2 }).Input(Float([2, 3], 1, 2, 3, 4, 5, 6)).Outputs(DataType.Float32, DataType.Float32).Gives(Float([2, 1], 1, 4), Float([2, 2], 2, 3, 5, 6));
        yield return Op("Split", 1).Variant("input").With("axis", 0).Input(Float([3], 1, 2, 3)).Constant(Float([2], 1, 2)).Outputs(DataType.Float32, DataType.Float32).Gives(Float([1], 1), Float([2], 2, 3));
        yield return Op("Split", 2).Input(Data(4, 3)).Outputs(DataType.Float32, DataType.Float32);
        yield return Op("Split", 2).Variant("lengths").With("axis", 1).With("split", new[] { 2, 1 }).Input(Data(4, 3)).Outputs(DataType.Float32, DataType.Float32);
        yield return Op("Split", 11).With("axis", -1).With("split", new[] { 2, 1 }).Input(Data(4, 3)).Outputs(DataType.Float32, DataType.Float32);
        yield return Op("Squeeze", 1).With("axes", new[] { 0, 2 }).Input(Data(1, 3, 1, 2));
        yield return Op("Squeeze", 1).Variant("all").Input(Data(1, 3, 1, 2));
        yield return Op("Squeeze", 11).With("axes", new[] { -2 }).Input(Data(1, 3, 1, 2));
        yield return Op("Unsqueeze", 1).With("axes", new[] { 0, 3 }).Input(Data(3, 2));
        yield return Op("Unsqueeze", 11).With("axes", new[] { -1 }).Input(Data(3, 2));
        yield return Op("Transpose", 1).Input(Data(2, 3, 4));
        yield return Op("Transpose", 1).Variant("perm").With("perm", new[] { 1, 0, 2 }).Input(Data(2, 3, 4));
        yield return Op("Flatten", 1).Input(Data(2, 3, 4));
        yield return Op("Flatten", 1).Variant("axis 0").With("axis", 0).Input(Data(2, 3, 4));
        yield return Op("Identity", 1).Input(Data(2, 3));
        yield return Op("Shape", 1).Input(Data(2, 3)).Outputs(DataType.Int64);
        yield return Op("Size", 1).Input(Data(2, 3)).Outputs(DataType.Int64);
        yield return Op("Gather", 1).With("axis", 1).Input(Data(2, 3, 2)).Constant(Tensor.Of<long>([2, 2], [2, 0, 1, 1]));
        yield return Op("Scatter", 9).With("axis", 1).Input(Data(2, 3), Tensor.Of<long>([2, 1], [2, 0]), Float([2, 1], 50, 60));
        yield return Op("DepthToSpace", 1).With("blocksize", 2).Input(Data(1, 8, 2, 3));
        yield return Op("SpaceToDepth", 1).With("blocksize", 2).Input(Data(1, 2, 4, 6));
        yield return Op("Upsample", 1).With("height_scale", 2f).With("width_scale", 1.5f).With("mode", "nearest").Input(Float([1, 1, 1, 2], 1, 2)).Gives(Float([1, 1, 2, 3], 1, 1, 2, 1, 1, 2));
        yield return Op("Upsample", 7).Variant("nearest").With("scales", new[] { 1f, 1f, 2f, 3f }).Input(Data(1, 2, 2, 3));
        yield return Op("Upsample", 7).Variant("linear").With("mode", "linear").With("scales", new[] { 1f, 1f, 2f, 2f }).Input(Data(1, 2, 2, 3));
        yield return Op("Upsample", 9).With("mode", "nearest").Input(Data(1, 2, 2, 3)).Constant(Float([4], 1, 1, 1.5f, 2));
        yield return Op("Resize", 10).With("mode", "nearest").Input(Data(1, 1, 4, 4)).Constant(Float([4], 1, 1, 0.5f, 0.75f));
        yield return Op("Resize", 10).Variant("linear").With("mode", "linear").Input(Data(1, 1, 4, 4)).Constant(Float([4], 1, 1, 1.5f, 2));
    }

    private static IEnumerable<OperatorForm> Reductions()
    {
        foreach (string name in new[] { "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp" })
        {
            Tensor data = name == "ReduceLogSum" ? Positive(2, 3, 4) : Data(2, 3, 4);
            yield return Op(name, 1).Variant("all").Input(data);
            yield return Op(name, 1).Variant("axes").With("axes", new[] { 0, 2 }).With("keepdims", 0).Input(data);
            yield return Op(name, 1).Variant("keepdims").With("axes", new[] { 1 }).With("keepdims", 1).Input(data);
            yield return Op(name, 11).Variant("negative axis").With("axes", new[] { -2 }).Input(data);
        }
    }

    private static IEnumerable<OperatorForm> Searches()
    {
        foreach (string name in new[] { "ArgMax", "ArgMin" })
        {
            yield return Op(name, 1).Input(Data(3, 4)).Outputs(DataType.Int64);
            yield return Op(name, 1).Variant("axis 1").With("axis", 1).With("keepdims", 0).Input(Data(3, 4)).Outputs(DataType.Int64);
            yield return Op(name, 11).With("axis", -1).Input(Data(3, 4)).Outputs(DataType.Int64);
        }

        yield return Op("TopK", 1).With("axis", 1).With("k", 2).Input(Data(3, 4)).Outputs(DataType.Float32, DataType.Int64);
        yield return Op("TopK", 1).Variant("last axis").With("k", 3).Input(Data(3, 4)).Outputs(DataType.Float32, DataType.Int64);
        yield return Op("TopK", 10).With("axis", 0).Input(Data(3, 4)).Constant(Longs(2)).Outputs(DataType.Float32, DataType.Int64);
        yield return Op("OneHot", 9).Input(Longs(0, 3, -1)).Constant(Longs(4), Float([2], 0, 1));
        yield return Op("NonZero", 9).Input(Float([2, 2], 1, 0, 0, 2)).Outputs(DataType.Int64);
        yield return Op("EyeLike", 9).With("k", 1).Input(Data(3, 4));
        yield return Op("Compress", 9).With("axis", 1).Input(Data(2, 3)).Constant(Bools([3], 1, 0, 1));
        yield return Op("Expand", 8).Input(Data(3, 1)).Constant(Longs(2, 1, 4));
        yield return Op("ConstantOfShape", 9).With("value", Tensor.Vector(7L)).Constant(Longs(2, 2)).Outputs(DataType.Int64);
    }
}
