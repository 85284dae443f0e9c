using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Operators;

/// <summary>The operands of a pointwise body: <c>x[i]</c> is operand i, <c>x.Type(i)</c> its element type.</summary>
public readonly struct Operands(IReadOnlyList<DataType> types)
{
    /// <summary>Number of operands; an absent optional one counts if a later one is present.</summary>
    public int Count => types.Count;

    public Expr this[int index] => new OperandExpr(index);

    /// <summary>The element type; Undefined for an absent optional operand.</summary>
    public DataType Type(int index) => index < types.Count ? types[index] : DataType.Undefined;

    public bool Has(int index) => Type(index) != DataType.Undefined;

    /// <summary>All operands that are there, in order.</summary>
    public Expr[] Present
    {
        get
        {
            List<Expr> present = [];
            for (int i = 0; i < types.Count; i++)
            {
                if (types[i] != DataType.Undefined)
                {
                    present.Add(new OperandExpr(i));
                }
            }

            return [.. present];
        }
    }
}

/// <summary>
/// An operator that computes each element of its one output from the elements of its broadcast inputs at the same place. It gives its <see cref="Body"/> as an
/// expression and states which element types it takes; inference, the reference kernel, folding and fusion follow from that.
/// </summary>
public abstract record PointwiseOperator : Operator
{
    /// <summary>The computation. It may depend on the operands' types, on nothing else.</summary>
    public abstract Expr Body(Operands x);

    /// <summary>Whether operand <paramref name="index"/> may have this element type. The default takes every real number type, not bool.</summary>
    public virtual bool Accepts(int index, DataType type) => type.IsFloat() || type.IsInteger();

    /// <summary>Operands that must have the same element type as operand 0 (or as the first one of that group); the default is all.</summary>
    public virtual bool SharesType(int index) => true;

    /// <summary>The result's shape; the default broadcasts all operands. An operator that demands more of its operands reports it here. An absent operand's shape is scalar.</summary>
    protected virtual Shape ResultShape(InferenceScope c, Shape[] shapes) => c.Broadcast(shapes);

    /// <summary>The kernel for elements that no <see cref="Expr"/> computes on (strings, complex numbers); an operator that accepts such types overrides it.</summary>
    protected virtual void EvaluateOpaque(EvaluationScope c) => throw new InternalCompilerException($"{Definition.Name} does not compute on {c.Input(0).Type.Name()}.");

    public sealed override void Infer(InferenceScope c)
    {
        DataType[] types = new DataType[c.InputCount];
        Shape[] shapes = new Shape[c.InputCount];
        int common = -1;
        for (int i = 0; i < types.Length; i++)
        {
            if (!c.Has(i))
            {
                shapes[i] = Shape.Scalar;
                continue;
            }

            types[i] = c.ElementType(i);
            shapes[i] = c.Shape(i);
            if (!Accepts(i, types[i]))
            {
                c.Error("PG2103", $"input {i} is {c.TypeOf(i)}; its element type is not one that {Definition.Name} takes.");
                return;
            }

            if (SharesType(i))
            {
                common = common < 0 ? i : common;
                if (types[i] != types[common])
                {
                    c.Error("PG2107", $"input {i} is {types[i].Name()}, but input {common} is {types[common].Name()}; they must be of one type.", "Insert a Cast.");
                    return;
                }
            }
        }

        Expr body = Body(new(types));
        Shape result = ResultShape(c, shapes);
        if (c.HasFailed)
        {
            return;
        }

        c.Set(0, body.TypeOf(types), result);
        if (ExprContents.Propagate(body, types, shapes, result, c) is { } contents)
        {
            c.SetValue(0, contents);
        }
    }

    public sealed override void Evaluate(EvaluationScope c)
    {
        for (int i = 0; i < c.InputCount; i++)
        {
            if (c.Has(i) && IsOpaque(c.Input(i).Type))
            {
                EvaluateOpaque(c);
                return;
            }
        }

        if (c.OutputType(0) is TensorType { ElementType: var result } && IsOpaque(result))
        {
            EvaluateOpaque(c);
            return;
        }

        PointwiseKernel.Run(this, c);
    }

    private static bool IsOpaque(DataType type) => type == DataType.String || type.IsComplex();
}
