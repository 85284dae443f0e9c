using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Runtime.Format;
using Peregrine.Runtime.Planning;

namespace Peregrine.Runtime.Tests.Format;

/// <summary>Asserts that two engines have the same content, down to the graphs inside operators.</summary>
internal static class EngineEquality
{
    public static void Same(EngineContent expected, EngineContent actual)
    {
        Assert.Equal(expected.Constants.Count, actual.Constants.Count);
        Assert.All(expected.Constants.Zip(actual.Constants), p => Same(p.First, p.Second));
        Assert.Equal(expected.Profiles, actual.Profiles);
        Assert.Equal(expected.Manifest with { Passes = [], Declines = actual.Manifest.Declines }, actual.Manifest with { Passes = [] });
        Assert.Equal(expected.Manifest.Passes, actual.Manifest.Passes);
        Assert.Equal(expected.Manifest.Declines.OrderBy(p => p.Key, StringComparer.Ordinal), actual.Manifest.Declines);
        Same(expected.Plan, actual.Plan);
        Assert.Equal(expected.Packed.Select(p => (p.Constant, p.Key, p.Form, Convert.ToHexString(p.Data.Span))), actual.Packed.Select(p => (p.Constant, p.Key, p.Form, Convert.ToHexString(p.Data.Span))));
    }

    public static void Same(Plan expected, Plan actual)
    {
        Assert.Equal(expected.Name, actual.Name);
        Assert.Equal(expected.Slots, actual.Slots);
        Assert.Equal(expected.Inputs, actual.Inputs);
        Assert.Equal(expected.Outputs, actual.Outputs);
        Assert.Equal(expected.Symbols, actual.Symbols);
        Assert.Equal(expected.Shapes, actual.Shapes);
        Assert.Equal(expected.Steps.Count, actual.Steps.Count);
        foreach ((Step left, Step right) in expected.Steps.Zip(actual.Steps))
        {
            Assert.Equal((left.GetType(), left.Name, left.Sources, left.Inputs, left.Outputs), (right.GetType(), right.Name, right.Sources, right.Inputs, right.Outputs));
            Assert.Equal((left as LoopStep)?.CarriedCount, (right as LoopStep)?.CarriedCount);
            if (left is KernelStep a && right is KernelStep b)
            {
                Assert.Equal(a, b);
                Assert.Equal(a.Request.Fingerprint, b.Request.Fingerprint);
            }
            else if (left is HostStep c && right is HostStep d)
            {
                Same(c.Operator, d.Operator);
            }

            Assert.Equal(left.Subplans.Count, right.Subplans.Count);
            Assert.All(left.Subplans.Zip(right.Subplans), p => Same(p.First, p.Second));
        }
    }

    public static void Same(Operator expected, Operator actual)
    {
        if (expected is not ISubgraphOperator bodies)
        {
            Assert.Equal(expected, actual);
            return;
        }

        Assert.Equal(expected.GetType(), actual.GetType());
        Assert.All(bodies.Subgraphs.Zip(((ISubgraphOperator)actual).Subgraphs), p => Same(p.First, p.Second));
    }

    private static void Same(Constant expected, Constant actual)
    {
        Assert.Equal((expected.Name, expected.Data), (actual.Name, actual.Data));
        Assert.Equal(expected.Derivation is null, actual.Derivation is null);
        if (expected.Derivation is { } left && actual.Derivation is { } right)
        {
            Same(left.Operator, right.Operator);
            Assert.Equal((left.OutputIndex, left.Inputs.Count), (right.OutputIndex, right.Inputs.Count));
            Assert.All(left.Inputs.Zip(right.Inputs).Where(p => p.First is not null), p => Same(p.First!, p.Second!));
        }
    }

    private static void Same(Graph expected, Graph actual)
    {
        Assert.Equal(expected.Name, actual.Name);
        Assert.Equal(expected.Symbols.Symbols, actual.Symbols.Symbols);
        Assert.Equal(expected.Values.Select(v => (v.Name, v.Type)), actual.Values.Select(v => (v.Name, v.Type)));
        Assert.All(expected.Values.Zip(actual.Values), p => Assert.Equal(p.First.Contents, p.Second.Contents));
        Assert.All(expected.Constants.Zip(actual.Constants), p => Same(p.First.Constant!, p.Second.Constant!));
        Assert.Equal(expected.Outputs.Select(o => (o.Name, o.Value.Name)), actual.Outputs.Select(o => (o.Name, o.Value.Name)));
        Assert.Equal(expected.Nodes.Count, actual.Nodes.Count);
        foreach ((Node left, Node right) in expected.Nodes.Zip(actual.Nodes))
        {
            Assert.Equal((left.Name, left.Provenance.ToString()), (right.Name, right.Provenance.ToString()));
            Assert.Equal(left.Inputs.Select(v => v?.Name), right.Inputs.Select(v => v?.Name));
            Assert.Equal(left.Outputs.Select(v => v?.Name), right.Outputs.Select(v => v?.Name));
            Same(left.Operator, right.Operator);
        }

        GraphVerifier.Verify(actual);
    }
}
