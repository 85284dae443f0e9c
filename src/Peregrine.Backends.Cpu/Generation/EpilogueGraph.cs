using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Backends.Cpu.Generation;

/// <summary>
/// An <see cref="Expr"/> as nodes in order of dependence, equal values once, constants folded, products joined with the sums that alone use them. Where it cannot be lowered,
/// <see cref="Problem"/> says why.
/// </summary>
internal sealed class EpilogueGraph
{
    // Written code has no loops: longer chains are not worth it, and recursion stays shallow.
    private const int MaxDepth = 256;

    private readonly List<EpilogueNode> _nodes = [];
    private readonly List<bool> _neverNaN = [];
    private readonly Dictionary<EpilogueNode, int> _numbers = [];
    private readonly Dictionary<Expr, int> _done = new(ReferenceEqualityComparer.Instance);
    private readonly IReadOnlyList<DataType>? _operandTypes;
    private int _depth;

    /// <param name="body">The expression.</param>
    /// <param name="operandTypes">Types of the operands; null: float32 all.</param>
    public EpilogueGraph(Expr body, IReadOnlyList<DataType>? operandTypes)
    {
        _operandTypes = operandTypes;
        Result = Visit(body);
        if (Problem is null)
        {
            Contract();
            RemoveUnused();
        }
    }

    public IReadOnlyList<EpilogueNode> Nodes => _nodes;

    public int Result { get; private set; }

    /// <summary>The first thing that has no lowering, or null.</summary>
    public string? Problem { get; private set; }

    /// <summary>Whether the node's value is known not to be NaN whatever the operands are.</summary>
    public bool IsNeverNaN(int number) => _neverNaN[number];

    private bool FindNeverNaN(in EpilogueNode node) => node.IsBool || node.Step switch
    {
        EpilogueStep.Constant => !float.IsNaN(node.Value),
        EpilogueStep.BoolToFloat => true,
        EpilogueStep.Select => _neverNaN[node.B] && _neverNaN[node.C],
        EpilogueStep.Unary => (UnaryFunction)node.Data is UnaryFunction.Negate or UnaryFunction.Abs or UnaryFunction.Sign && _neverNaN[node.A],
        EpilogueStep.Binary => (BinaryFunction)node.Data is BinaryFunction.Min or BinaryFunction.Max && _neverNaN[node.A] && _neverNaN[node.B],
        _ => false,
    };

    private int Visit(Expr expr)
    {
        if (!_done.TryGetValue(expr, out int number))
        {
            if (++_depth > MaxDepth) { return Fail("an expression that is more than 256 operations deep"); }
            number = expr switch
            {
                OperandExpr operand => Operand(operand.Index),
                ConstantExpr constant => Constant((float)constant.Value),
                UnaryExpr unary => Unary(unary.Function, Visit(unary.X)),
                BinaryExpr binary => Binary(binary.Function, Visit(binary.Left), Visit(binary.Right)),
                SelectExpr select => Select(AsBool(Visit(select.Condition)), Visit(select.WhenTrue), Visit(select.WhenFalse)),
                ConvertExpr convert => Convert(convert.Type, Visit(convert.X)),
                _ => Fail($"the expression {expr.GetType().Name}"),
            };
            _depth--;
            _done.Add(expr, number);
        }

        return number;
    }

    private int Operand(int index)
    {
        DataType type = _operandTypes is null ? DataType.Float32 : _operandTypes[index];
        return type is DataType.Float32 or DataType.Bool
            ? Emit(new(EpilogueStep.Operand, type == DataType.Bool, index))
            : Fail($"operands of {type.Name()}");
    }

    private int Constant(float value) => Emit(new(EpilogueStep.Constant, false, BitConverter.SingleToInt32Bits(value)));

