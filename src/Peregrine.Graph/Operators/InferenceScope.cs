using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>What inference knows of one input.</summary>
public sealed record InferenceInput(IrType Type, Tensor? Constant, IReadOnlyList<Dim>? Contents);

/// <summary>One call of <see cref="Operator.Infer"/>: the inputs' types (and contents, where known) in, the outputs' types out. Problems become diagnostics that name the node.</summary>
public sealed class InferenceScope
{
    private readonly Operator _operator;
    private readonly string _nodeName;
    private readonly string _source;
    private readonly InferenceInput?[] _inputs;
    private readonly bool[] _wanted;
    private readonly SymbolTable _symbols;
    private readonly DiagnosticBag _diagnostics;
    private readonly IrType[] _types;
    private readonly IReadOnlyList<Dim>?[] _contents;
    private bool _failed;

    /// <param name="source">Provenance, for messages; may be empty.</param>
    /// <param name="wanted">One entry per output: whether it is wanted.</param>
    public InferenceScope(Operator op, string nodeName, string source, InferenceInput?[] inputs, bool[] wanted, SymbolTable symbols, DiagnosticBag diagnostics)
    {
        _operator = op;
        _nodeName = nodeName;
        _source = source;
        _inputs = inputs;
        _wanted = wanted;
        _symbols = symbols;
        _diagnostics = diagnostics;
        _types = new IrType[wanted.Length];
        Array.Fill(_types, IrType.Unknown);
        _contents = new IReadOnlyList<Dim>?[wanted.Length];
    }

    /// <summary>Inputs that the node lists; trailing absent ones don't count.</summary>
    public int InputCount => _inputs.Length;

    public int OutputCount => _wanted.Length;

    public SymbolTable Symbols => _symbols;

    /// <summary>Whether an error has been reported; what is stated about the outputs then does not count any more.</summary>
    public bool HasFailed => _failed;

    /// <summary>Whether the node has input <paramref name="input"/>.</summary>
    public bool Has(int input) => input < _inputs.Length && _inputs[input] is not null;

    /// <summary>Whether the node has output <paramref name="output"/>.</summary>
    public bool Wants(int output) => output < _wanted.Length && _wanted[output];

    /// <summary>The type of an input; unknown for an absent one.</summary>
    public IrType TypeOf(int input) => Has(input) ? _inputs[input]!.Type : IrType.Unknown;

    /// <summary>The element type of a present input; <see cref="DataType.Undefined"/> if it is no tensor.</summary>
    public DataType ElementType(int input) => TypeOf(input) is TensorType t ? t.ElementType : DataType.Undefined;

    /// <summary>The shape of a present input; unranked if it is no tensor.</summary>
    public Shape Shape(int input) => TypeOf(input) is TensorType t ? t.Shape : Symbolics.Shape.Unranked;

    /// <summary>Whether a present input has a known rank.</summary>
    public bool IsRanked(int input) => Shape(input).IsRanked;

    /// <summary>The contents of an input, if they are constant; null otherwise and for absent inputs.</summary>
    public Tensor? ConstantOf(int input) => Has(input) ? _inputs[input]!.Constant : null;

    /// <summary>The contents of a small integer input, one dim per element, as far as they are known; null otherwise and for absent inputs.</summary>
    public IReadOnlyList<Dim>? ValueOf(int input)
    {
        if (!Has(input))
        {
            return null;
        }

        return _inputs[input]!.Contents ?? (_inputs[input]!.Constant is { } constant ? ValueContents.Of(constant) : null);
    }

    /// <summary>The contents of an integer input (of any length) if all of them are constant; else null.</summary>
    public long[]? ConstantInts(int input)
    {
        if (ConstantOf(input) is { } tensor && (tensor.Type.IsInteger() || tensor.Type == DataType.Bool))
        {
            long[] values = new long[tensor.Length];
            ElementConversion.Load<long>(tensor, values);
            return values;
        }

        return ValueOf(input) is { } dims && dims.All(d => d.IsConstant) ? [.. dims.Select(d => d.Constant)] : null;
    }

