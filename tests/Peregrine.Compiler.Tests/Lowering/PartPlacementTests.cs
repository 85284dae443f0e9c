using Peregrine.Backends.Cpu;
using Peregrine.Ir;
using Peregrine.Operators;
using Peregrine.Runtime.Format;
using Peregrine.Runtime.Planning;
using Peregrine.Symbolics;
using Peregrine.Tensors;
using Peregrine.TestKit;

namespace Peregrine.Compiler.Tests.Lowering;

/// <summary>Concatenations that are computed in place and splits that copy nothing: what the plan is, and that results are those of the graph.</summary>
public sealed class PartPlacementTests
{
    [Fact]
    public void Convolutions_write_into_their_parts_of_a_concatenation()
    {
        GraphBuilder g = new("fire");
        Value x = g.Input("x", DataType.Float32, 1, 16, 12, 12);
        Value squeezed = Convolve(g, x, 16, 16, 1, 1);
        Value y = g.Call(new Concat(1), Convolve(g, squeezed, 16, 32, 1, 2), Convolve(g, squeezed, 16, 48, 3, 3));
        g.Output("y", Convolve(g, y, 80, 8, 1, 4));
        Plan plan = Check(g.Build(), 1).Plan;
        Assert.DoesNotContain(plan.Steps, s => s.Kind == "Concat");
        BufferSlot[] parts = [.. plan.Slots.Where(s => s.Kind == SlotKind.Part)];
        Assert.Equal([0L, 32L], parts.Select(p => p.Start).Order());
        Assert.All(parts, p => Assert.Equal(80, p.Layout.InnerStride));
    }

    [Fact]
    public void A_concatenation_inside_of_another_lies_in_the_larger_one_and_inputs_are_copied()
    {
        GraphBuilder g = new("nested");
        Value x = g.Input("x", DataType.Float32, 2, 16, 45, 37);
        Value a = Convolve(g, x, 16, 16, 3, 1), b = Convolve(g, a, 16, 16, 3, 2);
        Value inner = g.Call(new Concat(1), a, b);
        Value c = Convolve(g, inner, 32, 16, 1, 3);
        g.Output("y", Convolve(g, g.Call(new Concat(-3), inner, c, x, c), 80, 8, 1, 4));
        Plan plan = Check(g.Build(), 1).Plan;
        Assert.DoesNotContain(plan.Steps, s => s.Kind == "Concat");
        // x, and c in its second place.
        Assert.Equal(2, plan.Steps.Count(s => s.Name.StartsWith("join ", StringComparison.Ordinal)));
        Assert.Contains(plan.Slots, s => s.Kind == SlotKind.Part && plan.Slots[s.Target].Kind == SlotKind.Part);
    }

    [Fact]
    public void What_a_split_cuts_off_is_read_where_it_lies()
    {
        GraphBuilder g = new("split");
        Value x = Convolve(g, g.Input("x", DataType.Float32, 1, 8, 10, 10), 8, 48, 1, 1);
        IReadOnlyList<Value?> halves = g.CallMany(new Split(1), [x, g.Constant("lengths", 32L, 16L)], 2);
        g.Output("y", Convolve(g, halves[0]!, 32, 16, 3, 2));
        g.Output("z", Convolve(g, halves[1]!, 16, 16, 3, 3));
        Plan plan = Check(g.Build(), 1).Plan;
        Assert.DoesNotContain(plan.Steps, s => s.Kind == "Split");
        Assert.Equal(2, plan.Slots.Count(s => s.Kind == SlotKind.Part));
    }

    [Theory]
    [InlineData(1, 16, 48)]
    [InlineData(1, -32, int.MaxValue)]
    [InlineData(-3, 0, -1)]
    public void What_a_slice_of_channels_cuts_off_is_read_where_it_lies(long axis, long start, long end)
    {
        GraphBuilder g = new("slice");
        Value x = Convolve(g, g.Input("x", DataType.Float32, 1, 8, 10, 10), 8, 48, 1, 1);
        Value cut = g.Call(new Slice(), x, g.Constant("starts", start), g.Constant("ends", end), g.Constant("axes", axis));
        g.Output("y", Convolve(g, cut, (int)cut.Tensor!.Shape[1].Constant, 16, 3, 2));
        g.Output("z", Convolve(g, x, 48, 8, 1, 3));
        Plan plan = Check(g.Build(), 1).Plan;
        Assert.DoesNotContain(plan.Steps, s => s.Kind == "Slice");
        BufferSlot part = Assert.Single(plan.Slots, s => s.Kind == SlotKind.Part);
        Assert.Equal(start < 0 ? 48 + start : start, part.Start);
    }

    [Fact]
    public void Slices_of_the_outermost_axis_are_views_and_those_that_take_steps_are_not()
    {
        GraphBuilder g = new("outer");
        Value x = g.Call(new Exp(), g.Input("x", DataType.Float32, 6, 5, 7));
        g.Output("y", g.Call(new Relu(), g.Call(new Slice(), x, g.Constant("s", 2L, 0L), g.Constant("e", 4L, 5L), g.Constant("a", 0L, 1L))));
        g.Output("z", g.Call(new Softmax(), g.Call(new Slice(), x, g.Constant("s2", 0L), g.Constant("e2", 6L), g.Constant("a2", 0L), g.Constant("steps", 2L))));
        g.Output("w", g.Call(new Softmax(), g.Call(new Slice(), x, g.Constant("s3", 1L, 1L), g.Constant("e3", 4L, 4L))));
        Plan plan = Check(g.Build(), 2).Plan;
        Assert.Equal(2, plan.Steps.Count(s => s.Kind == "Slice"));
        Assert.Single(plan.Slots, s => s.Kind == SlotKind.Part);
    }

