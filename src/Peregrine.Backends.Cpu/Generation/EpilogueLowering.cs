using Peregrine.CodeGen.X64;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Generation;

/// <summary>
/// Writes pointwise expressions as instructions of a kernel, so that they join its register allocation. Arithmetic is float32, functions as exact as <see cref="MathLibrary"/> says; a product that
/// only one sum uses is not rounded before it is added. NaN propagates through Min and Max; of two zeros of different sign either may come out.
/// </summary>
internal sealed class EpilogueLowering
{
    private readonly KernelBuilder _p;
    private readonly EpilogueGraph _graph;
    private readonly Func<int, VReg> _operand;
    private readonly VReg[] _values;
    private readonly int[] _needs;

    private EpilogueLowering(KernelBuilder p, EpilogueGraph graph, Func<int, VReg> operand)
    {
        (_p, _graph, _operand) = (p, graph, operand);
        _values = new VReg[graph.Nodes.Count];
        _needs = new int[graph.Nodes.Count];
        for (int i = 0; i < _needs.Length; i++) { _needs[i] = Need(graph.Nodes[i]); }
    }

    /// <summary>
    /// Writes the expression and returns the register of its value: a vector of floats, or a mask where it is a bool.
    /// </summary>
    /// <param name="p">The kernel.</param>
    /// <param name="e">The expression; <see cref="WhyNot"/> must have no objection, else <see cref="ArgumentException"/>.</param>
    /// <param name="operand">
    /// Gives the value of an operand: a vector of floats; for a bool a mask, or a vector of dwords that are 0 where it is false. Called at most once for each operand, where the value is first
    /// needed, so that it can load it just then. The register is not written to.
    /// </param>
    /// <param name="operandTypes">Types of the operands; null: float32 all.</param>
    public static VReg Apply(KernelBuilder p, Expr e, Func<int, VReg> operand, IReadOnlyList<DataType>? operandTypes = null)
    {
        EpilogueGraph graph = new(e, operandTypes);
        if (graph.Problem is not null) { throw new ArgumentException($"The expression {e} cannot be lowered: {graph.Problem}.", nameof(e)); }
        return new EpilogueLowering(p, graph, operand).Value(graph.Result);
    }

    /// <summary>The same for a graph that is written more than once.</summary>
    public static VReg Apply(KernelBuilder p, EpilogueGraph graph, Func<int, VReg> operand) => new EpilogueLowering(p, graph, operand).Value(graph.Result);

    /// <summary>Registers that live at once at most while the expression is computed, the value of its first operand counted.</summary>
    public static int RegistersOf(EpilogueGraph graph) => new EpilogueLowering(null!, graph, _ => default)._needs.Max();

    /// <summary>Why the expression cannot be lowered ("Tan", "operands of float64"), or null if it can.</summary>
    public static string? WhyNot(Expr e, IReadOnlyList<DataType> operandTypes) => new EpilogueGraph(e, operandTypes).Problem;

    /// <summary>Bool or float32; the expression must be one that can be lowered.</summary>
    public static DataType ResultType(Expr e, IReadOnlyList<DataType> operandTypes)
    {
        EpilogueGraph graph = new(e, operandTypes);
        return graph.Nodes[graph.Result].IsBool ? DataType.Bool : DataType.Float32;
    }

    /// <summary>About how many instructions the expression takes for a vector.</summary>
    public static int Operations(Expr e, IReadOnlyList<DataType> operandTypes) => new EpilogueGraph(e, operandTypes).Nodes.Sum(n => n.Step switch
    {
        EpilogueStep.Constant => 0,
        EpilogueStep.Erf => 25,
        EpilogueStep.TanhSoftplus => 20,
        EpilogueStep.SigmoidProduct => 14,
        EpilogueStep.Unary when !n.IsBool => 1 + ((EpilogueFunctions.Need((UnaryFunction)n.Data) - 1) * 5),
        EpilogueStep.Binary when n.Is(BinaryFunction.Divide) => 8,
        _ => 1,
    });

    // Registers that live at once while the node is computed, after R. Sethi and J. Ullman (1970); shared values count at each use.
    private int Need(in EpilogueNode node)
    {
        Span<int> children = stackalloc int[EpilogueNode.MostChildren];
        int need = 0, kept = 0;
        foreach (int child in InOrder(node, children))
        {
            need = Math.Max(need, _needs[child] + kept);
            kept++;
        }

        return node.Step switch
        {
            EpilogueStep.Operand or EpilogueStep.Constant => 1,
            EpilogueStep.Unary => Math.Max(need, node.IsBool ? 1 : EpilogueFunctions.Need((UnaryFunction)node.Data)),
            EpilogueStep.TanhSoftplus or EpilogueStep.Erf or EpilogueStep.SigmoidProduct => Math.Max(need, 4),
            _ => need,
        };
    }

    // The hungriest first: it needs most while nothing else is kept. Of equally hungry ones the first. (Written out, because it is asked for every node of every vector of a tile.)
    private ReadOnlySpan<int> InOrder(in EpilogueNode node, Span<int> children)
    {
        int count = 0;
        foreach (int child in (ReadOnlySpan<int>)[node.A, node.B, node.C])
        {
            if (child < 0 || children[..count].Contains(child)) { continue; }
            int at = count++;
            for (; at > 0 && _needs[children[at - 1]] < _needs[child]; at--) { children[at] = children[at - 1]; }
            children[at] = child;
        }

        return children[..count];
    }

