using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Rewriting;
using Peregrine.Tensors;
using Peregrine.Text;

namespace Peregrine.TestKit;

/// <summary>The tests that every rewrite gets from its examples.</summary>
public static class RewriteExamples
{
    private static readonly long[] Extents = [2, 3, 1, 5];

    /// <summary>
    /// What is wrong with a rewrite; null if every example parses, the rewrite applies to it at least once, leaves a valid graph with the same output names and types that fit,
    /// and the results on random data for several extents of the symbols stay the same.
    /// </summary>
    public static string? Check(Rewrite rewrite)
    {
        string[] examples = [.. rewrite.Examples];
        return examples.Length == 0 ? $"{rewrite.Name} has no examples." : examples.Select(e => Check(rewrite, e)).FirstOrDefault(problem => problem is not null);
    }

    private static string? Check(Rewrite rewrite, string example)
    {
        Graph before = GraphParser.Parse(example), after = GraphParser.Parse(example);
        PassContext context = new();
        new Rewriter(rewrite.Name, [rewrite]).Run(after, context);
        if (context.Statistics[rewrite.Name].Applied == 0)
        {
            return $"{rewrite.Name} does not apply to {example}. {context.Statistics}";
        }

        GraphVerifier.Verify(after, rewrite.Name);
        GraphVerifier.VerifyTypes(after, rewrite.Name);
        if (!before.Outputs.Select(o => o.Name).SequenceEqual(after.Outputs.Select(o => o.Name)))
        {
            return $"{rewrite.Name} changes the names of the results of {example}.";
        }

        for (int round = 0; round < Extents.Length; round++)
        {
            // Another extent for every symbol, so that mixed-up dimensions show.
            object?[] inputs = RandomGraphs.Inputs(before, (ulong)round + 1, symbol => Extents[(round + symbol[0]) % Extents.Length]);
            object?[] expected = Interpreter.Run(before, inputs), actual = Interpreter.Run(after, inputs);
            for (int i = 0; i < expected.Length; i++)
            {
                Tolerance tolerance = rewrite.IsExact ? Tolerance.Exact : new(1e-5, 1e-6);
                if (TensorComparison.Compare((Tensor)expected[i]!, (Tensor)actual[i]!, tolerance).Problem is { } problem)
                {
                    return $"{rewrite.Name} changes result {i} of {example}: {problem}";
                }
            }
        }

        return null;
    }
}