    private int Unary(UnaryFunction function, int x)
    {
        if (Problem is not null) { return 0; }
        switch (function)
        {
            case UnaryFunction.Not: return Emit(new(EpilogueStep.Unary, true, (int)function, AsBool(x)));
            case UnaryFunction.IsNaN or UnaryFunction.IsPositiveInfinity or UnaryFunction.IsNegativeInfinity when !_nodes[x].IsBool:
                return Emit(new(EpilogueStep.Unary, true, (int)function, x));
        }

        if (_nodes[x].IsBool || !EpilogueFunctions.Has(function)) { return Fail($"{function}{(_nodes[x].IsBool ? " of bool" : "")}"); }
        if (function == UnaryFunction.Erf) { return Emit(new(EpilogueStep.Erf, false, A: x, B: SignOf(x))); }
        return function == UnaryFunction.Tanh && SoftplusArgument(x) is int argument
            ? Emit(new(EpilogueStep.TanhSoftplus, false, A: argument))
            : Emit(new(EpilogueStep.Unary, false, (int)function, x));
    }

    // What x is a positive multiple of, as in GELU, is needed later anyway; then x itself need not be kept.
    private int SignOf(int x)
    {
        EpilogueNode node = _nodes[x];
        if (!node.Is(BinaryFunction.Multiply)) { return x; }
        bool IsPositive(int number) => _nodes[number] is { Step: EpilogueStep.Constant, IsBool: false, Value: > 0 };
        return IsPositive(node.B) ? node.A : IsPositive(node.A) ? node.B : x;
    }

    // tanh(softplus(x)), as Mish has it, is a rational function of e^x: no logarithm is needed.
    private int? SoftplusArgument(int number) =>
        _nodes[number] is var sum && sum.Is(BinaryFunction.Add)
        && _nodes[sum.A] is var max && max.Is(BinaryFunction.Max) && IsConstant(max.B, 0)
        && _nodes[sum.B] is var log && log.Is(UnaryFunction.Log1p)
        && _nodes[log.A] is var exp && exp.Is(UnaryFunction.Exp)
        && _nodes[exp.A] is var negated && negated.Is(UnaryFunction.Negate)
        && _nodes[negated.A] is var absolute && absolute.Is(UnaryFunction.Abs) && absolute.A == max.A
            ? max.A
            : null;

    private int Binary(BinaryFunction function, int a, int b)
    {
        if (Problem is not null) { return 0; }
        bool logic = function is BinaryFunction.And or BinaryFunction.Or or BinaryFunction.Xor;
        bool comparison = function is BinaryFunction.Equal or BinaryFunction.Less or BinaryFunction.LessOrEqual;
        if (logic || (function == BinaryFunction.Equal && (_nodes[a].IsBool || _nodes[b].IsBool)))
        {
            return Emit(new(EpilogueStep.Binary, true, (int)function, AsBool(a), AsBool(b)));
        }

        if (_nodes[a].IsBool || _nodes[b].IsBool) { return Fail($"{function} of bool"); }
        if (function == BinaryFunction.Power) { return Power(a, b); }
        if (!comparison && function is not (BinaryFunction.Add or BinaryFunction.Subtract or BinaryFunction.Multiply or BinaryFunction.Divide or BinaryFunction.Min or BinaryFunction.Max))
        {
            return Fail($"{function}");
        }

        if (!comparison && _nodes[a].Step == EpilogueStep.Constant && _nodes[b].Step == EpilogueStep.Constant) { return Constant(Fold(function, _nodes[a].Value, _nodes[b].Value)); }
        if (function == BinaryFunction.Multiply && (IsConstant(a, 1) || IsConstant(b, 1))) { return IsConstant(a, 1) ? b : a; }
        if (function == BinaryFunction.Divide && _nodes[b].Step == EpilogueStep.Constant && HasExactReciprocal(_nodes[b].Value))
        {
            return Emit(new(EpilogueStep.Binary, false, (int)BinaryFunction.Multiply, a, Constant(1 / _nodes[b].Value)));
        }

        return Emit(new(EpilogueStep.Binary, comparison, (int)function, a, b));
    }

