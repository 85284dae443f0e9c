using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Lowering;

/// <summary>Where a value lies as a range of another.</summary>
/// <param name="Whole">What it is a part of.</param>
/// <param name="Layout">Its layout there: the elements are as far from each other as in the whole.</param>
internal sealed record PlacedPart(Value Whole, int Axis, long Start, Layout Layout);

/// <summary>
/// Takes concatenations, splits and slices out of the plan where memory allows: what a concatenation joins is computed in its place in the whole, and what a split or a slice cuts off is read where it lies. The axis must be
/// the innermost in memory (the parts then are pixels with a larger stride), or one around which all others have extent 1 (the parts then follow each other). What is joined but cannot be computed in
/// place (an input of the graph, a constant, a value that has its place elsewhere) is copied there, so that a concatenation is still better off with fewer bytes to move.
/// </summary>
internal sealed class PartPlacement
{
    private readonly Graph _graph;
    private readonly LayoutAssignment _layouts;
    private readonly HashSet<string> _knownFirst;
    private readonly Dictionary<Value, PlacedPart> _parts = [];
    private readonly Dictionary<Node, IReadOnlyList<PlacedPart>> _joins = [];
    private readonly HashSet<Node> _cuts = [];

    private PartPlacement(Graph graph, LayoutAssignment layouts, IEnumerable<string> outerSymbols)
    {
        (_graph, _layouts) = (graph, layouts);
        _knownFirst = [.. outerSymbols, .. graph.Inputs.Select(i => i.Type).OfType<TensorType>().Where(t => t.Shape.IsRanked).SelectMany(t => t.Shape).Select(d => d.SymbolName).OfType<string>()];
    }

    /// <param name="layouts">Receives the layouts of the parts.</param>
    /// <param name="outerSymbols">Symbols that a plan around this one knows.</param>
    public static PartPlacement Of(Graph graph, LayoutAssignment layouts, IEnumerable<string> outerSymbols)
    {
        PartPlacement placement = new(graph, layouts, outerSymbols);
        // Wholes before their parts: a concatenation that is itself joined lies in the larger one.
        foreach (Node node in graph.Nodes.Reverse())
        {
            if (node.Operator is Concat concat)
            {
                placement.Join(node, concat);
            }
        }

        foreach (Node node in graph.Nodes)
        {
            if (node.Operator is Split split && node.Inputs[0] is { } whole && placement.IsPlain(whole) && node.Outputs.All(o => o is not null && placement.IsPlain(o)) && Starts(split.Axis, whole, node.Outputs) is (int axis, long[] starts, _))
            {
                placement.Cut(node, axis, starts);
            }
            else if (node.Operator is Slice && RangeOf(node) is { } range)
            {
                placement.Cut(node, range.Axis, [range.Start]);
            }
        }

        return placement;
    }

    /// <summary>Where a value that a kernel computes has its place in a concatenation; null if it has a place of its own.</summary>
    public PlacedPart? PartOf(Value value) => _parts.GetValueOrDefault(value);

    /// <summary>The parts that a concatenation without step is made of, one per input; null if it has a step.</summary>
    public IReadOnlyList<PlacedPart>? JoinOf(Node node) => _joins.GetValueOrDefault(node);

    /// <summary>Whether the outputs of a split or a slice are parts of its input.</summary>
    public bool IsCut(Node node) => _cuts.Contains(node);

    private void Join(Node node, Concat concat)
    {
        Value whole = node.Outputs[0]!;
        if (node.Inputs.Count < 2 || !IsPlain(whole) || node.Inputs.Any(i => i is null || !IsPlain(i)) || Starts(concat.Axis, whole, node.Inputs) is not (int axis, long[] starts, long extent))
        {
            return;
        }

        Layout layout = _layouts.LayoutOf(node, whole);
        if (PartLayout(layout, whole, axis, extent) is not { } partLayout)
        {
            return;
        }

        List<PlacedPart> parts = [.. starts.Select(start => new PlacedPart(whole, axis, start, partLayout))];
        List<Value> placed = [];
        double saved = _layouts.Estimate(node), spent = 0;
        for (int i = 0; i < parts.Count; i++)
        {
            Value value = node.Inputs[i]!;
            if (CanCompute(value) && Accept(value, partLayout, node, out double slower))
            {
                _parts[value] = parts[i];
                placed.Add(value);
                spent += slower;
            }
            else
            {
                spent += _layouts.Estimate(value, CopyRequest(value, _graph.Symbols, _layouts.LayoutOf(value.Producer ?? node, value), partLayout));
            }
        }

        if (placed.Count > 0 && spent < saved)
        {
            _joins[node] = parts;
            return;
        }

        foreach (Value value in placed)
        {
            _parts.Remove(value);
            _layouts.Restore(value);
        }
    }

