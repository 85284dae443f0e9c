using Peregrine.Backends.Cpu.Workers;

namespace Peregrine.Backends.Cpu.Tests.Workers;

public sealed class TeamChoiceTests
{
    private const long Short = 1000;

    [Fact]
    public void Long_runs_take_all_threads()
    {
        TeamChoice choice = new(4, Short);
        Assert.Equal(1000, Helped(choice, 1000, _ => 5000, _ => 1500));
    }

    [Fact]
    public void Short_runs_are_made_alone_where_helpers_cost_more_than_they_give()
    {
        TeamChoice choice = new(2, Short);
        Helped(choice, 600, _ => 200, _ => 300);
        Assert.InRange(Helped(choice, 2560, _ => 200, _ => 300), 1, 100);
    }

    [Fact]
    public void Short_runs_are_helped_where_that_is_faster_once_helpers_are_awake()
    {
        TeamChoice choice = new(2, Short);
        int sinceAlone = 0;
        long Together(int _) => ++sinceAlone < 4 ? 400 : 130;
        long Alone(int _)
        {
            sinceAlone = 0;
            return 200;
        }

        Helped(choice, 600, Alone, Together);
        Assert.InRange(Helped(choice, 2560, Alone, Together), 2400, 2559);
    }

    [Fact]
    public void Helpers_that_have_become_slow_are_given_up()
    {
        TeamChoice choice = new(2, Short);
        Helped(choice, 2000, _ => 200, _ => 120);
        Helped(choice, 600, _ => 200, _ => 900);
        Assert.InRange(Helped(choice, 2560, _ => 200, _ => 900), 1, 100);
    }

    [Fact]
    public void Interrupted_runs_do_not_change_the_choice()
    {
        TeamChoice choice = new(2, Short);
        Helped(choice, 600, _ => 200, _ => 120);
        Assert.InRange(Helped(choice, 2560, _ => 200, i => i % 50 == 0 ? 50_000 : 120), 2300, 2559);
    }

    [Fact]
    public void Long_runs_go_alone_for_a_while_when_helpers_keep_losing_their_processors()
    {
        TeamChoice choice = new(2, Short);
        long together = 0, alone = 0;
        // Somebody else has the second processor for the first half of the time.
        for (long now = 0; now < 200_000_000;)
        {
            int workers = choice.WorkersAt(now);
            bool isTaken = now < 100_000_000;
            long ticks = workers == 1 ? 50_000 : isTaken ? 90_000 : 28_000;
            now += ticks;
            choice.Count(workers, now, ticks, workers > 1 && isTaken ? 60_000 : 0);
            (together, alone) = (together + (workers > 1 ? 1 : 0), alone + (workers > 1 ? 0 : 1));
        }

        // Alone but for a test now and then while that lasts, and not much longer.
        Assert.InRange(alone, 1900, 2500);
        Assert.InRange(together, 2700, 3600);
    }

    [Fact]
    public void Somebody_who_calls_now_and_then_gets_helpers_back_as_soon()
    {
        TeamChoice choice = new(2, Short);
        long now = 0;
        for (int i = 0; i < 30; i++)
        {
            int workers = choice.WorkersAt(now);
            now += 90_000;
            choice.Count(workers, now, 90_000, workers > 1 ? 60_000 : 0);
        }

        Assert.Equal(1, choice.WorkersAt(now));
        Assert.Equal(2, choice.WorkersAt(now + (10_000 * Short)));
    }

    [Fact]
    public void A_stall_now_and_then_changes_nothing()
    {
        TeamChoice choice = new(2, Short);
        for (int i = 0; i < 10_000; i++)
        {
            Assert.Equal(2, choice.WorkersAt(i));
            choice.Count(2, i, i % 10 == 0 ? 90_000 : 28_000, i % 10 == 0 ? 60_000 : i % 3 == 0 ? 5000 : 0);
        }
    }

    [Fact]
    public void One_worker_is_always_alone()
    {
        TeamChoice choice = new(1, Short);
        for (int i = 0; i < 1000; i++)
        {
            Assert.Equal(1, choice.WorkersAt(i));
            choice.Count(1, i, 200);
        }
    }

    /// <summary>Makes that many runs, which take so long by their number, and counts those with helpers.</summary>
    private static int Helped(TeamChoice choice, int runs, Func<int, long> alone, Func<int, long> together)
    {
        int helped = 0;
        for (int i = 0; i < runs; i++)
        {
            int workers = choice.WorkersAt(i);
            helped += workers > 1 ? 1 : 0;
            choice.Count(workers, i, workers > 1 ? together(i) : alone(i));
        }

        return helped;
    }
}
