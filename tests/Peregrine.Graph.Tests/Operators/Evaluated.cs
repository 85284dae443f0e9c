using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Tests.Operators;

/// <summary>Runs one operator with its reference kernel.</summary>
internal static class Evaluated
{
    public static Tensor One(Operator op, params Tensor?[] inputs) => Many(op, 1, inputs)[0];

    public static Tensor[] Many(Operator op, int outputs, params Tensor?[] inputs)
    {
        bool[] wanted = new bool[outputs];
        Array.Fill(wanted, true);
        return [.. ReferenceEvaluator.Evaluate(op, "node", inputs, [], wanted).Select(o => (Tensor)o!)];
    }

    /// <summary>Floats in [-1, 1) from a seeded generator.</summary>
    public static Tensor Random(Random random, params long[] dims)
    {
        Tensor tensor = Tensor.Allocate(DataType.Float32, dims);
        foreach (ref float value in tensor.Span<float>())
        {
            value = (random.NextSingle() * 2) - 1;
        }

        return tensor;
    }

    public static Tensor Floats(long[] dims, params float[] values) => Tensor.Of<float>(dims, values);

    public static void Near(double[] expected, Tensor actual, double tolerance = 1e-5)
    {
        Assert.Equal(expected.Length, actual.Length);
        double[] values = new double[actual.Length];
        ElementConversion.Load<double>(actual, values);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - values[i]) <= tolerance * (1 + Math.Abs(expected[i])), $"element {i}: expected {expected[i]}, got {values[i]}");
        }
    }

    /// <summary>The inferred shape for inputs of these types.</summary>
    public static Shape Shape(Operator op, params TensorType?[] inputs)
    {
        GraphBuilder g = new("test");
        return g.Call(op, [.. inputs.Select((t, i) => t is null ? null : g.Input($"x{i}", t))]).Tensor!.Shape;
    }

    public static TensorType Type(params ReadOnlySpan<Extent> dims) => new(DataType.Float32, Symbolics.Shape.Create([.. dims.ToArray().Select(d => d.Dim)]));

    /// <summary>Asserts that the operator refuses the inputs with this code.</summary>
    public static void Fails(string code, Operator op, params Tensor?[] inputs)
    {
        ModelException e = Assert.Throws<ModelException>(() => Many(op, Math.Max(1, op.Definition.OutputFormals.Count(o => !o.IsOptional)), inputs));
        Assert.Equal(code, Assert.Single(e.Diagnostics).Code);
        Assert.Contains("\"node\"", e.Message, StringComparison.Ordinal);
    }
}
