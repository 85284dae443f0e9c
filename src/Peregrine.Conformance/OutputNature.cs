using Peregrine.Ir;
using Peregrine.Operators;

namespace Peregrine.Conformance;

/// <summary>What must be known of a graph's outputs to judge them.</summary>
internal static class OutputNature
{
    private static readonly HashSet<string> RandomOperators = new(StringComparer.Ordinal) { "Bernoulli", "Dropout", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike" };

    private static readonly HashSet<string> QuantizingOperators = new(StringComparer.Ordinal) { "DynamicQuantizeLinear", "QLinearConv", "QLinearMatMul", "QuantizeLinear" };

    /// <summary>Operators that pass a quantised value on, or are the last step where an expanded quantising operator is written out.</summary>
    private static readonly HashSet<string> PassingOperators = new(StringComparer.Ordinal) { "Cast", "Clip", "Identity", "Reshape", "Transpose" };

    /// <summary>Values that random numbers have touched: only their type, shape and range can be compared.</summary>
    public static HashSet<Value> Random(Graph graph)
    {
        HashSet<Value> random = [];
        foreach (Node node in graph.Nodes)
        {
            bool isSource = node.Operator is IRandomOperator || RandomOperators.Contains(node.Operator.Definition.Name);
            if (isSource || node.Inputs.Any(i => i is not null && random.Contains(i)))
            {
                random.UnionWith(node.Outputs.OfType<Value>());
            }
        }

        return random;
    }

    /// <summary>Values that depend on an operator which declares itself approximate.</summary>
    public static HashSet<Value> Approximate(Graph graph)
    {
        HashSet<Value> approximate = [];
        foreach (Node node in graph.Nodes)
        {
            if (node.Operator.Accuracy == Accuracy.Approximate || node.Inputs.Any(i => i is not null && approximate.Contains(i)))
            {
                approximate.UnionWith(node.Outputs.OfType<Value>());
            }
        }

        return approximate;
    }

    /// <summary>Whether the value is a float result rounded to a coarse type by a quantising operator, also where that one is written out with Round.</summary>
    public static bool IsRounded(Value value)
    {
        for (int steps = 0; steps < 16 && value.Producer is { } producer; steps++)
        {
            string name = producer.Operator.Definition.Name;
            if (QuantizingOperators.Contains(name) || (steps > 0 && name == "Round"))
            {
                return true;
            }

            if (!PassingOperators.Contains(name) && name != "Add" || producer.Inputs is not [{ } first, ..])
            {
                return false;
            }

            value = first;
        }

        return false;
    }
}
