using Peregrine.Diagnostics;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Tensors;

namespace Peregrine.Graph.Tests.Operators;

/// <summary>Seeded random tensors, runs of single operators on them and independent ways to index them.</summary>
internal static class Samples
{
    /// <summary>Numbers in [-2, 2), rounded to the type; integers in [-9, 9].</summary>
    public static Tensor Random(DataType type, int seed, params long[] dims)
    {
        Random random = new(seed);
        Tensor tensor = Tensor.Allocate(type, dims);
        double[] values = new double[tensor.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = type.IsFloat() ? (random.NextDouble() * 4) - 2 : random.Next(type.IsSignedInteger() ? -9 : 0, 10);
        }

        ElementConversion.Store<double>(values, tensor);
        return tensor;
    }

    public static double[] Values(Tensor tensor)
    {
        double[] values = new double[tensor.Length];
        ElementConversion.Load<double>(tensor, values);
        return values;
    }

    public static Tensor[] Run(Operator op, int outputs, params Tensor?[] inputs) =>
        [.. ReferenceEvaluator.Evaluate(op, "node", inputs, [], [.. Enumerable.Repeat(true, outputs)]).Cast<Tensor>()];

    public static Tensor Run(Operator op, params Tensor?[] inputs) => Run(op, 1, inputs)[0];

    /// <summary>The code of the only error that running the operator gives.</summary>
    public static string ErrorOf(Operator op, params Tensor?[] inputs) => Assert.Single(Assert.Throws<ModelException>(() => Run(op, RequiredOutputs(op.Definition), inputs)).Diagnostics).Code;

    /// <summary>Imports a node of an old opset and runs what came of it.</summary>
    public static Tensor RunLegacy(OperatorSchema schema, int opset, AttributeBag attributes, params Tensor[] inputs)
    {
        DiagnosticBag diagnostics = new();
        GraphBuilder g = new(new Ir.Graph("old"), diagnostics);
        Value?[] values = [.. inputs.Select((t, i) => g.Input($"x{i}", ReferenceEvaluator.TypeOf(t)))];
        ImportBinding binding = schema.Bindings.Single(b => b.FromOpset <= opset && opset <= b.ToOpset);
        IReadOnlyList<Value?>? outputs = binding.Rule(new(schema, "node", opset, attributes, values, RequiredOutputs(schema), g, diagnostics));
        diagnostics.ThrowIfErrors();
        g.Output("y", outputs![0]!);
        return (Tensor)Interpreter.Run(g.Build(), inputs)[0]!;
    }

    private static int RequiredOutputs(OperatorSchema schema) => Math.Max(1, schema.OutputFormals.Count(o => !o.IsOptional));

    public static void Close(IEnumerable<double> expected, Tensor actual, double tolerance = 1e-6)
    {
        double[] wanted = [.. expected], got = Values(actual);
        Assert.Equal(wanted.Length, got.Length);
        for (int i = 0; i < wanted.Length; i++)
        {
            bool close = wanted[i].Equals(got[i]) || Math.Abs(wanted[i] - got[i]) <= tolerance * Math.Max(1, Math.Abs(wanted[i]));
            Assert.True(close, $"element {i} is {got[i]:R} instead of {wanted[i]:R}");
        }
    }

    /// <summary>The coordinates of every element in row-major order.</summary>
    public static IEnumerable<long[]> Coordinates(params long[] dims)
    {
        long count = dims.Aggregate(1L, (a, b) => a * b);
        for (long i = 0; i < count; i++)
        {
            long rest = i;
            long[] coordinates = new long[dims.Length];
            for (int axis = dims.Length - 1; axis >= 0; axis--)
            {
                (rest, coordinates[axis]) = Math.DivRem(rest, dims[axis]);
            }

            yield return coordinates;
        }
    }
}
