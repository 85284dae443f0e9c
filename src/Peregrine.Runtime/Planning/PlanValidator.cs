using Peregrine.Ir;
using Peregrine.Runtime.Format;
using Peregrine.Runtime.Kernels;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Planning;

/// <summary>
/// Checks that a plan is consistent in itself, whoever made it: every number refers to something, slots are written before they are read and read within their lifetime, kinds and types agree,
/// kernels are requested for just the operands they get, and every dimension can be computed when it is needed. What holds here, the runtime need not check again.
/// </summary>
public sealed class PlanValidator
{
    /// <summary>Views on views may be chained this far.</summary>
    public const int MaximumViewChain = 256;

    private readonly Plan _plan;
    private readonly Consistency _rules;
    private readonly IReadOnlyList<Constant> _constants;
    private readonly Dictionary<string, Symbol> _symbols = new(StringComparer.Ordinal);
    private readonly Func<string, bool> _isKnownOutside;

    private PlanValidator(Plan plan, string where, IReadOnlyList<Constant> constants, Func<string, bool> isKnownOutside)
    {
        _plan = plan;
        _rules = new(where);
        _constants = constants;
        _isKnownOutside = isKnownOutside;
    }

    /// <summary>The first inconsistency as one sentence that names plan, step or slot; null if there is none.</summary>
    public static string? Problem(EngineContent content)
    {
        try
        {
            new PlanValidator(content.Plan, $"plan \"{content.Plan.Name}\"", content.Constants, _ => false).Check();
            CheckProfiles(content);
            CheckPacked(content);
            return null;
        }
        catch (InconsistencyException problem)
        {
            return problem.Message;
        }
        catch (Exception problem) when (problem is OverflowException or DimException or DivideByZeroException)
        {
            return $"A size in plan \"{content.Plan.Name}\" cannot be computed: {problem.Message}";
        }
    }

    private static void CheckPacked(EngineContent content)
    {
        Consistency rules = new("packed weights");
        foreach (PackedWeight weight in content.Packed)
        {
            rules.Require(weight.Constant < content.Constants.Count, $"there is no constant {weight.Constant}");
            rules.Require(weight.Form?.WhyNot(content.Constants[weight.Constant].Data.Length) is null, $"the form of constant {weight.Constant} is not that of its elements");
        }
    }

    private void Check()
    {
        foreach (Symbol symbol in _plan.Symbols)
        {
            _rules.Require(_symbols.TryAdd(symbol.Name, symbol), $"the symbol \"{symbol.Name}\" is listed twice");
            _rules.Require(symbol.Min >= 0 && symbol.Min <= symbol.Max, $"the symbol {symbol} has no value");
        }

        foreach (Symbol symbol in _plan.Symbols)
        {
            _rules.Require(symbol.Bound is not { } bound || bound.Symbols.All(s => s != symbol.Name && (_symbols.ContainsKey(s) || _isKnownOutside(s))), $"the bound of the symbol \"{symbol.Name}\" refers to itself or to an unknown symbol");
        }

        for (int i = 0; i < _plan.Slots.Count; i++)
        {
            CheckSlot(_plan.Slots[i], i);
        }

        CheckInterface();
        ShapeProgramValidator shapes = new(_plan, _isKnownOutside, _rules);
        shapes.Check();
        CheckSteps(shapes);
    }