    private static float Fold(BinaryFunction function, float a, float b) => function switch
    {
        BinaryFunction.Add => a + b,
        BinaryFunction.Subtract => a - b,
        BinaryFunction.Multiply => a * b,
        BinaryFunction.Divide => a / b,
        BinaryFunction.Min => MathF.Min(a, b),
        _ => MathF.Max(a, b),
    };

    private static bool HasExactReciprocal(float value) =>
        float.IsNormal(value) && float.IsNormal(1 / value) && (BitConverter.SingleToInt32Bits(value) & 0x7FFFFF) == 0;

    // Whole powers up to 4 are products; each is rounded, so the error is at most 1.5 ulp.
    private int Power(int x, int exponent)
    {
        EpilogueNode y = _nodes[exponent];
        if (y.Step != EpilogueStep.Constant) { return Fail("Power with an exponent that is not constant"); }
        int Product(int a, int b) => Emit(new(EpilogueStep.Binary, false, (int)BinaryFunction.Multiply, a, b));
        switch (y.Value)
        {
            case 0: return Constant(1);
            case 1: return x;
            case 2: return Product(x, x);
            case 3: return Product(Product(x, x), x);
            case 4: return Product(Product(x, x), Product(x, x));
            case -1: return Emit(new(EpilogueStep.Unary, false, (int)UnaryFunction.Reciprocal, x));
            case 0.5f:
                // The power of −∞ is +∞ and that of −0 is 0, where the root is NaN and −0.
                int root = Emit(new(EpilogueStep.Unary, false, (int)UnaryFunction.Sqrt, Emit(new(EpilogueStep.Binary, false, (int)BinaryFunction.Add, x, Constant(0)))));
                return Select(Emit(new(EpilogueStep.Unary, true, (int)UnaryFunction.IsNegativeInfinity, x)), Constant(float.PositiveInfinity), root);
            default: return Fail($"Power with the exponent {y.Value.ToString(System.Globalization.CultureInfo.InvariantCulture)}");
        }
    }

    private int Select(int condition, int whenTrue, int whenFalse)
    {
        if (Problem is not null) { return 0; }
        bool isBool = _nodes[whenTrue].IsBool || _nodes[whenFalse].IsBool;
        return Emit(new(EpilogueStep.Select, isBool, 0, condition, isBool ? AsBool(whenTrue) : whenTrue, isBool ? AsBool(whenFalse) : whenFalse));
    }

    private int Convert(DataType type, int x)
    {
        if (Problem is not null) { return 0; }
        return type switch
        {
            DataType.Bool => _nodes[x].IsBool ? x : Emit(new(EpilogueStep.FloatToBool, true, A: x)),
            DataType.Float32 => _nodes[x].IsBool ? Emit(new(EpilogueStep.BoolToFloat, false, A: x)) : x,
            _ => Fail($"conversion to {type.Name()}"),
        };
    }

    // Constants get their type from where they stand.
    private int AsBool(int x)
    {
        if (Problem is not null || _nodes[x].IsBool) { return x; }
        return _nodes[x].Step == EpilogueStep.Constant
            ? Emit(new(EpilogueStep.Constant, true, _nodes[x].Value != 0 ? 1 : 0))
            : Fail("a number where a truth value is due");
    }

    private bool IsConstant(int number, float value) =>
        _nodes[number] is { Step: EpilogueStep.Constant, IsBool: false } node && node.Data == BitConverter.SingleToInt32Bits(value);

    private int Fail(string what)
    {
        Problem ??= what;
        return Emit(new(EpilogueStep.Constant, false));
    }

    private int Emit(EpilogueNode node)
    {
        if (!_numbers.TryGetValue(node, out int number))
        {
            number = _nodes.Count;
            _nodes.Add(node);
            _neverNaN.Add(FindNeverNaN(node));
            _numbers.Add(node, number);
        }

        return number;
    }

