using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Planning;
using Peregrine.Runtime.Tuning;
using Peregrine.Tensors;
using Peregrine.TestKit;

namespace Peregrine.Runtime.Tests.Tuning;

public sealed class TunerTests
{
    private static readonly KernelRequest Product = Request(new MatMul(), [5, 24], [24, 7], [5, 7]);

    [Fact]
    public void The_faster_of_two_right_kernels_wins_though_its_estimate_is_worse()
    {
        using ToyBackend backend = new(
            new ToyTactic("toy.slow", Slowly) { EstimatedSeconds = 1e-6 },
            new ToyTactic("toy.quick", ToyTactic.Reference) { EstimatedSeconds = 2e-6 });
        Selection selection = Select(new Tuner(backend, new()));
        Assert.Equal("toy.quick", selection.Tactic.Id.Name);
        Assert.Equal([CandidateOutcome.Measured, CandidateOutcome.Measured, CandidateOutcome.Skipped], selection.Candidates.Select(c => c.Outcome));
        Assert.All(selection.Candidates.Take(2), c => Assert.True(c.Seconds > 0));
        Assert.DoesNotContain("toy.reference", backend.Runs.Keys);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(3, true)]
    public void Prices_are_measured_from_level_1_on(int level, bool isMeasured)
    {
        using ToyBackend backend = new(new ToyTactic("toy.slow", Slowly) { EstimatedSeconds = 12345 });
        Tuner tuner = new(backend, new() { Level = level });
        double? price = tuner.Price(Product, new MatMul());
        Assert.Equal(isMeasured ? 1 : 0, tuner.Report().Measured);
        Assert.Equal(isMeasured ? Select(tuner).Seconds : null, price);
    }

