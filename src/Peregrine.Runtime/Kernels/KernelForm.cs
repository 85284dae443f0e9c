using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Runtime.Kernels;

/// <summary>An operator in the form of a request: what it is built around, and the pointwise rest.</summary>
/// <param name="Anchor">Null for pointwise operators.</param>
/// <param name="Epilogue">Null where there is none.</param>
public readonly record struct KernelForm(Operator? Anchor, Expr? Epilogue)
{
    /// <summary>A region by its anchor and its epilogue, a pointwise operator whose operands are all there as an epilogue without anchor, any other as an anchor.</summary>
    /// <param name="inputs">The inputs' element types; Undefined for what is absent or no tensor.</param>
    public static KernelForm Of(Operator op, IReadOnlyList<DataType> inputs) => op switch
    {
        Region region => new(region.Anchor?.Operator, region.Epilogue()),
        PointwiseOperator pointwise when !inputs.Contains(DataType.Undefined) => new(null, pointwise.Body(new(inputs))),
        _ => new(op, null),
    };

    /// <summary>
    /// Why a request is none for an operator; null if it is one. Operators' shapes are inferred once more before kernels run: that protects the memory of a kernel only if it computes what the operator says,
    /// and a file may say anything.
    /// </summary>
    public static string? WhyNot(Operator op, KernelRequest request)
    {
        int count = request.Inputs.Count;
        if (op is Region region)
        {
            if (region.WhyMalformed() is { } malformed)
            {
                return $"has a region that {malformed}";
            }

            if (region.Body.Inputs.Count != count)
            {
                return $"has a region of {region.Body.Inputs.Count} operands, but {count} are given";
            }
        }
        else if (op is Chain chain && chain.WhyMalformed() is { } broken)
        {
            return $"has a chain that {broken}";
        }
        else
        {
            IReadOnlyList<Formal> formals = op.Definition.InputFormals;
            int least = formals.Count(f => !f.IsOptional && !f.IsVariadic), most = formals.Any(f => f.IsVariadic) ? int.MaxValue : formals.Count;
            if (count < least || count > most)
            {
                return $"gives {count} operands to {op}";
            }
        }

        if (op is Identity && request is { Anchor: null, Epilogue: OperandExpr { Index: 0 } })
        {
            // A change of layout.
            return null;
        }

        KernelForm form = Of(op, [.. request.Inputs.Select(i => i.Role == OperandRole.Absent ? DataType.Undefined : i.Type)]);
        return Equals(form.Anchor, request.Anchor) && Equals(form.Epilogue, request.Epilogue) ? null : $"computes {op}, but requests a kernel for {request}";
    }
}