    public void Set(int output, DataType type, Shape shape) => Set(output, new TensorType(type, shape));

    /// <summary>States the type of an output; an output that is not wanted is passed over.</summary>
    public void Set(int output, IrType type)
    {
        if (type is TensorType { Shape: { IsRanked: true } shape } && shape.Rank > Tensor.MaxRank)
        {
            Error("PG2117", $"output {output} would have {shape.Rank} dimensions; the limit is {Tensor.MaxRank}.");
        }
        else if (Wants(output))
        {
            _types[output] = type;
        }
    }

    /// <summary>States the contents of a small integer output.</summary>
    public void SetValue(int output, IReadOnlyList<Dim> contents)
    {
        if (Wants(output) && contents.Count <= ValueContents.MaxElements)
        {
            _contents[output] = contents;
        }
    }

    /// <summary>A dimension that only running the node can tell. Give the bound wherever there is one: without, the output lies outside the arena.</summary>
    public Dim FreshSymbol(Dim? upperBound) => _symbols.Fresh(upperBound);

    /// <summary>The axis in [0, rank); an error that names the attribute, and 0, if it is outside of [-rank, rank).</summary>
    public int Axis(long axis, int rank, string attribute = "axis")
    {
        if (axis >= -rank && axis < rank)
        {
            return (int)(axis < 0 ? axis + rank : axis);
        }

        Error("PG2101", $"{attribute} {axis} is outside of [{-rank}, {rank - 1}]; the tensor has rank {rank}.");
        return 0;
    }

    /// <summary>The shape that these broadcast to (ONNX multidirectional); an error if they can't. Unranked if any is.</summary>
    public Shape Broadcast(params ReadOnlySpan<Shape> shapes)
    {
        int rank = 0;
        foreach (Shape shape in shapes)
        {
            if (!shape.IsRanked)
            {
                return Symbolics.Shape.Unranked;
            }

            rank = Math.Max(rank, shape.Rank);
        }

        Dim[] dims = new Dim[rank];
        Array.Fill(dims, Dim.One);
        foreach (Shape shape in shapes)
        {
            for (int i = 0; i < shape.Rank; i++)
            {
                int axis = rank - shape.Rank + i;
                if (Dim.Broadcast(dims[axis], shape[i]) is { } dim)
                {
                    dims[axis] = dim;
                }
                else
                {
                    Error("PG2102", $"the shapes {string.Join(", ", shapes.ToArray().Select(s => s.ToString()))} cannot be broadcast: {dims[axis]} and {shape[i]} differ on axis {axis}.");
                    return Symbolics.Shape.Create(dims);
                }
            }
        }

        return Symbolics.Shape.Create(dims);
    }

    /// <summary>Reports a problem with the node; the message need not name it.</summary>
    public void Error(string code, string message, string suggestion = "")
    {
        _failed = true;
        _diagnostics.Error(code, $"{_operator.Definition.Name} \"{_nodeName}\": {message}", _source == _nodeName ? "" : _source, suggestion);
    }

    /// <summary>Checks that a present input is a tensor of one of these types.</summary>
    public bool Require(int input, params ReadOnlySpan<DataType> types)
    {
        if (types.Contains(ElementType(input)))
        {
            return true;
        }

        Error("PG2103", $"input {input} ({FormalName(input)}) is {TypeOf(input)}, but must be of type {string.Join(", ", types.ToArray().Select(t => t.Name()))}.");
        return false;
    }

    /// <summary>Gives a body's inputs these types (and contents) and infers it; the types of its outputs, or null after an error in it.</summary>
    public IReadOnlyList<IrType>? InferSubgraph(Graph body, IReadOnlyList<IrType> types, IReadOnlyList<IReadOnlyList<Dim>?>? contents = null)
    {
        IReadOnlyList<IrType>? outputs = TryInferSubgraph(body, types, contents, out IReadOnlyList<Diagnostic> findings);
        Report(findings);
        return outputs;
    }

