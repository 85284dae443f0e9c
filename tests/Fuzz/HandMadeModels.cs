using Peregrine.Onnx.Wire;
using Peregrine.TestKit;
using Peregrine.Tensors;
using static Peregrine.TestKit.HandMade;

namespace Fuzz;

/// <summary>Small models with what the sample lacks: branches, loops, shape arithmetic, data-dependent shapes, allocation by contents, strings.</summary>
internal static class HandMadeModels
{
    public static IReadOnlyList<(string Name, byte[] Bytes)> All { get; } =
    [
        ("made/if", Model([Float("x", 2, "N"), Typed("c", DataType.Bool)], [Float("y")],
            [Node("If", "c", "y", Body("then_branch", Graph([], [Node("Relu", "x", "t")], [Float("t")])), Body("else_branch", Graph([], [Node("Neg", "x", "e")], [Float("e")])))])),
        ("made/loop", Model([Float("x", "N"), Typed("trips", DataType.Int64)], [Float("y"), Float("all")],
            [Node("Loop", "trips - x", "y all", Body("body", Graph([Typed("i", DataType.Int64), Typed("go", DataType.Bool), Float("a", "N")], [Node("Add", "a a", "b"), Node("Identity", "go", "still"), Node("Identity", "b", "s")], [Typed("still", DataType.Bool), Float("b", "N"), Float("s", "N")])))])),
        ("made/shapes", Model([Float("x", "N", 4, "M")], [Float("y")],
            [Node("Shape", "x", "s"), Node("Gather", "s zero", "n"), Node("Unsqueeze", "n axes", "n1"), Node("Concat", "n1 rest", "target", Int("axis", 0)), Node("Reshape", "x target", "y")],
            Integers("zero", [], 0), Integers("axes", [1], 0), Integers("rest", [1], -1))),
        ("made/bombs", Model([Typed("s", DataType.Int64, 3), Float("x", "N")], [Float("y"), Float("z"), Typed("r", DataType.Int64, "R"), Float("t")],
            [Node("ConstantOfShape", "s", "y"), Node("Expand", "x s", "z"), Node("Range", "from to step", "r"), Node("Tile", "x times", "t")],
            Integers("from", [], 0), Integers("to", [], 12), Integers("step", [], 3), Integers("times", [1], 3))),
        ("made/nonzero", Model([Float("x", "N", "M")], [Typed("y", DataType.Int64, 2, "K"), Float("g")],
            [Node("NonZero", "x", "y"), Node("Transpose", "y", "i", Numbers("perm", 1, 0)), Node("GatherND", "x i", "g")])),
        ("made/window", Model([Float("x", "N", 2, 9, 9)], [Float("y"), Float("p"), Float("r")],
            [Node("Conv", "x w", "y", Numbers("kernel_shape", 3, 3), Numbers("pads", 1, 1, 1, 1), Numbers("strides", 2, 2), Numbers("dilations", 1, 1), Int("group", 1)), Node("MaxPool", "y", "p", Numbers("kernel_shape", 2, 2), Numbers("strides", 1, 1)), Node("Resize", "p - scales", "r", Word("mode", "linear")), Node("Pad", "x pads", "q")],
            Floats("w", [4, 2, 3, 3]), Floats("scales", [4], 1, 1, 2, 1.5f), Integers("pads", [8], 0, 0, 1, 1, 0, 0, 1, 1))),
        ("made/recurrent", Model([Float("x", "T", "N", 3)], [Float("y"), Float("h")],
            [Node("LSTM", "x w r b", "y h", Int("hidden_size", 2))],
            Floats("w", [1, 8, 3]), Floats("r", [1, 8, 2]), Floats("b", [1, 16]))),
        ("made/strings", Model([Typed("s", DataType.String, "N")], [Typed("y", DataType.String, "N"), Typed("l", DataType.Int64)],
            [Node("StringConcat", "s s", "y"), Node("Size", "y", "l")])),
        ("made/sequence", Model([Float("x", 4, 3)], [Float("y"), Float("z")],
            [Node("SplitToSequence", "x", "q", Int("axis", 0), Int("keepdims", 1)), Node("SequenceAt", "q one", "y"), Node("ConcatFromSequence", "q", "z", Int("axis", 0))],
            Integers("one", [], 1))),
        ("made/quantised", Model([Float("x", "N", 4)], [Float("y")],
            [Node("QuantizeLinear", "x s z", "q"), Node("DequantizeLinear", "q s z", "d"), Node("MatMul", "d w", "m"), Node("Softmax", "m", "y", Int("axis", -1))],
            Floats("s", [], 0.05f), new OnnxTensorProto { Name = "z", ElementType = DataType.UInt8, Dims = [], RawData = new byte[] { 128 } }, Floats("w", [4, 4]))),
    ];
}