    /// <summary>
    /// A product that one sum alone uses is added without being rounded first. The result is nearer to the exact one than with two roundings, except that x·y − z·w, where
    /// both products are equal, need not be 0: there the error is that of one rounding of a product, as it is without contraction.
    /// </summary>
    private void Contract()
    {
        int[] uses = new int[_nodes.Count];
        foreach (int number in Reachable())
        {
            EpilogueNode node = _nodes[number];
            if (node.A >= 0) { uses[node.A]++; }
            if (node.B >= 0) { uses[node.B]++; }
            if (node.C >= 0) { uses[node.C]++; }
        }

        bool IsOwnProduct(int number) => uses[number] == 1 && _nodes[number].Is(BinaryFunction.Multiply);
        for (int i = 0; i < _nodes.Count; i++)
        {
            EpilogueNode node = _nodes[i];
            if (node.Is(BinaryFunction.Multiply) && GatedBy(node.B, node.A) is int argument)
            {
                _nodes[i] = new(EpilogueStep.SigmoidProduct, false, 0, node.A, argument);
            }
            else if (node.Is(BinaryFunction.Multiply) && GatedBy(node.A, node.B) is int other)
            {
                _nodes[i] = new(EpilogueStep.SigmoidProduct, false, 0, node.B, other);
            }
            else if (node.Is(BinaryFunction.Add) && (IsOwnProduct(node.A) || IsOwnProduct(node.B)))
            {
                (int product, int addend) = IsOwnProduct(node.A) ? (node.A, node.B) : (node.B, node.A);
                _nodes[i] = new(EpilogueStep.MultiplyAdd, false, 0, _nodes[product].A, _nodes[product].B, addend);
            }
            else if (node.Is(BinaryFunction.Subtract) && IsOwnProduct(node.B))
            {
                _nodes[i] = new(EpilogueStep.NegatedMultiplyAdd, false, 0, _nodes[node.B].A, _nodes[node.B].B, node.A);
            }
        }
    }

    /// <summary>
    /// The argument of a sigmoid that x alone is multiplied with, and that is x itself or a multiple of it which is not much smaller: then it does not matter that tiny sigmoids are inexact.
    /// </summary>
    private int? GatedBy(int sigmoid, int x)
    {
        EpilogueNode node = _nodes[sigmoid];
        if (!node.Is(UnaryFunction.Sigmoid)) { return null; }
        EpilogueNode argument = _nodes[node.A];
        bool IsFactor(int number) => _nodes[number] is { Step: EpilogueStep.Constant, IsBool: false, Value: >= 0.5f and <= 2 };
        bool isMultiple = argument.Is(BinaryFunction.Multiply) && ((argument.A == x && IsFactor(argument.B)) || (argument.B == x && IsFactor(argument.A)));
        return node.A == x || isMultiple ? node.A : null;
    }

    /// <summary>What a combination has replaced is not computed.</summary>
    private void RemoveUnused()
    {
        int[] kept = [.. Reachable().Order()];
        Dictionary<int, int> numbers = kept.Select((old, now) => (old, now)).ToDictionary(n => n.old, n => n.now);
        int Renumbered(int number) => number < 0 ? number : numbers[number];
        EpilogueNode[] nodes = [.. kept.Select(k => _nodes[k] with { A = Renumbered(_nodes[k].A), B = Renumbered(_nodes[k].B), C = Renumbered(_nodes[k].C) })];
        bool[] neverNaN = [.. kept.Select(k => _neverNaN[k])];
        _nodes.Clear();
        _nodes.AddRange(nodes);
        _neverNaN.Clear();
        _neverNaN.AddRange(neverNaN);
        Result = numbers[Result];
    }

    private IEnumerable<int> Reachable()
    {
        bool[] seen = new bool[_nodes.Count];
        seen[Result] = true;
        for (int i = Result; i >= 0; i--)
        {
            if (!seen[i]) { continue; }
            if (_nodes[i].A >= 0) { seen[_nodes[i].A] = true; }
            if (_nodes[i].B >= 0) { seen[_nodes[i].B] = true; }
            if (_nodes[i].C >= 0) { seen[_nodes[i].C] = true; }
            yield return i;
        }
    }
}
