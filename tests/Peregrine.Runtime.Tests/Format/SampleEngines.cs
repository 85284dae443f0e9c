using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Runtime.Format;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Tests.Format;

/// <summary>Hand-made engines that contain every kind of everything.</summary>
internal static class SampleEngines
{
    public static OperatorCatalog Catalog { get; } = OperatorCatalog.Standard.Clone().Add(Everything.Schema, WithBody.Schema);

    private static readonly Dim N = Dim.Symbol("N"), U = Dim.Symbol("u0");
    private static readonly TensorType Rows = new(DataType.Float32, [N, 4]);

    public static EngineContent Full()
    {
        Constant weight = new("w", Tensor.Of<float>([4, 4], [.. Enumerable.Range(0, 16).Select(i => i / 4f)]));
        Constant twin = new("w.twin", weight.Data.Clone());
        Constant axes = new("axes", Tensor.Vector(0L));
        Constant derived = new("w.unsqueezed", weight.Data.WithDims([1, 4, 4]), new(new Unsqueeze(), [weight, axes], 0));
        Constant words = new("words", new Tensor([3], ["", "Grüße", "世界"]));
        Constant packed = new("nibbles", new Tensor(DataType.Int4, [3], new byte[] { 0x21, 0x03 }));
        Constant empty = new("nothing", new Tensor(DataType.Float64, [0, 1L << 40], Memory<byte>.Empty));

        KernelDim rows = new(1, 64, 1), columns = KernelDim.Static(4);
        KernelOperand operand = new(OperandRole.Activation, DataType.Float32, Layout.RowMajor, [rows, columns]);
        KernelOperand weights = new(OperandRole.Weight, DataType.Float32, Layout.RowMajor, [columns, columns]);
        KernelRequest request = new(new Add(), [operand, weights, KernelOperand.Absent], [operand], Epilogue());
        KernelOperand parameter = new(OperandRole.Parameter, DataType.Int64, Layout.RowMajor, [KernelDim.Static(1)], axes.Data);
        KernelRequest widening = new(new Relu(), [operand], [operand with { Layout = Wide }]);
        KernelRequest steered = new(null, [operand, parameter], [operand with { Layout = Haloed }]);

        BufferSlot[] slots =
        [
            new(0, "x", Rows, Layout.RowMajor, SlotKind.Input, -1, 8),
            new(1, "w", new TensorType(DataType.Float32, [4, 4]), Layout.RowMajor, SlotKind.Constant, -1, 1, 0),
            new(2, "y", Rows, Layout.RowMajor, SlotKind.Arena, 0, 8),
            new(3, "y.view", new TensorType(DataType.Float32, [N * 4]), Layout.RowMajor, SlotKind.View, 0, 8, 2),
            new(4, "found", new TensorType(DataType.Int64, [U]), Layout.RowMajor, SlotKind.Growable, 2, 8),
            new(5, "list", new SequenceType(new OptionalType(new TensorType(DataType.String, Shape.Unranked))), Layout.RowMajor, SlotKind.Managed, 2, 8),
            new(6, "shape", new TensorType(DataType.Int64, [2]), Layout.RowMajor, SlotKind.Dims, -1, 8, Contents: [N, 4]),
            new(7, "condition", new TensorType(DataType.Bool, Shape.Scalar), Layout.RowMajor, SlotKind.Input, -1, 8),
            new(8, "chosen", Rows, Layout.RowMajor, SlotKind.Arena, 3, 8),
            new(9, "looped", Rows, Layout.RowMajor, SlotKind.Arena, 4, 8),
            new(10, "scanned", new TensorType(DataType.Float32, Shape.Unranked), Layout.RowMajor, SlotKind.Managed, 4, 8),
            new(11, "axes", new TensorType(DataType.Int64, [1]), Layout.RowMajor, SlotKind.Constant, -1, 8, 2),
            new(12, "haloed", Rows, Haloed, SlotKind.Arena, 1, 1),
            new(13, "last", new TensorType(DataType.Float32, [Dim.FloorDiv(U + (2 * N) - 1, 3)]), Layout.RowMajor, SlotKind.Managed, 5, 5),
            new(14, "joined", new TensorType(DataType.Float32, [N, 8]), Layout.RowMajor, SlotKind.Arena, 6, 8),
            new(15, "left", Rows, Wide, SlotKind.Part, 6, 8, 14) { Axis = 1 },
            new(16, "right", Rows, Wide, SlotKind.Part, 7, 8, 14) { Axis = 1, Start = 4 },
        ];
        Step[] steps =
        [
            new KernelStep("add", ["model/add", "model/bias"], [0, 1, -1], [2], new Add(), request, new("cpu.reference", 1), new("tile=4")),
            new KernelStep("steer", ["steer"], [2, 11], [12], new Relu(), steered, new("cpu.reference", 1), TacticOption.Default),
            new HostStep("find", ["find"], [2, -1, 6], [4, 5], Busy(weight, axes, derived)),
            new IfStep("if", ["if"], [7, 2], [8], Branch("then", new Relu()), Branch("else", new HardSwish())),
            new LoopStep("loop", ["loop"], [-1, -1, 8, 2], [9, 10], Body(), 1),
            new HostStep("last", [], [9], [13], Everything.Plain),
            new KernelStep("left", ["concat"], [2], [15], new Relu(), widening, new("cpu.reference", 1), TacticOption.Default),
            new KernelStep("right", ["concat"], [2], [16], new Relu(), widening, new("cpu.reference", 1), TacticOption.Default),
        ];
        ShapeProgram shapes = new(
            [new("N", 0, 0, -1), new("u0", 4, 0, 2)],
            ValueList.From(slots.Select(s => s.Type is TensorType { Shape.IsRanked: true } t ? t.Shape : null)),
            [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0],
            [-1, 2],
            [(0, 1, 4), (0, 0, N)]);
        Plan plan = new("sample", slots, [0, 7], [new("y", 2), new("found", 4), new("list", 5), new("result", 9), new("joined", 14)], steps, shapes, [new("N", 1, 64, false), new("u0", 0, 256, true, N * 4)]);
        OptimizationProfile profile = new("small", [new ProfileInput("x", [1, 4], [8, 4], [64, 4])]);
        EngineManifest manifest = new("sample", "peregrine tests", "fp32", 3, "none|none", "none", 12, ["Import", "Fuse"], new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal) { ["steer"] = ["needs \"AVX-512\""], ["add"] = [] });
        Constant grouped = new("grouped", Tensor.Of<float>([6, 2, 1, 3], [.. Enumerable.Range(1, 36).Select(i => i / 8f)]));
        return new(plan, [weight, derived, axes, words, packed, empty, twin, grouped], [profile], manifest)
        {
            Packed = [new(0, "copy by 3", null, new byte[] { 1, 2, 3 }), new(7, "blocks", GroupedForm, WeightForms.Pack(GroupedForm, grouped.Data.Span<float>()))],
        };
    }

    /// <summary>[6, 2, 1, 3] in two groups of three outputs, in blocks of two vectors of two lanes.</summary>
    public static WeightForm GroupedForm { get; } = new(Groups: 2, Outputs: 3, Channels: 2, Rows: 1, Columns: 3, PerGroup: 18, PerOutput: 6, PerChannel: 3, PerRow: 3, PerColumn: 1, Width: 4, Lanes: 2);

    private static Layout Wide { get; } = new() { InnerStride = 8 };

    private static Layout Haloed { get; } = new() { Order = [1, 0], BlockAxis = 1, Block = 4, InnerStride = 1 << 12, HaloBefore = [1, 0], HaloAfter = [2, 0], Fill = HaloFill.Lowest };

    /// <summary>Every kind of expression, every function, sharing, and the constants that tests of equality forget.</summary>
    public static Expr Epilogue()
    {
        Expr shared = new OperandExpr(0) * -0.0 + new OperandExpr(1);
        Expr sum = Expr.Select(Expr.Less(shared, double.NaN), shared, (Expr)double.NegativeInfinity).To(DataType.BFloat16);
        foreach (UnaryFunction function in Enum.GetValues<UnaryFunction>())
        {
            sum = Expr.Apply(function, sum);
        }

        foreach (BinaryFunction function in Enum.GetValues<BinaryFunction>())
        {
            sum = Expr.Apply(function, sum, shared);
        }

        return sum;
    }

    private static WithBody Busy(Constant weight, Constant axes, Constant derived)
    {
        Dim m = Dim.Symbol("weird 'name'\\");
        Dim dims = Dim.Min(N, m) + (3 * N * m) - Dim.Max(N, Dim.Symbol("k")) + Dim.FloorDiv(Dim.Broadcast(N, m)!.Value + 5, 7) - 12;
        GraphBuilder inner = new("inner");
        Value p = inner.Input("p", DataType.Float32, "N", 4);
        inner.Output("q", inner.Call(new Add(), p, inner.Constant("w", weight)));
        Graph innerGraph = inner.Build();

        GraphBuilder outer = new(new Graph("outer", innerGraph.Symbols, innerGraph.Edits), null) { Provenance = Provenance.Of("from", "there") };
        Value x = outer.Input("x", new TensorType(DataType.Float32, [dims, 4]));
        Value listed = outer.Input("list", new SequenceType(new TensorType(DataType.String, Shape.Scalar)));
        Value shape = outer.Call(new Unsqueeze(), outer.Constant("three", Tensor.Scalar(3L)), outer.Constant("axes", axes));
        outer.CallNamed(new WithBody(innerGraph), [x, null, listed], "first", null, "third");
        outer.Call(new Unsqueeze(), outer.Constant("derived", derived), outer.Constant("axes again", axes));
        outer.Output("out", outer.Call(new HardSwish(), x));
        outer.Output("shape", shape);
        outer.Call(BusyAttributes(weight.Data), x);
        innerGraph.Symbols.Fresh(N * 2);
        return new(outer.Build());
    }

    public static Everything BusyAttributes(Tensor tensor) =>
        new(long.MinValue, float.NaN, "Text \u0001 \"", [-1, long.MaxValue], [-0f, float.PositiveInfinity], ["", "b"], Flavor.Salty, tensor, new SequenceType(new OptionalType(IrType.Unknown)));

    private static Plan Branch(string name, Operator op)
    {
        KernelOperand operand = new(OperandRole.Activation, DataType.Float32, Layout.RowMajor, [new(0, long.MaxValue, 1), KernelDim.Static(4)]);
        BufferSlot[] slots =
        [
            new(0, "captured", Rows, Layout.RowMajor, SlotKind.Input, -1, 0),
            new(1, "result", Rows, Layout.RowMajor, SlotKind.Arena, 0, 1),
        ];
        return new(name, slots, [0], [new("result", 1)], [new KernelStep(name, [name], [0], [1], op, new(op, [operand], [operand]), new("cpu.reference", 1), TacticOption.Default)], new([], [Rows.Shape, Rows.Shape], [0, 0], [-1], []), []);
    }

    private static Plan Body()
    {
        BufferSlot[] slots =
        [
            new(0, "i", new TensorType(DataType.Int64, Shape.Scalar), Layout.RowMajor, SlotKind.Input, -1, 1),
            new(1, "go on", new TensorType(DataType.Bool, Shape.Scalar), Layout.RowMajor, SlotKind.Input, -1, 1),
            new(2, "carried", Rows, Layout.RowMajor, SlotKind.Input, -1, 1),
            new(3, "captured", Rows, Layout.RowMajor, SlotKind.Input, -1, 0),
            new(4, "sum", Rows, Layout.RowMajor, SlotKind.Managed, 0, 1),
        ];
        return new("body", slots, [0, 1, 2, 3], [new("go on", 1), new("next", 4), new("scan", 2)], [new HostStep("sum", [], [2, 3], [4], new Add())], new([], [Shape.Scalar, Shape.Scalar, Rows.Shape, Rows.Shape, Rows.Shape], [0, 0, 0, 0, 0], [-1], []), []);
    }
}