    private VReg Value(int number)
    {
        if (_values[number].IsValid) { return _values[number]; }
        EpilogueNode node = _graph.Nodes[number];
        foreach (int child in InOrder(node, stackalloc int[EpilogueNode.MostChildren])) { Value(child); }
        VReg value = Write(node);
        _values[number] = value;
        return value;
    }

    private VReg Write(in EpilogueNode node)
    {
        VReg a = node.A >= 0 ? _values[node.A] : default, b = node.B >= 0 ? _values[node.B] : default, c = node.C >= 0 ? _values[node.C] : default;
        switch (node.Step)
        {
            case EpilogueStep.Operand: return Operand(node);
            case EpilogueStep.Constant: return node.IsBool ? _p.TailMask(node.Data != 0 ? _p.Lanes : 0) : _p.ConstantBits((uint)node.Data);
            case EpilogueStep.Unary: return node.IsBool ? Test((UnaryFunction)node.Data, a) : EpilogueFunctions.Apply(_p, (UnaryFunction)node.Data, a);
            case EpilogueStep.Binary when node.IsBool: return Logic(node, a, b);
            case EpilogueStep.Binary: return Arithmetic(node, a, b);
            case EpilogueStep.Select: return node.IsBool ? _p.MaskOr(_p.MaskAnd(a, b), _p.MaskAnd(_p.MaskNot(a), c)) : _p.Select(a, b, c);
            case EpilogueStep.BoolToFloat: return _p.Select(a, _p.Constant(1), _p.Constant(0));
            case EpilogueStep.FloatToBool: return _p.Compare(a, FloatComparison.NotEqual, _p.Constant(0));
            case EpilogueStep.MultiplyAdd: return _p.MultiplyAdd(a, b, c);
            case EpilogueStep.NegatedMultiplyAdd: return _p.NegatedMultiplyAdd(a, b, c);
            case EpilogueStep.SigmoidProduct: return MathLibrary.SigmoidProduct<BuilderLanes, VReg, VReg>(new(_p), a, b);
            case EpilogueStep.Erf: return MathLibrary.Erf<BuilderLanes, VReg, VReg>(new(_p), a, b);
            case EpilogueStep.TanhSoftplus: return MathLibrary.TanhSoftplus<BuilderLanes, VReg, VReg>(new(_p), a);
            default: throw new InvalidOperationException(node.ToString());
        }
    }

    private VReg Operand(in EpilogueNode node)
    {
        VReg value = _operand(node.Data);
        if (node.IsBool) { return value.Class == RegisterClass.Mask ? value : _p.CompareS32(value, Condition.NotEqual, _p.ConstantBits(0)); }
        return value.Class == RegisterClass.Vec ? value : throw new InvalidOperationException($"Operand {node.Data} is a number but came as {value}.");
    }

    private VReg Test(UnaryFunction function, VReg x) => function switch
    {
        UnaryFunction.Not => _p.MaskNot(x),
        UnaryFunction.IsNaN => _p.Compare(x, FloatComparison.Unordered, x),
        UnaryFunction.IsPositiveInfinity => _p.Compare(x, FloatComparison.Equal, _p.Constant(float.PositiveInfinity)),
        _ => _p.Compare(x, FloatComparison.Equal, _p.Constant(float.NegativeInfinity)),
    };

    private VReg Logic(in EpilogueNode node, VReg a, VReg b)
    {
        if (a.Class == RegisterClass.Vec)
        {
            return _p.Compare(a, (BinaryFunction)node.Data switch
            {
                BinaryFunction.Equal => FloatComparison.Equal,
                BinaryFunction.Less => FloatComparison.Less,
                _ => FloatComparison.LessOrEqual,
            }, b);
        }

        return (BinaryFunction)node.Data switch
        {
            BinaryFunction.And => _p.MaskAnd(a, b),
            BinaryFunction.Or => _p.MaskOr(a, b),
            BinaryFunction.Xor => Differ(a, b),
            _ => _p.MaskNot(Differ(a, b)),
        };
    }

    private VReg Differ(VReg a, VReg b) => _p.MaskAnd(_p.MaskOr(a, b), _p.MaskNot(_p.MaskAnd(a, b)));

    private VReg Arithmetic(in EpilogueNode node, VReg a, VReg b)
    {
        switch ((BinaryFunction)node.Data)
        {
            case BinaryFunction.Add: return _p.Add(a, b);
            case BinaryFunction.Subtract: return _p.Subtract(a, b);
            case BinaryFunction.Multiply: return _p.Multiply(a, b);
            case BinaryFunction.Divide: return _p.Divide(a, b);
        }

        // The instruction returns its second source where either is NaN: what is never NaN stands first.
        Func<VReg, VReg, VReg> limit = node.Is(BinaryFunction.Min) ? _p.Min : _p.Max;
        if (_graph.IsNeverNaN(node.A)) { return limit(a, b); }
        if (_graph.IsNeverNaN(node.B)) { return limit(b, a); }
        VReg limited = limit(a, b);
        return _p.Select(_p.Compare(a, FloatComparison.Unordered, a), a, limited);
    }
}
