using Peregrine.Operators;
using Peregrine.Runtime.Planning;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Format;

/// <summary>
/// Plans: slots, inputs, outputs, steps, shape program; sub-plans stand inside their steps. Symbols are numbers in the symbols section, kernels numbers in the recipes section,
/// source names stand in the provenance section in the order of the steps. References are checked by <see cref="PlanValidator"/> once the whole is there.
/// </summary>
internal static class PlanCodec
{
    private enum StepKind : byte
    {
        Kernel,
        Host,
        If,
        Loop,
    }

    public static void Write(StructureWriter w, StructureWriter provenance, Plan plan, SymbolPool symbols, RecipePool recipes)
    {
        w.Enter();
        w.Text(plan.Name);
        w.Bytes.WriteCount(plan.Symbols.Count);
        foreach (Symbol symbol in plan.Symbols)
        {
            w.Bytes.WriteUnsigned((ulong)symbols.Number(symbol));
        }

        w.Bytes.WriteCount(plan.Slots.Count);
        foreach (BufferSlot slot in plan.Slots)
        {
            WriteSlot(w, slot);
        }

        w.Bytes.WriteSignedList([.. plan.Inputs.Select(i => (long)i)]);
        w.Bytes.WriteCount(plan.Outputs.Count);
        foreach (PlanOutput output in plan.Outputs)
        {
            w.Text(output.Name);
            w.Bytes.WriteSigned(output.Slot);
        }

        w.Bytes.WriteCount(plan.Steps.Count);
        foreach (Step step in plan.Steps)
        {
            provenance.Texts(step.Sources);
            WriteStep(w, provenance, step, symbols, recipes);
        }

        WriteShapes(w, plan.Shapes);
        w.Leave();
    }

    /// <param name="provenance">Null for an engine without that section.</param>
    public static Plan Read(StructureReader r, StructureReader? provenance, IReadOnlyList<Symbol> symbols, IReadOnlyList<Recipe> recipes)
    {
        r.Bytes.Enter();
        string name = r.Text();
        Symbol[] own = new Symbol[r.Bytes.ReadCount(1)];
        for (int i = 0; i < own.Length; i++)
        {
            own[i] = symbols[r.Bytes.ReadIndex(symbols.Count, "a symbol")];
        }

        BufferSlot[] slots = new BufferSlot[r.Bytes.ReadCount(8)];
        for (int i = 0; i < slots.Length; i++)
        {
            slots[i] = ReadSlot(r, i);
        }

        int[] inputs = new int[r.Bytes.ReadCount(1)];
        for (int i = 0; i < inputs.Length; i++)
        {
            inputs[i] = Number(r);
        }

        PlanOutput[] outputs = new PlanOutput[r.Bytes.ReadCount(2)];
        for (int i = 0; i < outputs.Length; i++)
        {
            outputs[i] = new(r.Text(), Number(r));
        }

        List<Step> steps = [];
        for (int count = r.Bytes.ReadCount(5); count > 0; count--)
        {
            steps.Add(ReadStep(r, provenance, symbols, recipes));
        }

        Plan plan = new(name, slots, inputs, outputs, steps, ReadShapes(r), own);
        r.Bytes.Leave();
        return plan;
    }

    private static void WriteSlot(StructureWriter w, BufferSlot slot)
    {
        w.Text(slot.Name);
        w.Type(slot.Type);
        w.Layout(slot.Layout);
        w.Bytes.WriteUnsigned((ulong)slot.Kind);
        w.Bytes.WriteSigned(slot.FirstStep);
        w.Bytes.WriteSigned(slot.LastStep);
        w.Bytes.WriteSigned(slot.Target);
        w.Bytes.WriteBoolean(slot.Contents is not null);
        if (slot.Contents is { } contents)
        {
            w.Shape(contents);
        }

        if (slot.Kind == SlotKind.Part)
        {
            w.Bytes.WriteSigned(slot.Axis);
            w.Bytes.WriteSigned(slot.Start);
        }
    }

    private static BufferSlot ReadSlot(StructureReader r, int index)
    {
        BufferSlot slot = new(
            index,
            r.Text(),
            r.Type(),
            r.Layout(),
            r.Bytes.ReadEnum<SlotKind>("the kind of a slot"),
            Number(r),
            Number(r),
            Number(r),
            r.Bytes.ReadBoolean() ? r.Shape() : null);
        return slot.Kind == SlotKind.Part ? slot with { Axis = Number(r), Start = r.Bytes.ReadSigned() } : slot;
    }

