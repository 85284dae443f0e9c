using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Format;

/// <summary>What a kernel is made from.</summary>
internal readonly record struct Recipe(KernelRequest Request, TacticId Tactic, TacticOption Option);

/// <summary>Numbers the recipes of an engine while it is written: equal requests are stored once, and equal recipes too.</summary>
internal sealed class RecipePool(ConstantPool constants)
{
    private readonly StructureWriter _requests = new(constants);
    private readonly Dictionary<KernelRequest, int> _requestNumbers = [];
    private readonly Dictionary<Recipe, int> _recipeNumbers = [];
    private readonly List<Recipe> _recipes = [];

    public int Number(KernelStep step)
    {
        Recipe recipe = new(step.Request, step.Tactic, step.Option);
        if (_recipeNumbers.TryGetValue(recipe, out int number))
        {
            return number;
        }

        if (_requestNumbers.TryAdd(step.Request, _requestNumbers.Count))
        {
            Write(_requests, step.Request);
        }

        _recipeNumbers.Add(recipe, _recipes.Count);
        _recipes.Add(recipe);
        return _recipes.Count - 1;
    }

    /// <summary>The content of the recipes section: all requests, then per recipe the request's number, tactic and option.</summary>
    public ReadOnlyMemory<byte> Finish()
    {
        StructureWriter section = new(constants);
        section.Bytes.WriteCount(_requestNumbers.Count);
        section.Bytes.WriteBytes(_requests.Bytes.Content.Span);
        section.Bytes.WriteCount(_recipes.Count);
        foreach (Recipe recipe in _recipes)
        {
            section.Bytes.WriteUnsigned((ulong)_requestNumbers[recipe.Request]);
            section.Text(recipe.Tactic.Name);
            section.Bytes.WriteSigned(recipe.Tactic.Version);
            section.Text(recipe.Option.Text);
        }

        return section.Bytes.Content;
    }

    public static Recipe[] Read(BinarySectionReader section, StructureContext context)
    {
        StructureReader r = new(section, context);
        int requestCount = section.ReadCount(1);
        StructureReader inner = new(new(section.ReadBytes(), EngineSection.NameOf(SectionId.Recipes)), context);
        List<KernelRequest> requests = [];
        for (int i = 0; i < requestCount; i++)
        {
            requests.Add(ReadRequest(inner));
        }

        inner.Bytes.ExpectEnd();
        Recipe[] recipes = new Recipe[section.ReadCount(4)];
        for (int i = 0; i < recipes.Length; i++)
        {
            KernelRequest request = requests[section.ReadIndex(requests.Count, "a request")];
            string tactic = r.Text();
            int version = section.ReadInt32(0, int.MaxValue, "a tactic's version");
            recipes[i] = new(request, new(tactic, version), new(r.Text()));
        }

        section.ExpectEnd();
        return recipes;
    }

    private static void Write(StructureWriter w, KernelRequest request)
    {
        w.Bytes.WriteBoolean(request.Anchor is not null);
        if (request.Anchor is { } anchor)
        {
            OperatorCodec.Write(w, anchor);
        }

        WriteOperands(w, request.Inputs);
        WriteOperands(w, request.Outputs);
        w.Bytes.WriteBoolean(request.Epilogue is not null);
        if (request.Epilogue is { } epilogue)
        {
            ExprCodec.Write(w, epilogue);
        }
    }

    private static KernelRequest ReadRequest(StructureReader r)
    {
        Operator? anchor = r.Bytes.ReadBoolean() ? OperatorCodec.Read(r) : null;
        ValueList<KernelOperand> inputs = ReadOperands(r), outputs = ReadOperands(r);
        Expr? epilogue = r.Bytes.ReadBoolean() ? ExprCodec.Read(r) : null;
        return new(anchor, inputs, outputs, epilogue);
    }

    private static void WriteOperands(StructureWriter w, ValueList<KernelOperand> operands)
    {
        w.Bytes.WriteCount(operands.Count);
        foreach (KernelOperand operand in operands)
        {
            w.Bytes.WriteUnsigned((ulong)operand.Role);
            if (operand.Role == OperandRole.Absent)
            {
                continue;
            }

            w.Bytes.WriteUnsigned((ulong)operand.Type);
            w.Layout(operand.Layout);
            w.Bytes.WriteCount(operand.Dims.Count);
            foreach (KernelDim dim in operand.Dims)
            {
                w.Bytes.WriteSigned(dim.Min);
                w.Bytes.WriteSigned(dim.Max);
                w.Bytes.WriteSigned(dim.Divisor);
            }

            w.Bytes.WriteBoolean(operand.Contents is not null);
            if (operand.Contents is { } contents)
            {
                w.Tensor(contents);
            }
        }
    }

    private static ValueList<KernelOperand> ReadOperands(StructureReader r)
    {
        KernelOperand[] operands = new KernelOperand[r.Bytes.ReadCount(1)];
        for (int i = 0; i < operands.Length; i++)
        {
            OperandRole role = r.Bytes.ReadEnum<OperandRole>("the role of an operand");
            operands[i] = role == OperandRole.Absent ? KernelOperand.Absent : ReadOperand(r, role);
        }

        return ValueList.From(operands);
    }

    private static KernelOperand ReadOperand(StructureReader r, OperandRole role)
    {
        DataType type = r.Bytes.ReadEnum<DataType>("an element type");
        Layout layout = r.Layout();
        KernelDim[] dims = new KernelDim[r.Bytes.ReadCount(3)];
        for (int i = 0; i < dims.Length; i++)
        {
            KernelDim dim = new(r.Bytes.ReadSigned(), r.Bytes.ReadSigned(), r.Bytes.ReadSigned());
            dims[i] = dim.Min >= 0 && dim.Max >= dim.Min && dim.Divisor >= 1 ? dim : throw r.Error($"the dimension {dim} of an operand is impossible");
        }

        Tensor? contents = r.Bytes.ReadBoolean() ? r.Tensor() : null;
        if (type == DataType.Undefined || !LayoutCodec.Fits(layout, dims.Length))
        {
            throw r.Error("an operand has no element type, or a layout that its rank does not allow");
        }

        if ((role == OperandRole.Parameter) != (contents is not null) || (contents is not null && (contents.Type != type || !HasDims(contents, dims))))
        {
            throw r.Error("the contents of an operand do not fit its role, type or dimensions");
        }

        return new(role, type, layout, ValueList.From(dims), contents);
    }

    private static bool HasDims(Tensor tensor, KernelDim[] dims)
    {
        if (tensor.Rank != dims.Length)
        {
            return false;
        }

        for (int i = 0; i < dims.Length; i++)
        {
            if (!dims[i].IsStatic || dims[i].Min != tensor.Dims[i])
            {
                return false;
            }
        }

        return true;
    }
}
