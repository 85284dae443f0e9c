using System.Numerics;
using Peregrine.Backends.Cpu.Normalization;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Tensors;
using Peregrine.TestKit;

namespace Peregrine.Backends.Cpu.Tests.Normalization;

public sealed class NormalizationTacticTests
{
    private static readonly Tolerance Close = new(5e-6, 2e-6);

    [Fact]
    public void The_exponential_is_within_two_units_in_the_last_place()
    {
        for (float x = -87.3f; x < 88; x += 0.0137f)
        {
            double exact = Math.Exp(x);
            float found = VectorExp.Of(new Vector<float>(x))[0];
            Assert.True(Math.Abs(found - exact) <= 2 * (MathF.BitIncrement((float)exact) - (float)exact), $"e^{x} is {exact}, not {found}");
        }

        Assert.Equal(0, VectorExp.Of(new Vector<float>(float.NegativeInfinity))[0]);
        Assert.Equal(0, VectorExp.Of(new Vector<float>(-200))[0]);
        Assert.Equal(1, VectorExp.Of(Vector<float>.Zero)[0]);
        Assert.True(float.IsNaN(VectorExp.Of(new Vector<float>(float.NaN))[0]));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    [InlineData(0)]
    public void Softmax_agrees_with_the_reference(long axis)
    {
        SoftmaxTactic tactic = new();
        foreach (Tensor x in (Tensor[])[Random(30, 3, 5), Random(3, 77, 19), Random(3, 9, 300), Random(2, 1, 1), Random(2, 3, 70, 5), Random(2, 0, 4), Spread(4, 40, 1100), TestTensors.WildFloats(7, 9, 41)])
        {
            Check(tactic, new Softmax(axis), Close, x);
            Check(tactic, new LogSoftmax(axis), Close, x);
        }

        Check(tactic, new Softmax(-1), Close, Masked(12, 50));
    }

    [Fact]
    public void Softmax_takes_the_channels_of_channels_last()
    {
        foreach (Tensor x in (Tensor[])[Random(2, 21, 5, 7), Random(1, 150, 9), Random(1, 3, 4, 5, 6)])
        {
            new TacticHarness(new Softmax(1), [x]) { Tolerance = Close }.ChannelsLast().Check(new SoftmaxTactic());
            new TacticHarness(new LogSoftmax(1), [x]) { Tolerance = Close, IsStatic = false }.ChannelsLast(x.Dims[1] + 5).Check(new SoftmaxTactic());
        }

        Assert.NotNull(new TacticHarness(new Softmax(3), [Random(2, 3, 4, 5)]).ChannelsLast().Decline(new SoftmaxTactic()));
    }

    [Fact]
    public void Layer_normalization_agrees_with_the_reference()
    {
        LayerNormalizationTactic tactic = new();
        foreach (long width in (long[])[1, 7, 64, 771])
        {
            Check(tactic, new LayerNormalization(), Close, Random(3, 5, width), Random(width), Random(width));
            Check(tactic, new LayerNormalization(), Close, Random(30, width), Random(1, width));
            Check(tactic, new RMSNormalization(), Close, Random(3, 5, width), Random(width));
        }

        Check(tactic, new LayerNormalization(1), Close, Random(3, 5, 20), Random(5, 20), Random(1, 5, 20));
        Check(tactic, new LayerNormalization(), new(1e-4, 1e-4), Shifted(3, 5, 640), Random(640), Random(640));
        Check(tactic, new LayerNormalization(), Close, Random(0, 8), Random(8), Random(8));
        new TacticHarness(new LayerNormalization(), [Random(3, 5, 20), Random(20)], true, true, true) { Tolerance = Close }.Check(tactic);
        Assert.NotNull(new TacticHarness(new LayerNormalization(), [Random(3, 5, 20), Random(5, 1)]).Decline(tactic));
    }

    [Fact]
    public void Group_normalization_agrees_with_the_reference()
    {
        GroupNormalizationTactic tactic = new();
        foreach (long[] dims in (long[][])[[2, 12, 7, 9], [1, 12, 33], [2, 12, 1, 1], [3, 12], [0, 12, 4], [1, 12, 40, 40]])
        {
            Check(tactic, new GroupNormalization(4), Close, Random(dims), Random(12), Random(12));
            Check(tactic, new InstanceNormalization(), Close, Random(dims), Random(12), Random(12));
            if (dims.Length > 2)
            {
                new TacticHarness(new GroupNormalization(3), [Random(dims), Random(12), Random(12)]) { Tolerance = Close }.ChannelsLast().Check(tactic);
                new TacticHarness(new InstanceNormalization(), [Random(dims), Random(12), Random(12)]) { Tolerance = Close, IsStatic = false }.ChannelsLast(17).Check(tactic);
            }
        }
    }

    [Fact]
    public void Group_normalization_keeps_its_digits_far_from_zero()
    {
        Tensor x = Shifted(2, 6, 31, 29), scale = Random(6), bias = Random(6);
        new TacticHarness(new GroupNormalization(2), [x, scale, bias]) { Tolerance = new(2e-4, 2e-4) }.Check(new GroupNormalizationTactic());
        new TacticHarness(new GroupNormalization(2), [x, scale, bias]) { Tolerance = new(2e-4, 2e-4) }.ChannelsLast().Check(new GroupNormalizationTactic());
    }

    [Theory]
    [InlineData(0.75f)]
    [InlineData(0.5f)]
    [InlineData(0.6f)]
    public void Local_response_normalization_agrees_with_the_reference(float beta)
    {
        foreach (long size in (long[])[1, 4, 5])
        {
            Check(new LrnTactic(), new LRN(size, 0.5f, beta, 1.5f), Close, Random(2, 11, 6, 7));
            Check(new LrnTactic(), new LRN(size, 0.5f, beta, 1.5f), Close, Random(1, 3, 700));
        }
    }

    private static void Check(ITactic tactic, Operator op, Tolerance tolerance, params Tensor?[] inputs)
    {
        new TacticHarness(op, inputs) { Tolerance = tolerance }.Check(tactic);
        new TacticHarness(op, inputs) { Tolerance = tolerance, Constants = [.. Enumerable.Range(1, inputs.Length - 1)], IsStatic = inputs.Length > 1 }.Check(tactic);
    }

    private static Tensor Random(params long[] dims) => TestTensors.Floats(dims);

    private static Tensor Spread(params long[] dims) => Map(dims, x => x * 50);

    private static Tensor Shifted(params long[] dims) => Map(dims, x => x + 500);

    private static Tensor Masked(params long[] dims) => Map(dims, x => x > 0.3f ? float.NegativeInfinity : x);

    private static Tensor Map(long[] dims, Func<float, float> map)
    {
        Tensor tensor = TestTensors.Floats(dims);
        foreach (ref float value in tensor.Span<float>())
        {
            value = map(value);
        }

        return tensor;
    }
}