    private static void WriteStep(StructureWriter w, StructureWriter provenance, Step step, SymbolPool symbols, RecipePool recipes)
    {
        w.Bytes.WriteByte((byte)(step switch { KernelStep => StepKind.Kernel, HostStep => StepKind.Host, IfStep => StepKind.If, _ => StepKind.Loop }));
        w.Text(step.Name);
        w.Bytes.WriteSignedList(step.Inputs.AsSpan());
        w.Bytes.WriteSignedList(step.Outputs.AsSpan());
        switch (step)
        {
            case KernelStep kernel:
                OperatorCodec.Write(w, kernel.Operator);
                w.Bytes.WriteUnsigned((ulong)recipes.Number(kernel));
                break;
            case HostStep host:
                OperatorCodec.Write(w, host.Operator);
                break;
            case IfStep branches:
                Write(w, provenance, branches.Then, symbols, recipes);
                Write(w, provenance, branches.Else, symbols, recipes);
                break;
            case LoopStep loop:
                w.Bytes.WriteSigned(loop.CarriedCount);
                Write(w, provenance, loop.Body, symbols, recipes);
                break;
            default:
                throw new ArgumentException($"{step.GetType()} has no form in engine files.", nameof(step));
        }
    }

    private static Step ReadStep(StructureReader r, StructureReader? provenance, IReadOnlyList<Symbol> symbols, IReadOnlyList<Recipe> recipes)
    {
        Texts sources = provenance?.Texts() ?? Texts.Empty;
        StepKind kind = r.Bytes.ReadEnum<StepKind>("the kind of a step");
        string name = r.Text();
        Ints inputs = Ints.From(r.Bytes.ReadSignedList()), outputs = Ints.From(r.Bytes.ReadSignedList());
        switch (kind)
        {
            case StepKind.Kernel:
                Operator op = OperatorCodec.Read(r);
                Recipe recipe = recipes[r.Bytes.ReadIndex(recipes.Count, "a recipe")];
                return new KernelStep(name, sources, inputs, outputs, op, recipe.Request, recipe.Tactic, recipe.Option);
            case StepKind.Host:
                return new HostStep(name, sources, inputs, outputs, OperatorCodec.Read(r));
            case StepKind.If:
                return new IfStep(name, sources, inputs, outputs, Read(r, provenance, symbols, recipes), Read(r, provenance, symbols, recipes));
            default:
                int carried = r.Bytes.ReadInt32(0, int.MaxValue, "the number of carried values");
                return new LoopStep(name, sources, inputs, outputs, Read(r, provenance, symbols, recipes), carried);
        }
    }

    private static void WriteShapes(StructureWriter w, ShapeProgram shapes)
    {
        w.Bytes.WriteCount(shapes.Bindings.Count);
        foreach (SymbolBinding binding in shapes.Bindings)
        {
            w.Text(binding.Symbol);
            w.Bytes.WriteSigned(binding.Slot);
            w.Bytes.WriteSigned(binding.Axis);
            w.Bytes.WriteSigned(binding.Step);
        }

        w.Bytes.WriteCount(shapes.SlotDims.Count);
        foreach (Shape? dims in shapes.SlotDims)
        {
            w.Bytes.WriteBoolean(dims is not null);
            if (dims is not null)
            {
                w.Shape(dims);
            }
        }

        w.Bytes.WriteSignedList(shapes.SlotSegments.AsSpan());
        w.Bytes.WriteSignedList(shapes.SegmentSteps.AsSpan());
        w.Bytes.WriteCount(shapes.Constraints.Count);
        foreach ((int slot, int axis, Dim dim) in shapes.Constraints)
        {
            w.Bytes.WriteSigned(slot);
            w.Bytes.WriteSigned(axis);
            w.Dim(dim);
        }
    }

    private static ShapeProgram ReadShapes(StructureReader r)
    {
        SymbolBinding[] bindings = new SymbolBinding[r.Bytes.ReadCount(4)];
        for (int i = 0; i < bindings.Length; i++)
        {
            bindings[i] = new(r.Text(), Number(r), Number(r), Number(r));
        }

        Shape?[] dims = new Shape?[r.Bytes.ReadCount(1)];
        for (int i = 0; i < dims.Length; i++)
        {
            dims[i] = r.Bytes.ReadBoolean() ? r.Shape() : null;
        }

        Ints slotSegments = Ints.From(r.Bytes.ReadSignedList()), segmentSteps = Ints.From(r.Bytes.ReadSignedList());
        (int, int, Dim)[] constraints = new (int, int, Dim)[r.Bytes.ReadCount(3)];
        for (int i = 0; i < constraints.Length; i++)
        {
            constraints[i] = (Number(r), Number(r), r.Dim());
        }

        return new(ValueList.From(bindings), ValueList.From(dims), slotSegments, segmentSteps, ValueList.From(constraints));
    }

    /// <summary>A number of a slot, axis or step, or −1; the validator knows the limits.</summary>
    private static int Number(StructureReader r) => r.Bytes.ReadInt32(-1, int.MaxValue, "a slot, axis or step");
}
