using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Symbolics;
using Peregrine.Tensors;

namespace Peregrine.Tests.Operators.Fusion;

public sealed class ChainTests
{
    [Fact]
    public void It_is_its_links_one_after_the_other()
    {
        Random random = new(1);
        Tensor x = Evaluated.Random(random, 2, 4, 5, 6), w = Evaluated.Random(random, 3, 4, 1, 1), b = Evaluated.Random(random, 3), v = Evaluated.Random(random, 2, 3, 3, 3);
        Tensor expected = Evaluated.One(new Conv(), Evaluated.One(new Conv(), x, w, b), v);
        Tensor actual = Evaluated.One(Make("a", new Conv(), new Conv()), x, w, b, v);
        Assert.Equal(expected.Dims.ToArray(), actual.Dims.ToArray());
        Assert.Equal(expected.Span<float>().ToArray(), actual.Span<float>().ToArray());
    }

    [Fact]
    public void Chains_are_equal_if_their_links_are()
    {
        Chain one = Make("a", new Conv(), new Conv()), same = Make("b", new Conv(), new Conv()), other = Make("a", new Conv(), new Conv(Strides: Ints.Create([2, 2])));
        Assert.Equal(one, same);
        Assert.Equal(one.GetHashCode(), same.GetHashCode());
        Assert.Equal(one.Summary, same.Summary);
        Assert.NotEqual(one, other);
        Assert.NotEqual(one.Summary, other.Summary);
    }

    [Fact]
    public void The_mean_of_the_last_link_is_a_second_result()
    {
        Random random = new(2);
        Tensor x = Evaluated.Random(random, 2, 4, 5, 6), w = Evaluated.Random(random, 3, 4, 3, 1);
        Ir.Graph body = new("body");
        GraphBuilder g = new(body, null);
        Value y = g.Call(new Conv(), g.Input("x", new TensorType(DataType.Float32, Shape.Of(x.Dims))), g.Input("w", new TensorType(DataType.Float32, Shape.Of(w.Dims))));
        g.Output("y", y);
        g.Output("m", g.Call(new GlobalAveragePool(), y));
        Chain chain = new(body);
        Assert.Null(chain.WhyMalformed());
        Assert.True(chain.HasMean);
        Assert.Single(chain.Links);
        Assert.EndsWith("| mean]", chain.Summary, StringComparison.Ordinal);
        Tensor expected = Evaluated.One(new Conv(), x, w);
        object?[] results = ReferenceEvaluator.Evaluate(chain, "node", [x, w], [], [true, true]);
        Assert.Equal(expected.Span<float>().ToArray(), ((Tensor)results[0]!).Span<float>().ToArray());
        Assert.Equal(Evaluated.One(new GlobalAveragePool(), expected).Span<float>().ToArray(), ((Tensor)results[1]!).Span<float>().ToArray());
    }

    [Fact]
    public void Malformed_bodies_are_told_and_equal_only_to_themselves()
    {
        foreach (Action<GraphBuilder, Value, Value> build in (Action<GraphBuilder, Value, Value>[])[
            // One link; a link that is no convolution; the link before as second operand; an input that is not used; two results.
            (g, x, w) => g.Output("y", g.Call(new Conv(), x, w)),
            (g, x, w) => g.Output("y", g.Call(new Relu(), g.Call(new Conv(), x, w))),
            (g, x, w) => g.Output("y", g.Call(new Conv(), x, g.Call(new Conv(), x, w))),
            (g, x, w) => g.Output("y", g.Call(new Conv(), g.Call(new Conv(), x, w), w)),
            // The mean of something else; a mean that is no result.
            (g, x, w) =>
            {
                g.Output("y", g.Call(new Conv(), x, w));
                g.Output("m", g.Call(new GlobalAveragePool(), x));
            },
            (g, x, w) => g.Output("m", g.Call(new GlobalAveragePool(), g.Call(new Conv(), x, w))),
            (g, x, w) =>
            {
                Value first = g.Call(new Conv(), x, w), second = g.Call(new Conv(), first, g.Input("v", new TensorType(DataType.Float32, Shape.Of([3, 3, 1, 1]))));
                g.Output("y", first);
                g.Output("z", second);
            },
        ])
        {
            Ir.Graph body = new("body"), again = new("body");
            foreach (Ir.Graph graph in (Ir.Graph[])[body, again])
            {
                GraphBuilder g = new(graph, null);
                build(g, g.Input("x", new TensorType(DataType.Float32, Shape.Of([1, 3, 4, 4]))), g.Input("w", new TensorType(DataType.Float32, Shape.Of([3, 3, 1, 1]))));
            }

            Chain chain = new(body);
            Assert.NotNull(chain.WhyMalformed());
            Assert.Empty(chain.Links);
            Assert.Equal(chain, new Chain(body));
            Assert.NotEqual(chain, new Chain(again));
        }
    }

    /// <summary>[2,4,5,6] with a bias to 3 channels, then 3×3 to 2.</summary>
    private static Chain Make(string name, Conv first, Conv second)
    {
        Ir.Graph body = new(name);
        GraphBuilder g = new(body, null);
        Value[] inputs = [.. new long[][] { [2, 4, 5, 6], [3, 4, 1, 1], [3], [2, 3, 3, 3] }.Select((d, i) => g.Input($"{name}{i}", new TensorType(DataType.Float32, Shape.Of(d))))];
        g.Output("y", g.Call(second, g.Call(first, inputs[0], inputs[1], inputs[2]), inputs[3]));
        return new(body);
    }
}
