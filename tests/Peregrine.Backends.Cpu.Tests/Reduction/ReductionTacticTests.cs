using Peregrine.Backends.Cpu.Reduction;
using Peregrine.Operators;
using Peregrine.Tensors;
using Peregrine.TestKit;

namespace Peregrine.Backends.Cpu.Tests.Reduction;

public sealed class ReductionTacticTests
{
    private static readonly ReductionTactic Tactic = new();

    public static TheoryData<long[]> Dims => new([2, 21, 5, 7], [1, 64, 14, 14], [3, 2, 40, 33], [2, 70, 300], [4, 3, 2, 5, 6], [1, 1, 1, 9], [2, 0, 3, 4], [0, 3, 4], [300], [2, 3]);

    [Theory]
    [MemberData(nameof(Dims))]
    public void Every_choice_of_axes_agrees_with_the_reference(long[] dims)
    {
        for (int mask = 0; mask < 1 << dims.Length; mask++)
        {
            Tensor axes = TestTensors.Longs([.. Enumerable.Range(0, dims.Length).Where(a => (mask & (1 << a)) != 0).Select(a => a % 2 == 0 ? a : (long)a - dims.Length)]);
            bool keeps = mask % 3 != 0;
            Check(new ReduceMean(keeps), TestTensors.Floats(dims), axes);
            Check(new ReduceMax(keeps, NoopWithEmptyAxes: true), TestTensors.WildFloats(dims), axes);
        }
    }

    [Fact]
    public void Every_operator_agrees_with_the_reference()
    {
        foreach (Tensor axes in (Tensor[])[TestTensors.Longs(1), TestTensors.Longs(-1), TestTensors.Longs(2, 3), TestTensors.Longs(0, 2), TestTensors.Longs()])
        {
            Tensor x = TestTensors.Floats(2, 40, 9, 11), positive = TestTensors.Floats(2, 40, 9, 11);
            foreach (ref float value in positive.Span<float>())
            {
                value = MathF.Abs(value) + 0.1f;
            }

            foreach (Operator op in (Operator[])[new ReduceSum(), new ReduceMean(), new ReduceMax(), new ReduceMin(), new ReduceL1(), new ReduceL2(), new ReduceSumSquare(), new ReduceSum(false, true), new ReduceL1(true, true)])
            {
                Check(op, x, axes);
            }

            Check(new ReduceLogSum(), positive, axes);
            Check(new ReduceMin(), TestTensors.WildFloats(2, 40, 9, 11), axes);
        }
    }

    [Fact]
    public void Long_sums_and_extreme_squares_keep_their_digits()
    {
        Tensor ones = Tensor.Allocate(DataType.Float32, [1, 1 << 20]);
        ones.Span<float>().Fill(1.1f);
        Check(new ReduceSum(), ones, TestTensors.Longs(1));
        Check(new ReduceSum(), ones.WithDims([1 << 17, 8]), TestTensors.Longs(0));
        foreach (float scale in (float[])[1e25f, 1e-30f])
        {
            Tensor x = TestTensors.Floats(3, 50);
            foreach (ref float value in x.Span<float>())
            {
                value *= scale;
            }

            new TacticHarness(new ReduceL2(), [x, TestTensors.Longs(1)]) { Tolerance = new(1e-5, 0) }.Check(Tactic);
            new TacticHarness(new ReduceL2(), [x, TestTensors.Longs(0)]) { Tolerance = new(1e-5, 0) }.Check(Tactic);
        }
    }

    [Fact]
    public void Positions_of_extremes_agree_with_the_reference()
    {
        ArgReductionTactic tactic = new();
        foreach (bool last in (bool[])[false, true])
        {
            foreach (long axis in (long[])[0, 1, -1])
            {
                foreach (Tensor x in (Tensor[])[TestTensors.Floats(3, 40, 5), TestTensors.WildFloats(4, 3, 70), TestTensors.Floats(2, 100, 3, 3), TestTensors.WildFloats(2, 40, 17), Tensor.Allocate(DataType.Float32, [2, 30, 40])])
                {
                    foreach (Operator op in (Operator[])[new ArgMax(axis, true, last), new ArgMin(axis, false, last)])
                    {
                        new TacticHarness(op, [x]) { IsBitwise = true }.Check(tactic);
                        TacticHarness harness = new TacticHarness(op, [x]) { IsBitwise = true, IsStatic = false }.ChannelsLast(x.Dims[1] + 2);
                        harness.OutputLayouts[0] = Peregrine.Runtime.Kernels.Layout.RowMajor;
                        harness.Check(tactic);
                    }
                }
            }
        }
    }

