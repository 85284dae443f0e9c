using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Compiler.Fusions;

/// <summary>
/// Computes new constants from those of a match while the replacement is built, as folding would do later, so that the next rule sees a constant at once. Every result
/// carries its derivation. Small vectors are computed in double and rounded once; weights take one multiplication in their own type.
/// </summary>
internal static class ConstantArithmetic
{
    /// <summary>The operator's first output for constant inputs; null stands for an absent optional input.</summary>
    public static Value Compute(GraphBuilder g, Operator op, params ReadOnlySpan<Value?> inputs)
    {
        Constant?[] sources = new Constant?[inputs.Length];
        object?[] data = new object?[inputs.Length];
        string name = op.Definition.Name;
        for (int i = inputs.Length - 1; i >= 0; i--)
        {
            sources[i] = inputs[i]?.Constant;
            data[i] = sources[i]?.Data;
            name = sources[i]?.Name ?? name;
        }

        name = $"{name}.{op.Definition.Name}";
        Tensor result = (Tensor)ReferenceEvaluator.Evaluate(op, name, data, [], [true])[0]!;
        return g.Constant(name, new Constant(name, result, new(op, sources, 0)));
    }

    public static Value ToDouble(GraphBuilder g, Value constant) => To(g, constant, DataType.Float64);

    public static Value To(GraphBuilder g, Value constant, DataType type) =>
        constant.Constant!.Data.Type == type ? constant : Compute(g, new Cast(type), constant);

    public static Value Reshape(GraphBuilder g, Value constant, params ReadOnlySpan<long> dims) =>
        constant.Constant!.Data.Dims.SequenceEqual(dims) ? constant : Compute(g, new Reshape(AllowZero: true), constant, g.Constant("peregrine.shape", dims));

    /// <summary>A literal in double, of one element.</summary>
    public static Value Literal(GraphBuilder g, double value) => Literal(g, value, DataType.Float64);

    /// <summary>A literal of one element and rank 0.</summary>
    public static Value Literal(GraphBuilder g, double value, DataType type)
    {
        Tensor tensor = Tensor.Allocate(type, []);
        ElementConversion.Store<double>([value], tensor);
        return g.Constant("peregrine.literal", tensor);
    }

    /// <summary>All elements in double; null if the constant is no number tensor or longer than <paramref name="limit"/>.</summary>
    public static double[]? Elements(Value constant, long limit = 1 << 20)
    {
        Tensor data = constant.Constant!.Data;
        if (data.Length > limit || (!data.Type.IsFloat() && !data.Type.IsInteger()))
        {
            return null;
        }

        double[] values = new double[data.Length];
        ElementConversion.Load<double>(data, values);
        return values;
    }

    /// <summary>The number that a constant of one element holds; null if it is none.</summary>
    public static double? Scalar(Value? value) => value?.Constant is { Data.Length: 1 } && Elements(value) is [var number] ? number : null;
}
