using Peregrine.Ir;
using Peregrine.Runtime.Format;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;
using Peregrine.Runtime.Tests.Format;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Tests.Planning;

public sealed class PlanValidatorTests
{
    private static readonly EngineContent Sample = SampleEngines.Full();

    [Fact]
    public void A_consistent_plan_has_no_problem() => Assert.Null(PlanValidator.Problem(Sample));

    [Fact]
    public void Broken_slots_are_found()
    {
        BrokenSlot(0, s => s with { Index = 1 }, "bears the number");
        BrokenSlot(2, s => s with { LastStep = 99 }, "lives from step");
        BrokenSlot(2, s => s with { FirstStep = 1 }, "slot 2 (%y)");
        BrokenSlot(2, s => s with { LastStep = 0 }, "end of the plan");
        BrokenSlot(12, s => s with { FirstStep = 0, LastStep = 0 }, "has to write");
        BrokenSlot(1, s => s with { Target = 77 }, "constant 77");
        BrokenSlot(1, s => s with { Target = 3 }, "its constant is str[3]");
        BrokenSlot(1, s => s with { Layout = new() { Order = [1, 0] } }, "row-major");
        BrokenSlot(3, s => s with { Target = 3 }, "leads back");
        BrokenSlot(3, s => s with { Target = 4 }, "slot 3");
        BrokenSlot(3, s => s with { Type = new TensorType(DataType.Float32, [(4 * Dim.Symbol("N")) + 1]) }, "other number of elements");
        BrokenSlot(6, s => s with { Contents = null }, "contents");
        BrokenSlot(6, s => s with { Contents = [1, 2, 3] }, "contents");
        BrokenSlot(8, s => s with { Type = new TensorType(DataType.String, [1]) }, "no place in an arena");
        BrokenSlot(8, s => s with { Layout = Layout.ChannelsLast(3) }, "layout");
        BrokenSlot(12, s => s with { Layout = s.Layout with { Fill = HaloFill.Zero } }, "requested for");
    }

    [Fact]
    public void Broken_parts_are_found()
    {
        BrokenSlot(15, s => s with { Axis = 2 }, "does not have");
        BrokenSlot(15, s => s with { Start = -1 }, "does not have");
        BrokenSlot(16, s => s with { Start = 5 }, "is no part of");
        BrokenSlot(16, s => s with { Start = 3 }, "overlap or leave gaps");
        BrokenSlot(15, s => s with { Start = 1 }, "overlap or leave gaps");
        BrokenSlot(16, s => s with { Axis = 0, Start = 0 }, "is no part of");
        BrokenSlot(15, s => s with { Type = new TensorType(DataType.Int4, [Dim.Symbol("N"), 4]) }, "slot 15");
        BrokenSlot(16, s => s with { Target = 12 }, "slot 16");
        BrokenSlot(16, s => s with { Target = 16 }, "leads back");
        // The whole is complete after step 7 only.
        BrokenStep(7, s => s with { Inputs = [14] }, "reads slot 14");
        BrokenStep(7, s => s with { Outputs = [14] }, "slot 14");
        BrokenStep(7, s => s with { Outputs = [-1] }, "end at 4");
    }

    [Fact]
    public void Broken_steps_are_found()
    {
        BrokenStep(0, s => s with { Inputs = [0, 1] }, "has 3");
        BrokenStep(0, s => s with { Inputs = [0, 1, 0] }, "absent");
        BrokenStep(0, s => s with { Inputs = [0, 99, -1] }, "slot 99");
        BrokenStep(0, s => s with { Inputs = [8, 1, -1] }, "lives from step 3");
        BrokenStep(0, s => s with { Inputs = [1, 0, -1] }, "requested for");
        BrokenStep(0, s => s with { Outputs = [0] }, "has to write");
        BrokenStep(0, s => ((KernelStep)s) with { Request = Narrower(((KernelStep)s).Request, new(1, 63, 1)) }, "other extents");
        BrokenStep(0, s => ((KernelStep)s) with { Request = Narrower(((KernelStep)s).Request, new(2, 64, 1)) }, "other extents");
        BrokenStep(0, s => ((KernelStep)s) with { Request = Narrower(((KernelStep)s).Request, new(1, 64, 8)) }, "other extents");
        BrokenStep(1, s => ((KernelStep)s) with { Request = Steered(((KernelStep)s).Request) }, "values are not those");
        BrokenStep(3, s => s with { Inputs = [7] }, "inputs");
        BrokenStep(3, s => s with { Inputs = [7, 4] }, "calls it");
        BrokenStep(4, s => ((LoopStep)s) with { CarriedCount = 3 }, "carried");
        BrokenStep(4, s => s with { Outputs = [9] }, "outputs");
        BrokenStep(5, s => s with { Outputs = [-1] }, "no step writes slot 13");
    }