    public static TheoryData<string, Action<Tensor>> Mistakes => new()
    {
        { "one element", t => t.Span<float>()[17] += 0.01f * (1 + Math.Abs(t.Span<float>()[17])) },
        { "everything a little", t => Each(t, x => x * 1.0001f) },
        { "one NaN", t => t.Span<float>()[0] = float.NaN },
        { "nothing but zeros", t => t.Data.Span.Clear() },
        { "only large values", t => Each(t, x => Math.Clamp(x, -500, 500)) },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_wrong_kernel_is_rejected_and_named(string mistake, Action<Tensor> spoil)
    {
        using ToyBackend backend = new(
            new ToyTactic("toy.wrong", ToyTactic.Spoiled(spoil)) { EstimatedSeconds = 1e-9 },
            new ToyTactic("toy.right", ToyTactic.Reference));
        Tuner tuner = new(backend, new() { Level = 5 });
        Selection selection = Select(tuner);
        Assert.Equal("toy.right", selection.Tactic.Id.Name);
        Candidate wrong = Assert.Single(selection.Candidates, c => c.Outcome == CandidateOutcome.Rejected);
        Assert.Equal("toy.wrong", wrong.Tactic.Name);
        Assert.Null(wrong.Seconds);
        Assert.NotEqual("", wrong.Reason);
        Assert.Contains(selection.Declines, d => d.StartsWith("toy.wrong@1: rejected, ", StringComparison.Ordinal));
        TuningReport report = tuner.Report();
        Assert.Equal(1, report.Rejected);
        Assert.Contains(report.Remarks, r => r.Contains("toy.wrong@1 is wrong", StringComparison.Ordinal) && r.Contains(wrong.Reason, StringComparison.Ordinal));
        Assert.True(mistake.Length > 0);
    }

    [Fact]
    public void Writing_outside_of_the_result_and_not_writing_are_mistakes()
    {
        using ToyBackend backend = new(
            new ToyTactic("toy.beyond", (slots, step) =>
            {
                ToyTactic.Reference(slots, step);
                Assert.True(slots.Buffer((int)step.Outputs[0]).TryGetHostMemory(slots.Offset((int)step.Outputs[0]) + (5 * 7 * 4), 4, out Memory<byte> behind));
                behind.Span.Clear();
            }),
            new ToyTactic("toy.lazy", (_, _) => { }),
            new ToyTactic("toy.failing", (_, _) => throw new InvalidOperationException("out of luck")));
        Selection selection = Select(new Tuner(backend, new()));
        Assert.Equal("toy.reference", selection.Tactic.Id.Name);
        Assert.Equal("writes outside of its result", selection.Candidates.Single(c => c.Tactic.Name == "toy.beyond").Reason);
        Assert.Equal(CandidateOutcome.Rejected, selection.Candidates.Single(c => c.Tactic.Name == "toy.lazy").Outcome);
        Assert.Equal("fails: out of luck", selection.Candidates.Single(c => c.Tactic.Name == "toy.failing").Reason);
        Assert.DoesNotContain("toy.reference", backend.Runs.Keys);
    }

    [Fact]
    public void Saturating_integers_find_a_kernel_that_saturates_too_early()
    {
        // Sums of two products in 16 bits, as vpmaddubsw makes them, are right on ordinary values only.
        KernelRequest request = new(
            new MatMulInteger(),
            [Operand(OperandRole.Activation, DataType.UInt8, [4, 64]), Operand(OperandRole.Weight, DataType.Int8, [64, 4])],
            [Operand(OperandRole.Activation, DataType.Int32, [4, 4])]);
        using ToyBackend backend = new(new ToyTactic("toy.saturating", (slots, step) =>
        {
            ReadOnlySpan<byte> a = slots.HostTensor((int)step.Inputs[0]).Data.Span;
            ReadOnlySpan<sbyte> b = slots.HostTensor((int)step.Inputs[1]).Span<sbyte>();
            Span<int> c = slots.HostTensor((int)step.Outputs[0]).Span<int>();
            for (int i = 0; i < 16; i++)
            {
                c[i] = 0;
                for (int k = 0; k < 64; k += 2)
                {
                    c[i] += Math.Clamp((a[(i / 4 * 64) + k] * b[(k * 4) + (i % 4)]) + (a[(i / 4 * 64) + k + 1] * b[((k + 1) * 4) + (i % 4)]), short.MinValue, short.MaxValue);
                }
            }
        }));
        Selection selection = ((ITacticChooser)new Tuner(backend, new())).Select(request, new MatMulInteger());
        Assert.Equal("toy.reference", selection.Tactic.Id.Name);
        Assert.Equal(CandidateOutcome.Rejected, selection.Candidates.Single(c => c.Tactic.Name == "toy.saturating").Outcome);
    }

    [Fact]
    public void Level_0_runs_nothing_and_takes_the_lowest_estimate()
    {
        using ToyBackend backend = new(new ToyTactic("toy.a", ToyTactic.Reference) { EstimatedSeconds = 2 }, new ToyTactic("toy.b", (_, _) => Assert.Fail("it runs")) { EstimatedSeconds = 1 });
        Tuner tuner = new(backend, new() { Level = 0 });
        Assert.Equal("toy.b", Select(tuner).Tactic.Id.Name);
        Assert.Empty(backend.Runs);
        Assert.Equal(0, tuner.Report().Measured);
    }

    [Theory]
    [InlineData(1, "a:0 b:0 c:0")]
    [InlineData(2, "a:0 a:1 b:0 b:1")]
    [InlineData(3, "a:0 a:1 b:0 b:1")]
    [InlineData(4, "a:0 a:1 b:0 b:1 c:0 c:1")]
    [InlineData(5, "a:0 a:1 b:0 b:1 c:0 c:1 d:0 d:1")]
    public void Higher_levels_try_more(int level, string tried)
    {
        using ToyBackend backend = new([.. new[] { ("a", 1.0), ("b", 2.5), ("c", 6.0), ("d", 100.0) }.Select(t => new ToyTactic(t.Item1, ToyTactic.Reference) { EstimatedSeconds = t.Item2 * 1e-6, Options = ["0", "1"], Declines = _ => t.Item1 == "d" && level == 1 ? "no" : null })]);
        Selection selection = Select(new Tuner(backend, new() { Level = level }));
        Assert.Equal(tried, string.Join(' ', selection.Candidates.Where(c => c.Outcome == CandidateOutcome.Measured).Select(c => $"{c.Tactic.Name}:{c.Option}").Order(StringComparer.Ordinal)));
        Assert.All(selection.Candidates.Where(c => c.Outcome == CandidateOutcome.Skipped), c => Assert.NotEqual("", c.Reason));
    }

    [Fact]
    public void Ties_go_by_the_order_of_the_backend()
    {
        TimingCache cache = new();
        for (int order = 0; order < 2; order++)
        {
            ToyTactic[] tactics = [new("toy.a", ToyTactic.Reference), new("toy.b", ToyTactic.Reference)];
            using ToyBackend backend = new(order == 0 ? tactics : [tactics[1], tactics[0]]);
            string device = TimingCache.KeyOf(backend.Device.Fingerprint), request = TimingCache.KeyOf(Product.ToString());
            cache.Put(new(device, request, "toy.a", ""), new("toy.a", 1), TacticStamp.Of(tactics[0]), new TimingEntry.Time(1.00));
            cache.Put(new(device, request, "toy.b", ""), new("toy.b", 1), TacticStamp.Of(tactics[1]), new TimingEntry.Time(1.01));
            Assert.Equal(order == 0 ? "toy.a" : "toy.b", Select(new Tuner(backend, new() { Cache = cache })).Tactic.Id.Name);
            Assert.Empty(backend.Runs);
        }
    }

    [Fact]
    public void A_kernel_that_wants_more_than_the_workspace_is_skipped_and_it_is_said()
    {
        using ToyBackend backend = new(new ToyTactic("toy.greedy", ToyTactic.Reference) { ScratchBytes = 1001 }, new ToyTactic("toy.modest", ToyTactic.Reference) { ScratchBytes = 1000, EstimatedSeconds = 1 });
        foreach (int level in new[] { 0, 3 })
        {
            Selection selection = Select(new Tuner(backend, new() { Level = level, Workspace = 1000 }));
            Assert.Equal("toy.modest", selection.Tactic.Id.Name);
            Candidate greedy = selection.Candidates.Single(c => c.Tactic.Name == "toy.greedy");
            Assert.Equal(CandidateOutcome.Skipped, greedy.Outcome);
            Assert.Contains("1001 bytes", greedy.Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Tuning_ends_between_two_candidates_when_it_is_cancelled()
    {
        using CancellationTokenSource cancellation = new();
        using ToyBackend backend = new(new ToyTactic("toy.a", ToyTactic.Reference), new ToyTactic("toy.b", ToyTactic.Reference));
        backend.Running = name =>
        {
            Assert.Equal("toy.a", name);
            cancellation.Cancel();
        };
        Assert.Throws<OperationCanceledException>(() => Select(new Tuner(backend, new(), cancellation.Token)));
    }

    [Fact]
    public void Without_time_estimates_decide_and_it_is_said()
    {
        using ToyBackend backend = new(new ToyTactic("toy.a", ToyTactic.Reference));
        Tuner tuner = new(backend, new() { Budget = TimeSpan.Zero });
        Assert.Equal("toy.a", Select(tuner).Tactic.Id.Name);
        Assert.Contains(tuner.Report().Remarks, r => r.Contains("is over", StringComparison.Ordinal));
    }

    [Fact]
    public void Deterministic_tuning_times_nothing_and_takes_the_lowest_estimate_that_is_right()
    {
        using ToyBackend backend = new(
            new ToyTactic("toy.slow", Slowly) { EstimatedSeconds = 2e-6 },
            new ToyTactic("toy.wrong", (_, _) => { }) { EstimatedSeconds = 1e-6 },
            new ToyTactic("toy.quick", ToyTactic.Reference) { EstimatedSeconds = 3e-6 });
        Tuner tuner = new(backend, new() { Deterministic = true });
        Assert.Equal("toy.slow", Select(tuner).Tactic.Id.Name);
        Assert.Equal(0, tuner.Report().Measured);
        Assert.Equal(1, tuner.Report().Rejected);
    }

    [Fact]
    public void Pins_are_obeyed_unless_they_are_wrong_and_gaps_are_filled()
    {
        using ToyBackend backend = new(new ToyTactic("toy.a", ToyTactic.Reference) { Options = ["x", "y"] }, new ToyTactic("toy.wrong", (_, _) => { }));
        TacticManifest manifest = new();
        manifest.Add(Product.ToString(), new("toy.a", 1), new("y"));
        foreach (int level in new[] { 0, 3 })
        {
            Selection pinned = Select(new Tuner(backend, new() { Level = level, Manifest = manifest }));
            Assert.Equal("y", pinned.Option.Text);
        }

        TacticManifest bad = new();
        bad.Add(Product.ToString(), new("toy.wrong", 1), new(""));
        Tuner tuner = new(backend, new() { Manifest = bad });
        Assert.Equal("toy.a", Select(tuner).Tactic.Id.Name);
        Assert.Contains(tuner.Report().Remarks, r => r.StartsWith("The pinned tactic toy.wrong@1 is not used", StringComparison.Ordinal));
        Assert.Equal("toy.wrong", bad.Find(Product.ToString())!.Value.Tactic.Name);
        TacticManifest empty = new();
        Select(new Tuner(backend, new() { Manifest = empty }));
        Assert.Equal("toy.a", empty.Find(Product.ToString())!.Value.Tactic.Name);
    }

    [Fact]
    public void Requests_with_run_time_dims_are_tried_at_typical_extents()
    {
        KernelRequest open = new(
            new MatMul(),
            [new(OperandRole.Activation, DataType.Float32, Layout.RowMajor, [new(1, 64, 1), KernelDim.Static(24)]), Operand(OperandRole.Weight, DataType.Float32, [24, 7])],
            [new(OperandRole.Activation, DataType.Float32, Layout.RowMajor, [new(1, 64, 1), KernelDim.Static(7)])]);
        OperandExtents extents = new([[13, 24], [24, 7]], [[13, 7]]);
        using ToyBackend backend = new(new ToyTactic("toy.a", (slots, step) =>
        {
            Assert.Equal(13, slots.Dims((int)step.Inputs[0])[0]);
            ToyTactic.Reference(slots, step);
        }));
        Selection selection = ((ITacticChooser)new Tuner(backend, new())).Select(open, new MatMul(), extents);
        Assert.Equal(CandidateOutcome.Measured, selection.Candidates[0].Outcome);
        Tuner blind = new(backend, new());
        Assert.Equal("toy.a", ((ITacticChooser)blind).Select(open, new MatMul()).Tactic.Id.Name);
        Assert.NotEqual("", blind.Report().Requests.Single().Note);
        Assert.False(new OperandExtents([[65, 24], [24, 7]], [[65, 7]]).Fit(open));
    }

    [Fact]
    public void Operands_lie_in_the_layouts_of_the_request_and_halos_but_nothing_else_must_be_written()
    {
        Layout halo = Layout.ChannelsLast(4, 24) with { HaloBefore = [0, 0, 1, 1], HaloAfter = [0, 0, 1, 1], Fill = HaloFill.Lowest };
        KernelRequest request = new(
            new Relu(),
            [new(OperandRole.Activation, DataType.Float32, Layout.ChannelsLast(4), Dims([2, 20, 5, 3]))],
            [new(OperandRole.Activation, DataType.Float32, halo, Dims([2, 20, 5, 3]))]);
        using ToyBackend backend = new(
            new ToyTactic("toy.whole", (slots, step) => Store(slots, step, TrialOperands.Foreign)) { Declines = _ => null },
            new ToyTactic("toy.wide", (slots, step) => Store(slots, step, 0)) { Declines = _ => null },
            new ToyTactic("toy.bare", (slots, step) => Store(slots, step, null)) { Declines = _ => null });
        Selection selection = ((ITacticChooser)new Tuner(backend, new())).Select(request, new Relu());
        Assert.Equal("toy.whole", selection.Tactic.Id.Name);
        Assert.Contains("halo", selection.Candidates.Single(c => c.Tactic.Name == "toy.bare").Reason, StringComparison.Ordinal);

        Assert.Contains("between", selection.Candidates.Single(c => c.Tactic.Name == "toy.wide").Reason, StringComparison.Ordinal);

        static void Store(SlotTable slots, KernelStep step, byte? between)
        {
            Tensor x = slots.HostTensor((int)step.Inputs[0]).Clone();
            Each(x, v => Math.Max(v, 0));
            Layout layout = slots.Plan.Slots[(int)step.Outputs[0]].Layout;
            int length = (int)layout.Resolve(x.Dims).Elements * 4;
            Assert.True(slots.Buffer((int)step.Outputs[0]).TryGetHostMemory(slots.Offset((int)step.Outputs[0]), length, out Memory<byte> memory));
            if (between is { } value)
            {
                LayoutConversion.StoreWhole(x, layout, memory.Span, value);
            }
            else
            {
                LayoutConversion.Store(x, layout, memory.Span);
            }
        }
    }

    [Fact]
    public void What_the_reference_refuses_is_chosen_by_estimate()
    {
        // 4 and 5 do not fit together, as the typical extents of two symbols may not.
        KernelRequest request = Request(new MatMul(), [3, 4], [5, 6], [3, 6]);
        using ToyBackend backend = new(new ToyTactic("toy.a", (_, _) => Assert.Fail("it runs")));
        Tuner tuner = new(backend, new());
        Assert.Equal("toy.a", ((ITacticChooser)tuner).Select(request, new MatMul()).Tactic.Id.Name);
        Assert.NotEqual("", tuner.Report().Requests.Single().Note);
    }

    [Fact]
    public void Equal_requests_are_tried_once_and_no_tactic_is_a_clear_error()
    {
        using ToyBackend backend = new(new ToyTactic("toy.a", ToyTactic.Reference));
        Tuner tuner = new(backend, new());
        Selection first = Select(tuner);
        int runs = backend.Runs["toy.a"];
        Assert.Same(first, Select(tuner));
        Assert.Equal(runs, backend.Runs["toy.a"]);
        KernelRequest odd = new(new Relu(), [new(OperandRole.Activation, DataType.Float32, Layout.ChannelsLast(3), Dims([1, 2, 3]))], [Operand(OperandRole.Activation, DataType.Float32, [1, 2, 3])]);
        Assert.Null(tuner.Find(odd, new Relu()));
        Assert.Contains("needs row-major operands", Assert.Throws<Diagnostics.BackendException>(() => ((ITacticChooser)tuner).Select(odd, new Relu())).Message, StringComparison.Ordinal);
    }

    internal static KernelRequest Request(Operator op, long[] left, long[] right, long[] result) =>
        new(op, [Operand(OperandRole.Activation, DataType.Float32, left), Operand(OperandRole.Weight, DataType.Float32, right)], [Operand(OperandRole.Activation, DataType.Float32, result)]);

    private static Selection Select(Tuner tuner) => ((ITacticChooser)tuner).Select(Product, new MatMul());

    private static KernelOperand Operand(OperandRole role, DataType type, long[] dims) => new(role, type, Layout.RowMajor, Dims(dims));

    private static ValueList<KernelDim> Dims(long[] dims) => ValueList.From(dims.Select(KernelDim.Static));

    private static void Each(Tensor tensor, Func<float, float> change)
    {
        foreach (ref float x in tensor.Span<float>())
        {
            x = change(x);
        }
    }

    /// <summary>Right, but many times as much work.</summary>
    private static void Slowly(SlotTable slots, KernelStep step)
    {
        for (int i = 0; i < 50; i++)
        {
            ToyTactic.Reference(slots, step);
        }
    }
}
