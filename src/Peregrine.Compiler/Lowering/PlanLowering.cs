using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;
using Peregrine.Runtime.Tuning;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Lowering;

/// <summary>
/// Assign and Schedule: turns an optimized graph into a plan. Nodes become steps in the graph's order; each kernel step gets the tactic that the selector chose; reshapes become
/// views; concatenations and splits become parts of one buffer where that is possible; dims tensors become slots that the shape program fills; what a device cannot do becomes a host step. Bodies become sub-plans.
/// </summary>
internal sealed class PlanLowering
{
    private readonly Graph _graph;
    private readonly ITacticChooser _chooser;
    private readonly SampleExtents _samples;
    private readonly ConstantTable _constants;
    private readonly Dictionary<string, IReadOnlyList<string>> _declines;
    private readonly LayoutAssignment _layouts;
    private readonly PartPlacement _placement;
    private readonly Dictionary<Value, int> _slotOf = [];
    private readonly Dictionary<(Value Value, Layout Layout), int> _reformatted = [];
    private readonly List<BufferSlot> _slots = [];
    private readonly List<Step> _steps = [];
    private readonly List<SymbolBinding> _bindings = [];
    private readonly List<(int Slot, int Axis, Dim Dim)> _constraints = [];
    private readonly List<long> _segmentSteps = [-1];
    private readonly List<Shape?> _dims = [];
    private readonly List<long> _segments = [];
    // The segment from which on each symbol is known.
    private readonly Dictionary<string, int> _known = new(StringComparer.Ordinal);

    private PlanLowering(Graph graph, ITacticChooser chooser, SampleExtents samples, ConstantTable constants, Dictionary<string, IReadOnlyList<string>> declines, IEnumerable<string> outerSymbols)
    {
        _graph = graph;
        _chooser = chooser;
        _samples = samples;
        _constants = constants;
        _declines = declines;
        _layouts = LayoutAssignment.Of(graph, chooser, samples);
        _placement = PartPlacement.Of(graph, _layouts, outerSymbols);
        foreach (string symbol in outerSymbols)
        {
            _known[symbol] = 0;
        }
    }

    /// <param name="declines">Receives, per step name, why tactics declined.</param>
    /// <param name="outerSymbols">Symbols that the plan around this one knows.</param>
    public static Plan Lower(Graph graph, ITacticChooser chooser, SampleExtents samples, ConstantTable constants, Dictionary<string, IReadOnlyList<string>> declines, params IEnumerable<string> outerSymbols)
    {
        PlanLowering lowering = new(graph, chooser, samples, constants, declines, outerSymbols);
        return lowering.Lower();
    }

    private Plan Lower()
    {
        foreach (Value input in _graph.Inputs)
        {
            BindInput(input);
        }

        foreach (Node node in _graph.Nodes)
        {
            LowerNode(node);
        }

        List<PlanOutput> outputs = [.. _graph.Outputs.Select(o => new PlanOutput(o.Name, SlotIn(o.Value, Layout.RowMajor)))];
        SetLifetimes(outputs);
        ShapeProgram shapes = new(ValueList.From(_bindings), ValueList.From(_dims), Ints.From(_segments), Ints.From(_segmentSteps), ValueList.From(_constraints));
        return new(_graph.Name, _slots, [.. _graph.Inputs.Select(SlotOf)], outputs, _steps, shapes, UsedSymbols());
    }

    /// <summary>Symbols that occur in this plan or in a sub-plan, those of their bounds included; inference leaves many behind that nothing uses any more.</summary>
    private List<Symbol> UsedSymbols()
    {
        HashSet<string> used = new(_steps.SelectMany(s => s.Subplans).SelectMany(p => p.Symbols).Select(s => s.Name).Concat(_bindings.Select(b => b.Symbol)), StringComparer.Ordinal);
        Queue<Dim> open = new(_slots.SelectMany(s => ShapesOf(s.Type).Append(s.Contents ?? Shape.Scalar)).Where(s => s.IsRanked).SelectMany(s => s));
        while (open.TryDequeue(out Dim dim))
        {
            foreach (string name in dim.Symbols)
            {
                if (used.Add(name) && _graph.Symbols.Find(name)?.Bound is { } bound)
                {
                    open.Enqueue(bound);
                }
            }
        }

        return [.. _graph.Symbols.Symbols.Where(s => used.Contains(s.Name))];

        static IEnumerable<Shape> ShapesOf(IrType type) => type switch
        {
            TensorType tensor => [tensor.Shape],
            SequenceType sequence => ShapesOf(sequence.Element),
            OptionalType optional => ShapesOf(optional.Element),
            _ => [],
        };
    }

