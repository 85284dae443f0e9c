using System.Diagnostics;
using FsCheck;
using FsCheck.Fluent;
using Peregrine.Diagnostics;
using Peregrine.Runtime.Planning;

namespace Peregrine.Runtime.Tests.Planning;

public sealed class MemoryPlannerTests
{
    [Fact]
    public void Random_plans_keep_every_promise()
    {
        Gen<int> seeds = Gen.Choose(0, int.MaxValue - 1);
        Prop.ForAll(seeds.ToArbitrary(), seed =>
        {
            BufferRequest[] requests = PlannerInstances.Random(seed);
            Verify(requests, PlanningEffort.Quick);
            Verify(requests, PlanningEffort.Thorough);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    [Fact]
    public void A_chain_of_layers_needs_its_two_largest_neighbours()
    {
        BufferRequest[] requests = new BufferRequest[50];
        for (int i = 0; i < requests.Length; i++)
        {
            requests[i] = new BufferRequest(6400 * (i % 7 + 1), 64, i, i + 1);
        }

        long[] offsets = new long[requests.Length];
        MemoryPlan plan = new MemoryPlanner().Plan(requests, offsets);
        Assert.Equal(6400 * (6 + 7), plan.LowerBound);
        Assert.Equal(plan.LowerBound, plan.Peak);
    }

    [Fact]
    public void In_place_buffers_share_one_offset_and_count_once()
    {
        BufferRequest[] requests = [new(1000, 64, 0, 1), new(900, 64, 1, 2, InPlaceOf: 0), new(3000, 64, 2, 3, InPlaceOf: 1), new(500, 64, 1, 3, InPlaceOf: 0)];
        long[] offsets = new long[4];
        MemoryPlan plan = new MemoryPlanner().Plan(requests, offsets);
        Assert.Equal(offsets[0], offsets[1]);
        Assert.Equal(offsets[0], offsets[2]);
        // The second claim on buffer 0 comes too late.
        Assert.NotEqual(offsets[0], offsets[3]);
        Assert.Equal(3008 + 512, plan.Peak);
    }

    [Fact]
    public void Empty_plans_and_empty_buffers_cost_nothing()
    {
        MemoryPlanner planner = new();
        Assert.Equal(new MemoryPlan(0, 0), planner.Plan([], []));
        long[] offsets = [1, 1];
        Assert.Equal(new MemoryPlan(64, 64), planner.Plan([new(0, 1, 0, 5), new(1, 1, 0, 5)], offsets));
        Assert.Equal([0, 0], offsets);
    }

    [Fact]
    public void Requests_that_contradict_themselves_or_are_absurd_are_refused()
    {
        MemoryPlanner planner = new();
        Assert.Throws<ArgumentException>(() => planner.Plan([new(-1, 64, 0, 0)], new long[1]));
        Assert.Throws<ArgumentException>(() => planner.Plan([new(1, 48, 0, 0)], new long[1]));
        Assert.Throws<ArgumentException>(() => planner.Plan([new(1, 64, 2, 1)], new long[1]));
        Assert.Throws<ArgumentException>(() => planner.Plan([new(1, 64, 0, int.MaxValue)], new long[1]));
        Assert.Throws<ArgumentException>(() => planner.Plan([new(1, 64, 0, 1), new(1, 64, 2, 3, InPlaceOf: 0)], new long[2]));
        Assert.Throws<ArgumentException>(() => planner.Plan([new(1, 64, 0, 0, InPlaceOf: 0)], new long[1]));
        Assert.Throws<ArgumentException>(() => planner.Plan([new(1, 64, 0, 0)], []));
        Assert.Throws<BackendException>(() => planner.Plan([new(long.MaxValue, 64, 0, 0), new(long.MaxValue, 64, 0, 0)], new long[2]));
    }

    [Fact]
    public void Planning_again_allocates_nothing()
    {
        BufferRequest[] requests = PlannerInstances.Network(seed: 1, layers: 500);
        long[] offsets = new long[requests.Length];
        MemoryPlanner planner = new();
        planner.Plan(requests, offsets);
        long before = GC.GetAllocatedBytesForCurrentThread();
        planner.Plan(requests, offsets);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Plans_of_network_like_instances_are_close_to_the_lower_bound()
    {
        foreach ((PlanningEffort effort, double limit) in new[] { (PlanningEffort.Quick, 1.045), (PlanningEffort.Thorough, 1.04) })
        {
            List<double> networks = [];
            List<double> scattered = [];
            MemoryPlanner planner = new();
            for (int seed = 0; seed < 100; seed++)
            {
                networks.Add(Ratio(planner, PlannerInstances.Network(seed, layers: 50 + 5 * seed), effort));
                scattered.Add(Ratio(planner, PlannerInstances.Random(seed), effort));
            }

            TestContext.Current.TestOutputHelper?.WriteLine($"{effort}: networks {Describe(networks)}; random {Describe(scattered)}");
            Assert.InRange(networks.Average(), 1, limit);
            Assert.InRange(scattered.Average(), 1, 1.05);
        }

        BufferRequest[] large = PlannerInstances.Network(seed: 7, layers: 2000);
        MemoryPlanner timed = new();
        long[] offsets = new long[large.Length];
        timed.Plan(large, offsets);
        Stopwatch watch = Stopwatch.StartNew();
        MemoryPlan plan = timed.Plan(large, offsets);
        TestContext.Current.TestOutputHelper?.WriteLine($"{large.Length} buffers: {watch.Elapsed.TotalMilliseconds:F2} ms, {plan}");
    }

    [Fact]
    public void Halves_of_buffers_lie_on_halves_of_those_before()
    {
        // An image network: each layer's result is of another size, the first is the largest, and every third is kept for three layers.
        List<BufferRequest> requests = [];
        for (int step = 0; step < 48; step++)
        {
            long size = (1600L << 10) * (1 + (step * 5 % 7)) / (1 + step);
            requests.Add(new(size, 64, step, step + (step % 3 == 0 ? 3 : 1)));
        }

        long[] offsets = new long[requests.Count];
        MemoryPlan plan = new MemoryPlanner().Plan(requests.ToArray(), offsets);
        Assert.InRange(plan.Peak, plan.LowerBound, plan.LowerBound * 1.05);
        Assert.InRange(HandedOver(requests, offsets) / (double)requests.Sum(r => r.Size), 0, 0.05);
        // The count is sound: placed from the bottom by turns, they cross.
        long[] packed = [.. requests.Select((r, i) => i % 4 * (4L << 20))];
        packed[1] = 0;
        Assert.InRange(HandedOver(requests, packed), 1 << 20, long.MaxValue);
    }

    /// <summary>Bytes whose last writer in the run before, or earlier in the run, was the other half of the workers; by units of 64 bytes.</summary>
    private static long HandedOver(List<BufferRequest> requests, long[] offsets)
    {
        Dictionary<long, bool> upper = [];
        long handed = 0;
        for (int run = 0; run < 2; run++)
        {
            handed = 0;
            foreach (int i in Enumerable.Range(0, requests.Count).OrderBy(i => requests[i].FirstStep))
            {
                for (long at = 0; at < requests[i].Size; at += 64)
                {
                    bool isUpper = at >= requests[i].Size / 2;
                    handed += upper.TryGetValue(offsets[i] + at, out bool before) && before != isUpper ? 64 : 0;
                    upper[offsets[i] + at] = isUpper;
                }
            }
        }

        return handed;
    }

    private static string Describe(List<double> ratios)
    {
        ratios.Sort();
        return $"mean {ratios.Average():F4} median {ratios[ratios.Count / 2]:F4} p90 {ratios[ratios.Count * 9 / 10]:F4} max {ratios[^1]:F4} exact {ratios.Count(r => r == 1)}%";
    }

    private static double Ratio(MemoryPlanner planner, BufferRequest[] requests, PlanningEffort effort)
    {
        MemoryPlan plan = planner.Plan(requests, new long[requests.Length], effort);
        return plan.LowerBound == 0 ? 1 : (double)plan.Peak / plan.LowerBound;
    }

    private static void Verify(BufferRequest[] requests, PlanningEffort effort)
    {
        long[] offsets = new long[requests.Length];
        MemoryPlan plan = new MemoryPlanner().Plan(requests, offsets, effort);
        long highest = 0;
        HashSet<int> replaced = [];
        int[] takenBy = Enumerable.Repeat(-1, requests.Length).ToArray();
        int[] chain = Enumerable.Range(0, requests.Length).ToArray();
        for (int i = 0; i < requests.Length; i++)
        {
            BufferRequest a = requests[i];
            Assert.Equal(0, offsets[i] % Math.Max(a.Alignment, 64));
            highest = Math.Max(highest, a.Size == 0 ? 0 : (offsets[i] + a.Size + 63) / 64 * 64);
            if (a.InPlaceOf >= 0 && replaced.Add(a.InPlaceOf))
            {
                takenBy[a.InPlaceOf] = i;
                chain[i] = chain[a.InPlaceOf];
                Assert.True(a.Size == 0 || requests[a.InPlaceOf].Size == 0 || offsets[i] == offsets[a.InPlaceOf], "in place is respected");
            }
        }

        for (int i = 0; i < requests.Length; i++)
        {
            for (int j = i + 1; j < requests.Length; j++)
            {
                (BufferRequest a, BufferRequest b) = (requests[i], requests[j]);
                bool together = a.FirstStep <= b.LastStep && b.FirstStep <= a.LastStep;
                bool apart = a.Size == 0 || b.Size == 0 || offsets[i] + a.Size <= offsets[j] || offsets[j] + b.Size <= offsets[i];
                Assert.True(!together || apart || chain[i] == chain[j], $"{i} {a} at {offsets[i]} and {j} {b} at {offsets[j]}");
            }
        }

        // The bound by its definition, step by step; buffers of one chain share their bytes.
        long bound = 0;
        for (int step = 0; step <= requests.Max(r => r.LastStep); step++)
        {
            int now = step;
            bound = Math.Max(bound, Enumerable.Range(0, requests.Length)
                .Where(i => requests[i].FirstStep <= now && now <= requests[i].LastStep)
                .GroupBy(i => chain[i], i => (requests[i].Size + 63) / 64 * 64)
                .Sum(group => group.Max()));
        }

        Assert.Equal(bound, plan.LowerBound);
        Assert.Equal(highest, plan.Peak);
        Assert.True(plan.Peak >= plan.LowerBound);
        long[] again = new long[requests.Length];
        MemoryPlanner used = new();
        used.Plan(PlannerInstances.Network(3, 40), new long[PlannerInstances.Network(3, 40).Length], PlanningEffort.Thorough);
        Assert.Equal(plan, used.Plan(requests, again, effort));
        Assert.Equal(offsets, again);
    }
}