    /// <summary>The request that copies a value to its place in a concatenation.</summary>
    public static KernelRequest CopyRequest(Value value, SymbolTable symbols, Layout from, Layout to)
    {
        KernelOperand operand = RequestBuilder.Operand(value, symbols) with { Role = OperandRole.Activation, Contents = null };
        return LayoutAssignment.Conversion(operand, value.Constant is null ? from : Layout.RowMajor, to);
    }

    /// <summary>Whether a kernel makes the value, and it has no place yet.</summary>
    private bool CanCompute(Value value) =>
        value is { Constant: null, Producer: { } producer } && !_parts.ContainsKey(value)
        && (_joins.ContainsKey(producer) || (producer.Operator is not (IReshaping or DimTensor or Split) && producer.Operator is IFusedOperator or not ISubgraphOperator));

    /// <summary>
    /// Puts a value into its layout inside of a whole, if its producer and all who read it in the layout that it has so far take that, and if that costs less than a copy.
    /// </summary>
    private bool Accept(Value value, Layout layout, Node join, out double slower)
    {
        slower = 0;
        Node producer = value.Producer!;
        Layout before = _layouts.LayoutOf(producer, value);
        if (before == layout)
        {
            return true;
        }

        if (before.IsRowMajor || before.Order != layout.Order)
        {
            return false;
        }

        // An outer whole was seen first, so that inner parts have its distances already.
        Node[] touched = [.. value.Uses.Select(u => u.Node).OfType<Node>().Append(producer).Where(n => n != join && !_joins.ContainsKey(n) && _layouts.LayoutOf(n, value) == before).Distinct()];
        double costBefore = touched.Sum(_layouts.Estimate);
        _layouts.Override(value, layout);
        slower = touched.Sum(_layouts.Estimate) - costBefore;
        if (double.IsFinite(slower) && slower < _layouts.Estimate(value, CopyRequest(value, _graph.Symbols, before, layout)))
        {
            slower = Math.Max(0, slower);
            return true;
        }

        _layouts.Restore(value);
        return false;
    }

    /// <summary>Makes outputs parts of the input.</summary>
    /// <param name="starts">Where each begins along the axis.</param>
    private void Cut(Node node, int axis, long[] starts)
    {
        Value whole = node.Inputs[0]!;
        Value[] outputs = [.. node.Outputs.OfType<Value>()];
        if (outputs.Length != node.Outputs.Count || whole.Constant is not null || !IsPlain(whole) || !Array.TrueForAll(outputs, IsPlain) || outputs.Any(_parts.ContainsKey))
        {
            return;
        }

        Layout layout = _layouts.LayoutOf(node, whole);
        if (PartLayout(layout, whole, axis, whole.Tensor!.Shape[axis].Constant) is not { } partLayout)
        {
            return;
        }

        foreach (Value output in outputs)
        {
            Layout before = _layouts.LayoutOf(node, output);
            if (before != partLayout && (before.IsRowMajor || !Accept(output, partLayout, node, out _)))
            {
                Array.ForEach(outputs, _layouts.Restore);
                return;
            }
        }

        _cuts.Add(node);
        for (int i = 0; i < outputs.Length; i++)
        {
            _parts[outputs[i]] = new(whole, axis, starts[i], partLayout);
        }
    }

    /// <summary>A tensor of whole bytes whose dimensions are known as soon as the graph's inputs are.</summary>
    private bool IsPlain(Value value) =>
        value.Type is TensorType { Shape: { IsRanked: true, Rank: > 0 } shape } type && type.ElementType.Bits() is > 0 and var bits && bits % 8 == 0 && shape.All(d => d.IsConstant || d.Symbols.All(_knownFirst.Contains));