    private void BindInput(Value input)
    {
        int slot = AddSlot(input, SlotKind.Input);
        if (input.Type is not TensorType { Shape.IsRanked: true } type)
        {
            return;
        }

        HashSet<string> boundHere = [.. _bindings.Select(b => b.Symbol)];
        for (int axis = 0; axis < type.Shape.Rank; axis++)
        {
            if (type.Shape[axis].SymbolName is { } symbol && boundHere.Add(symbol))
            {
                _bindings.Add(new(symbol, slot, axis, -1));
                _known[symbol] = 0;
            }
            else
            {
                _constraints.Add((slot, axis, type.Shape[axis]));
            }
        }

        _dims[slot] = type.Shape;
    }

    private void LowerNode(Node node)
    {
        if (node.Outputs.Any(o => o?.Type == IrType.Unknown))
        {
            // Inference has refused it: it stands in a branch that is impossible for these shapes, and says so if it is ever reached.
            AddControl(node, (inputs, outputs) => new HostStep(node.Name, Sources(node), inputs, outputs, node.Operator));
            return;
        }

        switch (node.Operator)
        {
            case DimTensor when node.Outputs[0] is { Contents: { } contents } output && contents.All(d => IsKnown(d)):
                AddSlot(output, SlotKind.Dims, contents: Shape.From(contents), segment: contents.Max(SegmentOf));
                break;
            case IReshaping when IsView(node):
                AddSlot(node.Outputs[0]!, SlotKind.View, SlotIn(node.Inputs[0]!, Layout.RowMajor));
                break;
            case Split or Slice when _placement.IsCut(node):
                int source = SlotIn(node.Inputs[0]!, _layouts.LayoutOf(node, node.Inputs[0]!));
                foreach (Value output in node.Outputs.OfType<Value>())
                {
                    AddPart(output, _placement.PartOf(output)!, source);
                }

                break;
            case Concat when _placement.JoinOf(node) is { } parts:
                LowerJoin(node, parts);
                break;
            case If branch:
                AddControl(node, (inputs, outputs) => new IfStep(node.Name, Sources(node), inputs, outputs, Body(branch.Then), Body(branch.Else)));
                break;
            case Loop loop:
                AddControl(node, (inputs, outputs) => new LoopStep(node.Name, Sources(node), inputs, outputs, Body(loop.Body), loop.CarriedCount));
                break;
            default:
                if (IsKernel(node))
                {
                    AddKernel(node);
                }
                else
                {
                    AddControl(node, (inputs, outputs) => new HostStep(node.Name, Sources(node), inputs, outputs, node.Operator));
                }

                break;
        }
    }

    private void AddKernel(Node node)
    {
        (KernelRequest request, Selection selection) = Choose(node);
        if (selection.Declines.Count > 0)
        {
            _declines[node.Name] = selection.Declines;
        }

        Ints inputs = Ints.From(node.Inputs.Select(v => v is null ? -1L : SlotIn(v, _layouts.LayoutOf(node, v))));
        foreach (Value output in node.Outputs.OfType<Value>())
        {
            Layout layout = _layouts.LayoutOf(node, output);
            if (_placement.PartOf(output) is { } part && part.Layout == layout)
            {
                AddPart(output, part, WholeSlot(part.Whole));
            }
            else
            {
                AddSlot(output, SegmentOf(((TensorType)output.Type).Shape) == 0 ? SlotKind.Arena : SlotKind.Growable, layout: layout);
            }
        }

        _steps.Add(new KernelStep(node.Name, Sources(node), inputs, Ints.From(node.Outputs.Select(v => v is null ? -1L : _slotOf[v])), node.Operator, request, selection.Tactic.Id, selection.Option));
    }

    /// <summary>Copies to their places what was not computed there.</summary>
    private void LowerJoin(Node node, IReadOnlyList<PlacedPart> parts)
    {
        int whole = WholeSlot(node.Outputs[0]!);
        for (int i = 0; i < parts.Count; i++)
        {
            Value value = node.Inputs[i]!;
            int slot = SlotOf(value);
            if (_slots[slot] is { Kind: SlotKind.Part } made && made.Target == whole && made.Start == parts[i].Start && ReferenceEquals(_placement.PartOf(value), parts[i]))
            {
                continue;
            }

            KernelRequest request = PartPlacement.CopyRequest(value, _graph.Symbols, _slots[slot].Layout, parts[i].Layout);
            AddCopy($"join {value.Name}", value, request, slot, () => AddPartSlot(FreeName($"{value.Name}:joined"), value.Type, parts[i], whole, _steps.Count), Sources(node));
        }
    }