    [Fact]
    public void Broken_shape_programs_are_found()
    {
        ShapeProgram good = Sample.Plan.Shapes;
        BrokenShapes(good with { Bindings = [good.Bindings[0]] }, "which has no value then");
        BrokenShapes(good with { Bindings = [good.Bindings[0], good.Bindings[0]] }, "bound twice");
        BrokenShapes(good with { Bindings = [good.Bindings[0] with { Axis = 1 }, good.Bindings[1]] }, "not it");
        BrokenShapes(good with { Bindings = [good.Bindings[0] with { Slot = 2 }, good.Bindings[1]] }, "does not write");
        BrokenShapes(good with { SegmentSteps = [-1, 3] }, "no segment begins");
        BrokenShapes(good with { SegmentSteps = [-1, -1] }, "impossible step");
        BrokenShapes(good with { SegmentSteps = [] }, "no segment");
        BrokenShapes(good with { SlotSegments = [0] }, "one entry per slot");
        BrokenShapes(good with { SlotSegments = Ints.Repeat(0, good.SlotSegments.Count) }, "which has no value then");
        BrokenShapes(good with { Constraints = [(2, 0, 1)] }, "no input");
        BrokenShapes(good with { Constraints = [(0, 0, Dim.Symbol("u0"))] }, "which has no value then");
    }

    [Fact]
    public void Broken_interfaces_and_profiles_are_found()
    {
        Plan p = Sample.Plan;
        Broken(With(inputs: [0]), "not among the inputs");
        Broken(With(inputs: [0, 7, 7]), "given twice");
        Broken(With(inputs: [0, 7, 2]), "given as input");
        Broken(With(outputs: [new("y", 2), new("y", 4)]), "two outputs");
        Broken(With(outputs: [new("y", 17)]), "slot 17");
        Broken(With(outputs: [new("y", 12)]), "end of the plan");
        Broken(Sample with { Plan = new(p.Name, p.Slots, p.Inputs, p.Outputs, p.Steps, p.Shapes, [p.Symbols[0]]) }, "not listed");
        Broken(Sample with { Profiles = [new("a", [new("none", [], [], [])])] }, "does not exist");
        Broken(Sample with { Profiles = [new("a", [new("x", [1, 4], [8, 4], [7, 4])])] }, "min ≤ opt ≤ max");
        Broken(Sample with { Profiles = [new("a", [new("x", [1], [8], [9])])] }, "another rank");
        Broken(Sample with { Profiles = [new("a", []), new("a", [])] }, "two profiles");
    }

    private static KernelRequest Narrower(KernelRequest request, KernelDim rows) => request with { Inputs = [request.Inputs[0] with { Dims = [rows, request.Inputs[0].Dims[1]] }, .. request.Inputs.Skip(1)] };

    private static KernelRequest Steered(KernelRequest request) => request with { Inputs = [request.Inputs[0], request.Inputs[1] with { Contents = Tensor.Vector(1L) }] };

    private static EngineContent With(IReadOnlyList<BufferSlot>? slots = null, IReadOnlyList<int>? inputs = null, IReadOnlyList<PlanOutput>? outputs = null, IReadOnlyList<Step>? steps = null, ShapeProgram? shapes = null)
    {
        Plan p = Sample.Plan;
        return Sample with { Plan = new(p.Name, slots ?? p.Slots, inputs ?? p.Inputs, outputs ?? p.Outputs, steps ?? p.Steps, shapes ?? p.Shapes, p.Symbols) };
    }

    private static void BrokenSlot(int index, Func<BufferSlot, BufferSlot> change, string complaint) =>
        Broken(With(slots: [.. Sample.Plan.Slots.Select((s, i) => i == index ? change(s) : s)]), complaint);

    private static void BrokenStep(int index, Func<Step, Step> change, string complaint) =>
        Broken(With(steps: [.. Sample.Plan.Steps.Select((s, i) => i == index ? change(s) : s)]), complaint);

    private static void BrokenShapes(ShapeProgram shapes, string complaint) => Broken(With(shapes: shapes), complaint);

    private static void Broken(EngineContent content, string complaint) => Assert.Contains(complaint, PlanValidator.Problem(content) ?? "no problem", StringComparison.Ordinal);
}
