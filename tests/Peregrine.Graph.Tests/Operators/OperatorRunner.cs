using Peregrine.Diagnostics;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Graph.Tests.Operators;

/// <summary>Runs one operator on concrete tensors, as a graph would.</summary>
internal static class OperatorRunner
{
    public static Tensor Run(Operator op, params Tensor?[] inputs) => RunMany(op, 1, inputs)[0];

    public static Tensor[] RunMany(Operator op, int outputs, params Tensor?[] inputs)
    {
        bool[] wanted = new bool[outputs];
        Array.Fill(wanted, true);
        return [.. ReferenceEvaluator.Evaluate(op, "node", inputs, [], wanted).Cast<Tensor>()];
    }

    /// <summary>The code of the one diagnostic that running the operator gives.</summary>
    public static string CodeOf(Operator op, params Tensor?[] inputs) =>
        Assert.Single(Assert.Throws<ModelException>(() => Run(op, inputs)).Diagnostics).Code;

    /// <summary>A tensor of numbers in any element type.</summary>
    public static Tensor Make(DataType type, ReadOnlySpan<long> dims, ReadOnlySpan<double> values)
    {
        Tensor tensor = Tensor.Allocate(type, dims);
        ElementConversion.Store(values, tensor);
        return tensor;
    }

    /// <summary>A vector of numbers in any element type.</summary>
    public static Tensor Vector(DataType type, params ReadOnlySpan<double> values) => Make(type, [values.Length], values);

    public static double[] Numbers(Tensor tensor)
    {
        double[] values = new double[tensor.Length];
        ElementConversion.Load<double>(tensor, values);
        return values;
    }
}
