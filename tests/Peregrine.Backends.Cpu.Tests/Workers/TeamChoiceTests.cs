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
    public void One_worker_is_always_alone()
    {
        TeamChoice choice = new(1, Short);
        for (int i = 0; i < 1000; i++)
        {
            Assert.Equal(1, choice.Workers);
            choice.Count(1, 200);
        }
    }

    /// <summary>Makes that many runs, which take so long by their number, and counts those with helpers.</summary>
    private static int Helped(TeamChoice choice, int runs, Func<int, long> alone, Func<int, long> together)
    {
        int helped = 0;
        for (int i = 0; i < runs; i++)
        {
            int workers = choice.Workers;
            helped += workers > 1 ? 1 : 0;
            choice.Count(workers, workers > 1 ? together(i) : alone(i));
        }

        return helped;
    }
}