    /// <summary>The slot of what a concatenation makes, from the first of its parts on; it may be a part itself.</summary>
    private int WholeSlot(Value whole)
    {
        if (_slotOf.TryGetValue(whole, out int slot))
        {
            return slot;
        }

        Layout layout = _layouts.LayoutOf(whole.Producer!, whole);
        return _placement.PartOf(whole) is { } part && part.Layout == layout ? AddPart(whole, part, WholeSlot(part.Whole)) : AddSlot(whole, SlotKind.Arena, layout: layout);
    }

    private int AddPart(Value value, PlacedPart part, int whole) =>
        _slotOf[value] = AddPartSlot(value.Name, value.Type, part, whole, _placement.IsCut(value.Producer!) ? _slots[whole].FirstStep : _steps.Count);

    private int AddPartSlot(string name, IrType type, PlacedPart part, int whole, int firstStep)
    {
        int index = _slots.Count;
        _slots.Add(new(index, name, type, part.Layout, SlotKind.Part, firstStep, -1, whole) { Axis = part.Axis, Start = part.Start });
        _dims.Add(null);
        _segments.Add(0);
        DescribeDims(index);
        return index;
    }

    /// <summary>Chooses a tactic in the node's layouts. Where every kernel in them turns out to be wrong or too large, the node goes back to row-major, which the reference takes.</summary>
    private (KernelRequest Request, Selection Selection) Choose(Node node)
    {
        KernelRequest request = Request();
        if (_chooser.Find(request, node.Operator, _samples.Of(node.Inputs, node.Outputs, request)) is { } found)
        {
            return (request, found);
        }

        _layouts.Revert(node);
        request = Request();
        return (request, _chooser.Select(request, node.Operator, _samples.Of(node.Inputs, node.Outputs, request)));

        KernelRequest Request() => RequestBuilder.Of(node, _graph.Symbols, v => _layouts.LayoutOf(node, v));
    }

    /// <summary>A value's slot in the wanted layout; a step that converts it is added where it lies otherwise.</summary>
    private int SlotIn(Value value, Layout layout)
    {
        int slot = SlotOf(value);
        if (_slots[slot].Layout == layout || value.Constant is not null)
        {
            return slot;
        }

        if (_reformatted.TryGetValue((value, layout), out int known))
        {
            return known;
        }

        KernelOperand operand = RequestBuilder.Operand(value, _graph.Symbols);
        KernelRequest request = LayoutAssignment.Conversion(operand, _slots[slot].Layout, layout);
        return _reformatted[(value, layout)] = AddCopy($"reformat {value.Name}", value, request, slot, AddReformatted, value.Producer is { } producer ? Sources(producer) : Texts.Empty);

        int AddReformatted()
        {
            int target = _slots.Count;
            _slots.Add(new(target, FreeName($"{value.Name}:{(layout.IsRowMajor ? "row-major" : "reformatted")}"), value.Type, layout, SegmentOf(value.Tensor!.Shape) == 0 ? SlotKind.Arena : SlotKind.Growable, _steps.Count, -1));
            _dims.Add(null);
            _segments.Add(0);
            DescribeDims(target);
            return target;
        }
    }

    /// <summary>Adds a step that copies a slot to one that is made for it.</summary>
    private int AddCopy(string name, Value value, KernelRequest request, int source, Func<int> addTarget, Texts sources)
    {
        Selection selection = _chooser.Select(request, new Identity(), _samples.Of([value], [value], request));
        int target = addTarget();
        _steps.Add(new KernelStep(name, sources, [source], [target], new Identity(), request, selection.Tactic.Id, selection.Option));
        return target;
    }

    private string FreeName(string name) => _slots.Exists(s => s.Name == name) ? FreeName(name + "'") : name;

    /// <summary>A step that runs on the host: its outputs are managed where their shape is not known before it has run, and it binds the symbols that stand for such shapes.</summary>
    private void AddControl(Node node, Func<Ints, Ints, Step> make)
    {
        Ints inputs = Slots(node.Inputs);
        Dictionary<string, int> fresh = new(StringComparer.Ordinal);
        foreach (Value output in node.Outputs.OfType<Value>())
        {
            bool planned = output.Type is TensorType { ElementType: not DataType.String, Shape.IsRanked: true } type && type.Shape.All(IsKnown) && SegmentOf(type.Shape) == 0 && node.Operator is (If or Loop);
            int slot = AddSlot(output, planned ? SlotKind.Arena : SlotKind.Managed);
            if (output.Type is not TensorType { Shape.IsRanked: true } ranked)
            {
                continue;
            }

            for (int axis = 0; axis < ranked.Shape.Rank; axis++)
            {
                if (ranked.Shape[axis].SymbolName is { } symbol && !_known.ContainsKey(symbol) && fresh.TryAdd(symbol, _segmentSteps.Count))
                {
                    _bindings.Add(new(symbol, slot, axis, _steps.Count));
                }
            }
        }

        if (fresh.Count > 0)
        {
            _segmentSteps.Add(_steps.Count);
            foreach ((string symbol, int segment) in fresh)
            {
                _known[symbol] = segment;
            }
        }

        // A shape of fresh symbols only is known from now on.
        foreach (Value output in node.Outputs.OfType<Value>())
        {
            DescribeDims(_slotOf[output]);
        }

        _steps.Add(make(inputs, Slots(node.Outputs)));
    }