    private void CheckSlot(BufferSlot slot, int index)
    {
        string name = SlotName(index);
        int steps = _plan.Steps.Count;
        _rules.Require(slot.Index == index, $"{name} bears the number {slot.Index}");
        _rules.Require(slot.FirstStep >= -1 && slot.FirstStep < steps && slot.LastStep >= slot.FirstStep && slot.LastStep <= steps, $"{name} lives from step {slot.FirstStep} to {slot.LastStep}, but there are {steps} steps");
        TensorType? tensor = slot.Type as TensorType;
        _rules.Require(LayoutCodec.Problem(slot.Layout) is null && LayoutCodec.Fits(slot.Layout, tensor is { Shape.IsRanked: true } ? tensor.Shape.Rank : 0), $"{name} has the layout {slot.Layout}, which {slot.Type} cannot have");
        if (tensor is { Shape: { IsRanked: true, IsStatic: true } })
        {
            CheckSize(slot.Layout, tensor.Shape.ToStatic(), name);
        }

        _rules.Require((slot.Kind == SlotKind.Dims) == (slot.Contents is not null), $"{name} is of kind {slot.Kind} and has {(slot.Contents is null ? "no " : "")}contents");
        _rules.Require(slot.Kind is SlotKind.Constant or SlotKind.View or SlotKind.Part || slot.Target == -1, $"{name} is of kind {slot.Kind} but has a target");
        switch (slot.Kind)
        {
            case SlotKind.Input:
                _rules.Require(slot.FirstStep == -1, $"{name} is an input but step {slot.FirstStep} writes it");
                break;
            case SlotKind.Constant:
                _rules.Require(slot.FirstStep == -1 && slot.Target >= 0 && slot.Target < _constants.Count, $"{name} refers to constant {slot.Target} of {_constants.Count}");
                Tensor data = _constants[slot.Target].Data;
                _rules.Require(tensor is { Shape.IsRanked: true } && tensor.ElementType == data.Type && tensor.Shape.Equals(Shape.Of(data.Dims)), $"{name} is {slot.Type}, but its constant is {data}");
                _rules.Require(slot.Layout.IsRowMajor, $"{name} is a constant, which is row-major, not {slot.Layout}");
                break;
            case SlotKind.Arena:
                _rules.Require(tensor is { Shape.IsRanked: true } && tensor.ElementType.Bits() > 0, $"{name} is {slot.Type}, which has no place in an arena");
                _rules.Require(slot.FirstStep >= 0, $"{name} is never written");
                break;
            case SlotKind.Growable:
                _rules.Require(tensor is not null && tensor.ElementType.Bits() > 0, $"{name} is {slot.Type}, which has no place in a buffer");
                _rules.Require(slot.FirstStep >= 0, $"{name} is never written");
                break;
            case SlotKind.View:
                CheckView(slot, tensor, name);
                break;
            case SlotKind.Part:
                CheckTarget(slot, tensor, name);
                PartValidator.Check(slot, _plan.Slots[slot.Target], name, _rules);
                break;
            case SlotKind.Dims:
                _rules.Require(slot.Contents!.IsRanked && tensor is { ElementType: DataType.Int64 or DataType.Int32, Shape: { IsRanked: true, IsStatic: true } } && tensor.Shape.ElementCount == slot.Contents.Rank, $"{name} is {slot.Type}, but its contents are {slot.Contents}");
                break;
        }
    }

    private void CheckSize(Layout layout, long[] dims, string name)
    {
        _rules.Require(!Array.Exists(dims, d => d < 0), $"{name} has a negative dimension");
        try
        {
            layout.Resolve(dims);
        }
        catch (ArgumentException problem)
        {
            _rules.Require(false, $"{name} has an impossible layout: {problem.Message}");
        }
    }

    private void CheckView(BufferSlot slot, TensorType? tensor, string name)
    {
        CheckTarget(slot, tensor, name);
        BufferSlot viewed = _plan.Slots[slot.Target];
        Shape shape = tensor!.Shape, seen = ((TensorType)viewed.Type).Shape;
        _rules.Require(!shape.IsRanked || !seen.IsRanked || !Dim.ProvablyDifferent(shape.ElementCount, seen.ElementCount), $"{name} is {slot.Type} and cannot view the other number of elements of {viewed.Type}");
    }

    private void CheckTarget(BufferSlot slot, TensorType? tensor, string name)
    {
        BufferSlot target = slot;
        for (int length = 0; target.Kind is SlotKind.View or SlotKind.Part; length++)
        {
            _rules.Require(target.Target >= 0 && target.Target < _plan.Slots.Count && length < MaximumViewChain, $"{name} views slot {target.Target}, which does not exist, leads back to it, or is one of more than {MaximumViewChain} views on each other");
            target = _plan.Slots[target.Target];
        }

        BufferSlot viewed = _plan.Slots[slot.Target];
        _rules.Require(target.FirstStep <= slot.FirstStep, $"{name} exists before {SlotName(viewed.Index)}, which it views");
        _rules.Require(viewed.Type is TensorType other && tensor is not null && other.ElementType == tensor.ElementType, $"{name} is {slot.Type} and cannot view {viewed.Type}");
    }