    [Fact]
    public void The_best_elements_agree_with_the_reference()
    {
        TopKTactic tactic = new();
        foreach (bool largest in (bool[])[true, false])
        {
            foreach (long axis in (long[])[-1, 0, 1])
            {
                foreach (Tensor x in (Tensor[])[TestTensors.Floats(9, 12, 400), TestTensors.WildFloats(9, 12, 33), Tensor.Allocate(DataType.Float32, [9, 9, 50]), TestTensors.WildFloats(9, 80)])
                {
                    foreach (long k in (long[])[1, 4, 9, 0])
                    {
                        new TacticHarness(new TopK(axis, largest), [x, TestTensors.Longs(k)], true, true) { IsBitwise = true }.Check(tactic);
                    }
                }
            }
        }

        new TacticHarness(new TopK(), [TestTensors.Floats(4, 700), TestTensors.Longs(200)], false, true).Check(tactic);
        Assert.NotNull(new TacticHarness(new TopK(), [TestTensors.Floats(4, 700), TestTensors.Longs(300)], true, true).Decline(tactic));
        TacticHarness shorter = new TacticHarness(new TopK(), [TestTensors.Floats(4, 7), TestTensors.Longs(5)], true, true) { IsStatic = true }.With(0, TestTensors.Floats(4, 3));
        Assert.Equal("PG2524", Assert.Throws<Peregrine.Diagnostics.ModelException>(() => shorter.Run(tactic, 1)).Diagnostics[0].Code);
    }

    [Fact]
    public void Running_sums_agree_with_the_reference()
    {
        foreach (long axis in (long[])[0, 1, -1])
        {
            foreach ((bool exclusive, bool reverse) in ((bool, bool)[])[(false, false), (true, false), (false, true), (true, true)])
            {
                foreach (Tensor x in (Tensor[])[TestTensors.Floats(3, 5, 130), TestTensors.Floats(3, 0, 4), TestTensors.Bits(DataType.Int64, 4, 3, 70), TestTensors.Bits(DataType.Int32, 4, 3, 7)])
                {
                    new TacticHarness(new CumSum(exclusive, reverse), [x, Tensor.Scalar(axis)]) { Tolerance = new(1e-6, 1e-6), IsBitwise = x.Type != DataType.Float32 }.Check(new CumulativeSumTactic());
                }
            }
        }
    }

    [Fact]
    public void Other_requests_are_declined()
    {
        Assert.NotNull(new TacticHarness(new ReduceProd(), [TestTensors.Floats(2, 3)]).Decline(Tactic));
        Assert.NotNull(new TacticHarness(new ReduceSum(), [TestTensors.Longs(2, 3)]).Decline(Tactic));
        Assert.NotNull(new TacticHarness(new ReduceSum(), [TestTensors.Floats(2, 3, 4), TestTensors.Longs(2)]).ChannelsLast(8).Decline(Tactic));
    }

    private static void Check(Operator op, Tensor x, Tensor axes)
    {
        TacticHarness Harness(bool isStatic) => new(op, [x, axes]) { Tolerance = op.Accuracy == Accuracy.Exact ? Tolerance.Exact : new(3e-6, 2e-6), IsStatic = isStatic };
        Harness(true).Check(Tactic);
        if (x.Rank is >= 3 and <= 5)
        {
            Harness(false).ChannelsLast().Check(Tactic);
            TacticHarness padded = Harness(true).ChannelsLast(x.Dims[1] + 3);
            padded.OutputLayouts[0] = Peregrine.Runtime.Kernels.Layout.RowMajor;
            padded.Check(Tactic);
        }
    }
}