    [Fact]
    public void A_pointwise_result_takes_over_the_memory_of_an_operand_that_dies()
    {
        GraphBuilder g = new("takeover");
        Value x = g.Input("x", DataType.Float32, 1, 1, 64, 64);
        Value largest = g.Call(new MaxPool(KernelShape: [3, 3], Pads: [1, 1, 1, 1]), x), mean = g.Call(new AveragePool(KernelShape: [3, 3], Pads: [1, 1, 1, 1]), x);
        // The transposed view of the same memory must not be overwritten while it is read.
        Value sum = g.Call(new Add(), largest, mean), turned = g.Call(new Reshape(), mean, g.Constant("shape", 1L, 64L, 64L, 1L));
        g.Output("y", g.Call(new MaxPool(KernelShape: [3, 3], Pads: [1, 1, 1, 1]), sum));
        g.Output("z", g.Call(new Add(), turned, g.Call(new Transpose([0, 2, 3, 1]), mean)));
        Graph graph = g.Build();
        long bytes = 64 * 64 * sizeof(float);
        Check(graph, 1, context =>
            // Each of the sums in a buffer of its own would make it four.
            Assert.Equal((3 * bytes, 3 * bytes), (context.PlannedPeakBytes, context.PlannedLowerBoundBytes)));
    }

    [Fact]
    public void Random_networks_of_concatenations_and_splits_give_the_results_of_the_graph()
    {
        int parts = 0, joins = 0;
        for (int seed = 0; seed < 40; seed++)
        {
            EngineContent content = Check(Network(seed), seed);
            parts += content.Plan.Slots.Count(s => s.Kind == SlotKind.Part);
            joins += content.Plan.Steps.Count(s => s.Name.StartsWith("join ", StringComparison.Ordinal));
        }

        Assert.True(parts > 40 && joins > 5, $"{parts} parts, {joins} joins: the networks try nothing");
    }

    /// <summary>Branches of convolutions, pools and pointwise operators that are concatenated and split on any axis; batch and rows may be known at run time only.</summary>
    private static Graph Network(int seed)
    {
        Random random = new(seed);
        GraphBuilder g = new($"parts {seed}");
        Extent batch = random.Next(3) == 0 ? "N" : 1 + random.Next(2), rows = random.Next(4) == 0 ? "H" : 8;
        int counter = 0;
        List<Value> values = [g.Input("x", DataType.Float32, batch, 4 * random.Next(1, 9), rows, 8)];
        for (int step = 0; step < 14; step++)
        {
            Value v = values[Math.Max(0, values.Count - 1 - random.Next(4))];
            int channels = (int)v.Tensor!.Shape[1].Constant;
            switch (random.Next(9))
            {
                case 0 or 1: values.Add(Convolve(g, v, channels, random.Next(3) == 0 ? random.Next(1, 40) : 16 * random.Next(1, 4), random.Next(2) == 0 ? 1 : 3, ++counter)); break;
                case 2: values.Add(g.Call(random.Next(2) == 0 ? new Relu() : new Sigmoid(), v)); break;
                case 3: values.Add(g.Call(new MaxPool(KernelShape: [3, 3], Pads: [1, 1, 1, 1]), v)); break;
                case 4 when channels >= 2:
                    long first = random.Next(1, channels);
                    values.AddRange(g.CallMany(new Split(1), [v, g.Constant($"lengths {++counter}", first, channels - first)], 2)!);
                    break;
                case 5 when channels >= 2:
                    long start = random.Next(0, channels - 1), end = random.Next((int)start + 1, channels + 1);
                    values.Add(g.Call(new Slice(), v, g.Constant($"starts {++counter}", start), g.Constant($"ends {counter}", end), g.Constant($"axes {counter}", 1L)));
                    break;
                default:
                    int axis = random.Next(4) == 0 ? 3 : 1;
                    Value[] joined = [.. values.Where(o => Enumerable.Range(0, 4).All(a => a == axis || o.Tensor!.Shape[a] == v.Tensor.Shape[a])).OrderBy(_ => random.Next()).Take(random.Next(1, 4)).Append(v)];
                    if (joined.Length > 1 && joined.Sum(j => j.Tensor!.Shape[1].Constant) < 300)
                    {
                        values.Add(g.Call(new Concat(axis), joined));
                    }

                    break;
            }
        }

        foreach ((int i, Value value) in values.Skip(1).TakeLast(3).Index())
        {
            g.Output($"y{i}", value);
        }

        if (values.Count == 1)
        {
            g.Output("y", g.Call(new Relu(), values[0]));
        }

        return g.Build();
    }

    private static Value Convolve(GraphBuilder g, Value x, int channels, int outputs, int kernel, int number)
    {
        Tensor weights = RandomTensor.Create(DataType.Float32, [outputs, channels, kernel, kernel], (ulong)number);
        foreach (ref float weight in weights.Span<float>())
        {
            weight *= 1f / (kernel * MathF.Sqrt(channels));
        }

        long pad = kernel / 2;
        return g.Call(new Relu(), g.Call(new Conv(Pads: [pad, pad, pad, pad]), x, g.Constant($"w{number}", weights)));
    }

    private static EngineContent Check(Graph graph, int seed, Action<InferenceContext>? inspect = null) => CompiledCheck.Run(graph, seed, inspect: inspect);
}