    private void CheckInterface()
    {
        HashSet<int> inputs = [];
        foreach (int input in _plan.Inputs)
        {
            _rules.Require(input >= 0 && input < _plan.Slots.Count && inputs.Add(input) && _plan.Slots[input] is { FirstStep: -1, Kind: SlotKind.Input or SlotKind.Managed }, $"slot {input} is given as input, but is none or is given twice");
        }

        _rules.Require(_plan.Slots.All(s => s.Kind != SlotKind.Input || inputs.Contains(s.Index)), "a slot of kind Input is not among the inputs");
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (PlanOutput output in _plan.Outputs)
        {
            _rules.Require(names.Add(output.Name), $"two outputs are named \"{output.Name}\"");
            _rules.Require(output.Slot >= 0 && output.Slot < _plan.Slots.Count, $"output \"{output.Name}\" is slot {output.Slot} of {_plan.Slots.Count}");
            _rules.Require(_plan.Slots[output.Slot].LastStep == _plan.Steps.Count, $"output \"{output.Name}\" does not live to the end of the plan");
        }
    }

    private void CheckSteps(ShapeProgramValidator shapes)
    {
        bool[] written = new bool[_plan.Slots.Count];
        PartValidator parts = new(_plan, _rules);
        for (int i = 0; i < _plan.Steps.Count; i++)
        {
            Step step = _plan.Steps[i];
            string name = $"step {i} \"{step.Name}\"";
            foreach (long number in step.Inputs)
            {
                _rules.Require(number >= -1 && number < _plan.Slots.Count, $"{name} reads slot {number} of {_plan.Slots.Count}");
                if (number >= 0)
                {
                    BufferSlot slot = _plan.Slots[(int)number];
                    _rules.Require(slot.FirstStep < i && slot.LastStep >= i && parts.CompleteAfter((int)number) < i, $"{name} reads {SlotName((int)number)}, which lives from step {slot.FirstStep} to {slot.LastStep}");
                }
            }

            foreach (long number in step.Outputs)
            {
                _rules.Require(number >= -1 && number < _plan.Slots.Count, $"{name} writes slot {number} of {_plan.Slots.Count}");
                if (number >= 0)
                {
                    BufferSlot slot = _plan.Slots[(int)number];
                    _rules.Require(slot.FirstStep == i && !written[number] && slot.Kind is SlotKind.Arena or SlotKind.Growable or SlotKind.Managed or SlotKind.View or SlotKind.Part, $"{name} writes {SlotName((int)number)} of kind {slot.Kind}, which step {slot.FirstStep} has to write");
                    written[number] = true;
                }
            }

            switch (step)
            {
                case KernelStep kernel:
                    new KernelStepValidator(_plan, _symbols, _constants, new($"{_rules.Where}, {name}")).Check(kernel);
                    break;
                case IfStep branches:
                    _rules.Require(step.Inputs.Count >= 1 && step.Inputs.All(s => s >= 0), $"{name} lacks its condition or a capture");
                    RequireElements(_plan, step.Inputs[0], DataType.Bool, $"the condition of {name}");
                    CheckSubplan(branches.Then, $"{name} branch \"then\"", [.. step.Inputs.Skip(1)], [.. step.Outputs], shapes, i);
                    CheckSubplan(branches.Else, $"{name} branch \"else\"", [.. step.Inputs.Skip(1)], [.. step.Outputs], shapes, i);
                    break;
                case LoopStep loop:
                    _rules.Require(step.Inputs.Count >= 2 && step.Inputs.Skip(2).All(s => s >= 0) && loop.CarriedCount >= 0 && loop.CarriedCount <= Math.Min(step.Inputs.Count - 2, step.Outputs.Count), $"{name} has {loop.CarriedCount} carried values, {step.Inputs.Count} inputs and {step.Outputs.Count} outputs");
                    RequireElements(_plan, step.Inputs[0], DataType.Int64, $"the trip count of {name}");
                    RequireElements(_plan, step.Inputs[1], DataType.Bool, $"the condition of {name}");
                    // The body takes iteration number and condition first and gives the condition first, as ONNX's Loop; scan outputs are stacked, so their types differ by an axis.
                    CheckSubplan(loop.Body, $"{name} body", [-1, -1, .. step.Inputs.Skip(2)], [-1, .. step.Outputs], shapes, i);
                    RequireElements(loop.Body, loop.Body.Outputs[0].Slot, DataType.Bool, $"the condition that the body of {name} gives");
                    break;
            }
        }

        for (int i = 0; i < written.Length; i++)
        {
            _rules.Require(written[i] || parts.IsWritten(i) || _plan.Slots[i] is not ({ Kind: SlotKind.Arena or SlotKind.Growable } or { Kind: SlotKind.Managed, FirstStep: >= 0 }), $"no step writes {SlotName(i)}");
        }
    }