    private Plan Body(Graph body) => Lower(body, _chooser, _samples, _constants, _declines, _known.Keys);

    /// <summary>A device takes the node if all operands are numeric tensors whose dimensions are known when it starts.</summary>
    private bool IsKernel(Node node) =>
        (node.Operator is IFusedOperator or not ISubgraphOperator)
        && node.Inputs.Concat(node.Outputs).OfType<Value>().All(v => v.Type is TensorType { ElementType: not DataType.String, Shape.IsRanked: true } type && type.Shape.All(IsKnown))
        && node.Inputs.OfType<Value>().All(v => _slots[SlotOf(v)].Kind != SlotKind.Managed || v.Type is TensorType { Shape.IsRanked: true });

    private bool IsView(Node node) =>
        node.Inputs[0] is { } input && input.Type is TensorType { ElementType: not DataType.String, Shape.IsRanked: true }
        && node.Outputs[0]!.Type is TensorType { Shape.IsRanked: true } type && type.Shape.All(IsKnown)
        && node.Outputs.Skip(1).All(o => o is null);

    private bool IsKnown(Dim dim) => dim.IsConstant || dim.Symbols.All(_known.ContainsKey);

    private int SegmentOf(Dim dim) => dim.IsConstant ? 0 : dim.Symbols.Max(s => _known[s]);

    private int SegmentOf(Shape shape) => shape.Rank == 0 ? 0 : shape.Max(SegmentOf);

    private int AddSlot(Value value, SlotKind kind, int target = -1, Shape? contents = null, int segment = 0, Layout? layout = null)
    {
        int index = _slots.Count;
        int firstStep = kind switch
        {
            SlotKind.Input or SlotKind.Constant or SlotKind.Dims => -1,
            // A view is there as soon as what it views.
            SlotKind.View => _slots[target].FirstStep,
            _ => _steps.Count,
        };
        _slots.Add(new(index, value.Name, value.Type, layout ?? Layout.RowMajor, kind, firstStep, -1, target, contents));
        _slotOf[value] = index;
        _dims.Add(null);
        _segments.Add(segment);
        DescribeDims(index);
        return index;
    }

    private void DescribeDims(int slot)
    {
        if (_slots[slot].Type is TensorType { Shape.IsRanked: true } type && type.Shape.All(IsKnown))
        {
            _dims[slot] = type.Shape;
            _segments[slot] = Math.Max(_segments[slot], SegmentOf(type.Shape));
        }
    }

    private int SlotOf(Value value)
    {
        if (_slotOf.TryGetValue(value, out int slot))
        {
            return slot;
        }

        return value.Constant is { } constant
            ? AddSlot(value, SlotKind.Constant, _constants.NumberOf(constant))
            : throw new InternalCompilerException($"%{value.Name} is used in \"{_graph.Name}\" before it is made.");
    }

    private Ints Slots(IReadOnlyList<Value?> values) => Ints.From(values.Select(v => v is null ? -1L : SlotIn(v, Layout.RowMajor)));

    private static Texts Sources(Node node) => Texts.From(node.Provenance.Sources.Count > 0 ? node.Provenance.Sources : [node.Name]);

    /// <summary>A slot lives from the step that writes it to the last step that reads it or a view of it; plan outputs live to the end.</summary>
    private void SetLifetimes(List<PlanOutput> outputs)
    {
        int[] last = new int[_slots.Count];
        Array.Fill(last, -1);
        for (int step = 0; step < _steps.Count; step++)
        {
            foreach (long slot in _steps[step].Inputs.Concat(_steps[step].Outputs))
            {
                if (slot >= 0)
                {
                    last[slot] = step;
                }
            }
        }

        foreach (PlanOutput output in outputs)
        {
            last[output.Slot] = _steps.Count;
        }

        // Views come after what they view, so one backward walk carries lifetimes through chains of them.
        for (int slot = _slots.Count - 1; slot >= 0; slot--)
        {
            if (_slots[slot].Kind is SlotKind.View or SlotKind.Part)
            {
                last[_slots[slot].Target] = Math.Max(last[_slots[slot].Target], last[slot]);
            }

            // A part that nobody reads is there nevertheless.
            _slots[slot] = _slots[slot] with { LastStep = _slots[slot].Kind == SlotKind.Part ? Math.Max(last[slot], _slots[slot].FirstStep) : last[slot] };
        }
    }
}
