using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Lowering;

/// <summary>States a node as a kernel request: a region by its anchor and its epilogue, a pointwise operator as an epilogue without anchor.</summary>
internal static class RequestBuilder
{
    /// <param name="layouts">The layout of each activation; null for row-major all.</param>
    public static KernelRequest Of(Node node, SymbolTable symbols, Func<Value, Layout>? layouts = null)
    {
        (Operator? anchor, Expr? epilogue) = KernelForm.Of(node.Operator, [.. node.Inputs.Select(i => i?.Tensor?.ElementType ?? DataType.Undefined)]);
        return new(anchor, ValueList.From(node.Inputs.Select(v => Operand(v, symbols, layouts))), ValueList.From(node.Outputs.Select(v => Operand(v, symbols, layouts))), epilogue);
    }

    public static KernelOperand Operand(Value? value, SymbolTable symbols, Func<Value, Layout>? layouts = null)
    {
        if (value?.Type is not TensorType type)
        {
            return KernelOperand.Absent;
        }

        ValueList<KernelDim> dims = Dims(type, symbols);
        if (value.Constant is not { } constant)
        {
            return new(OperandRole.Activation, type.ElementType, layouts?.Invoke(value) ?? Layout.RowMajor, dims);
        }

        bool steers = constant.Data.Length <= ValueContents.MaxElements && type.ElementType.IsInteger();
        return new(steers ? OperandRole.Parameter : OperandRole.Weight, type.ElementType, Layout.RowMajor, dims, steers ? constant.Data : null);
    }

    /// <summary>The dimensions of a ranked type.</summary>
    public static ValueList<KernelDim> Dims(TensorType type, SymbolTable symbols) => ValueList.From(type.Shape.Select(d => Dim(d, symbols)));

    private static KernelDim Dim(Dim dim, SymbolTable symbols)
    {
        if (dim.IsConstant)
        {
            return KernelDim.Static(dim.Constant);
        }

        (long min, long max) = symbols.RangeOf(dim);
        return new(Math.Max(0, min), max, Math.Max(1, dim.Divisor));
    }
}