    /// <summary>As <see cref="InferSubgraph"/>, but what is wrong with the body comes back as findings: a branch that is never taken may be impossible for these types.</summary>
    public IReadOnlyList<IrType>? TryInferSubgraph(Graph body, IReadOnlyList<IrType> types, IReadOnlyList<IReadOnlyList<Dim>?>? contents, out IReadOnlyList<Diagnostic> findings)
    {
        findings = [];
        if (types.Count != body.Inputs.Count)
        {
            Error("PG2110", $"the body \"{body.Name}\" has {body.Inputs.Count} inputs, but gets {types.Count}.");
            return null;
        }

        for (int i = 0; i < types.Count; i++)
        {
            body.Inputs[i].Type = types[i];
            body.Inputs[i].Contents = contents?[i];
        }

        DiagnosticBag bag = new();
        TypeInference.Infer(body, bag);
        findings = bag.Items;
        return bag.HasErrors ? null : [.. body.Outputs.Select(o => o.Value.Type)];
    }

    /// <summary>Passes on what was found in a body.</summary>
    public void Report(IReadOnlyList<Diagnostic> findings)
    {
        foreach (Diagnostic finding in findings)
        {
            _failed |= finding.Severity == Severity.Error;
            _diagnostics.Add(finding);
        }
    }

    /// <summary>Reports something that is no error (yet).</summary>
    public void Warn(string code, string message) => _diagnostics.Warning(code, $"{_operator.Definition.Name} \"{_nodeName}\": {message}");

    internal IrType OutputType(int output) => _types[output];

    internal IReadOnlyList<Dim>? OutputContents(int output) => _contents[output];

    /// <summary>Checks the number of inputs and outputs, then runs the operator's inference.</summary>
    internal void Run()
    {
        if (!CheckArity("input", _operator.Definition.InputFormals, i => Has(i), _inputs.Length) | !CheckArity("output", _operator.Definition.OutputFormals, Wants, _wanted.Length))
        {
            return;
        }

        try
        {
            _operator.Infer(this);
        }
        catch (Exception e) when (e is OverflowException or DimException or DivideByZeroException)
        {
            Error("PG2104", $"its dimensions cannot be computed ({e.Message}); inputs are {string.Join(", ", _inputs.Select(i => i?.Type.ToString() ?? "absent"))}.");
        }

        for (int i = 0; i < _types.Length; i++)
        {
            if (_failed)
            {
                _types[i] = IrType.Unknown;
                _contents[i] = null;
            }
            else if (_wanted[i] && _types[i] == IrType.Unknown)
            {
                throw new InternalCompilerException($"{_operator.Definition.Name} states no type for its output {i}.");
            }
        }
    }

    private bool CheckArity(string kind, IReadOnlyList<Formal> formals, Func<int, bool> present, int count)
    {
        bool variadic = formals.Count > 0 && formals[^1].IsVariadic;
        if (!variadic && count > formals.Count)
        {
            Error("PG2105", $"it has {count} {kind}s, but takes at most {formals.Count}.");
            return false;
        }

        for (int i = 0; i < formals.Count; i++)
        {
            // A required output may be unnamed (nobody needs it), but it must be listed.
            if (!formals[i].IsOptional && (kind == "input" ? !present(i) : i >= count))
            {
                Error("PG2106", $"the required {kind} {i} ({formals[i].Name}) is absent.");
                return false;
            }
        }

        return true;
    }

    private string FormalName(int input)
    {
        IReadOnlyList<Formal> formals = _operator.Definition.InputFormals;
        return formals.Count == 0 ? "?" : formals[Math.Min(input, formals.Count - 1)].Name;
    }
}