    /// <summary>The axis, where each part begins on it, and the whole extent; null if that is not known, or if the parts are not the whole.</summary>
    private static (int Axis, long[] Starts, long Extent)? Starts(long axis, Value whole, IReadOnlyList<Value?> parts)
    {
        Shape shape = whole.Tensor!.Shape;
        int at = (int)(axis < 0 ? axis + shape.Rank : axis);
        long end = 0;
        long[] starts = new long[parts.Count];
        for (int i = 0; i < starts.Length; i++)
        {
            TensorType type = parts[i]!.Tensor!;
            if (type.ElementType != whole.Tensor.ElementType || type.Shape.Rank != shape.Rank || !type.Shape[at].IsConstant || !Enumerable.Range(0, shape.Rank).All(a => a == at || type.Shape[a] == shape[a]))
            {
                return null;
            }

            starts[i] = end;
            end += type.Shape[at].Constant;
        }

        return shape[at] == end ? (at, starts, end) : null;
    }

    /// <summary>The axis along which a slice with constant bounds and steps of 1 cuts, and where; null if it cuts several axes or none, or takes steps.</summary>
    private static (int Axis, long Start)? RangeOf(Node node)
    {
        if (node.Inputs[0]?.Type is not TensorType { Shape.IsRanked: true } data || node.Outputs[0]?.Type is not TensorType { Shape.IsRanked: true } result || Numbers(1) is not { } starts
            || (node.Inputs.Count > 3 && node.Inputs[3] is not null && Numbers(3) is null) || (node.Inputs.Count > 4 && node.Inputs[4] is not null && (Numbers(4) is not { } steps || steps.AsSpan().IndexOfAnyExcept(1L) >= 0)))
        {
            return null;
        }

        long[]? axes = Numbers(3);
        (int Axis, long Start)? range = null;
        for (int i = 0; i < starts.Length; i++)
        {
            long axis = axes is null ? i : axes[i];
            int at = (int)(axis < 0 ? axis + data.Shape.Rank : axis);
            if (at < 0 || at >= data.Shape.Rank || at >= result.Shape.Rank)
            {
                return null;
            }

            if (result.Shape[at] == data.Shape[at])
            {
                continue;
            }

            if (range is not null || !data.Shape[at].IsConstant || !result.Shape[at].IsConstant)
            {
                return null;
            }

            long extent = data.Shape[at].Constant, start = Math.Clamp(starts[i] < 0 ? starts[i] + extent : starts[i], 0, extent);
            if (result.Shape[at].Constant > extent - start)
            {
                return null;
            }

            range = (at, start);
        }

        return range;

        long[]? Numbers(int input) => input < node.Inputs.Count && node.Inputs[input]?.Constant is { } constant ? ReadIntegers(constant.Data) : null;
    }

    private static long[]? ReadIntegers(Tensor tensor) => tensor.Type switch
    {
        DataType.Int64 => tensor.Span<long>().ToArray(),
        DataType.Int32 => [.. tensor.Span<int>().ToArray().Select(v => (long)v)],
        _ => null,
    };

    /// <summary>The layout of a part along an axis of a whole; null if there is none.</summary>
    private static Layout? PartLayout(Layout whole, Value value, int axis, long extent)
    {
        Shape shape = value.Tensor!.Shape;
        if (whole.BlockAxis >= 0 || whole.HaloBefore.Count > 0)
        {
            return null;
        }

        for (int position = 0; position < shape.Rank; position++)
        {
            int stored = whole.Order.Count == 0 ? position : (int)whole.Order[position];
            if (stored == axis)
            {
                // With nothing around the axis, parts follow each other, whatever lies inside.
                return whole;
            }

            if (shape[stored] != 1)
            {
                break;
            }
        }

        int inner = whole.Order.Count == 0 ? shape.Rank - 1 : (int)whole.Order[^1];
        return inner == axis && !whole.IsRowMajor ? whole with { InnerStride = Math.Max(whole.InnerStride, extent) } : null;
    }
}