    private void RequireElements(Plan plan, long slot, DataType type, string what) =>
        _rules.Require(slot < 0 || (plan.Slots[(int)slot].Type as TensorType)?.ElementType == type, $"{what} is not of type {type.Name()}");

    private void CheckSubplan(Plan plan, string where, long[] arguments, long[] results, ShapeProgramValidator shapes, int step)
    {
        _rules.Require(plan.Inputs.Count == arguments.Length && plan.Outputs.Count == results.Length, $"{where} has {plan.Inputs.Count} inputs and {plan.Outputs.Count} outputs, but {arguments.Length} and {results.Length} are given");
        new PlanValidator(plan, $"{_rules.Where}, {where}", _constants, symbol => shapes.IsKnownBefore(symbol, step)).Check();
        for (int i = 0; i < arguments.Length; i++)
        {
            CheckPassing(arguments[i], plan.Slots[plan.Inputs[i]], where);
        }

        for (int i = 0; i < results.Length; i++)
        {
            CheckPassing(results[i], plan.Slots[plan.Outputs[i].Slot], where);
        }
    }

    /// <summary>A slot here (−1: none) and one of a sub-plan must hold the same kind of value.</summary>
    private void CheckPassing(long here, BufferSlot there, string where)
    {
        if (here >= 0)
        {
            IrType type = _plan.Slots[(int)here].Type;
            // What a branch that is impossible for these shapes would give is not known.
            _rules.Require(there.Type == IrType.Unknown || (type as TensorType)?.ElementType == (there.Type as TensorType)?.ElementType, $"{SlotName((int)here)} is {type}, but {where} calls it \"{there.Name}\" : {there.Type}");
        }
    }

    private static void CheckProfiles(EngineContent content)
    {
        Consistency rules = new("the profiles");
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (OptimizationProfile profile in content.Profiles)
        {
            rules.Require(names.Add(profile.Name), $"two profiles are named \"{profile.Name}\"");
            HashSet<string> inputs = new(StringComparer.Ordinal);
            foreach (ProfileInput input in profile.Inputs)
            {
                int slot = content.Plan.Inputs.FirstOrDefault(s => content.Plan.Slots[s].Name == input.Input, -1);
                rules.Require(slot >= 0 && inputs.Add(input.Input), $"profile \"{profile.Name}\" names the input \"{input.Input}\", which does not exist or was named before");
                int rank = input.Min.Count;
                rules.Require(input.Opt.Count == rank && input.Max.Count == rank && (content.Plan.Slots[slot].Type is not TensorType { Shape.IsRanked: true } type || type.Shape.Rank == rank), $"profile \"{profile.Name}\" gives \"{input.Input}\" another rank than {content.Plan.Slots[slot].Type}");
                rules.Require(Enumerable.Range(0, rank).All(i => input.Min[i] >= 0 && input.Min[i] <= input.Opt[i] && input.Opt[i] <= input.Max[i]), $"profile \"{profile.Name}\" gives \"{input.Input}\" extents that are not 0 ≤ min ≤ opt ≤ max");
            }
        }
    }

    private string SlotName(int index) => $"slot {index} (%{_plan.Slots[index].Name})";
}
