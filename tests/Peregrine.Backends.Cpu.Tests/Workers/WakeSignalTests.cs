using Peregrine.Backends.Cpu.Workers;

namespace Peregrine.Backends.Cpu.Tests.Workers;

public sealed class WakeSignalTests
{
    // In turns, so that a wake-up that is lost stops both; a test that hangs is ended by its runner.
    [Theory]
    [InlineData(0, true)]
    [InlineData(0, false)]
    [InlineData(20, true)]
    [InlineData(20, false)]
    public void No_wake_up_is_lost(int spins, bool usesFutex)
    {
        Assert.SkipWhen(usesFutex && !Futex.IsSupported, "This system has no futex.");
        const int Turns = 5000;
        WakeSignal there = new(spins, usesFutex), back = new(spins, usesFutex);
        int answers = 0;
        Thread other = new(() =>
        {
            for (int turn = 0; turn < Turns; turn++)
            {
                there.WaitWhile(turn);
                answers++;
                back.Signal();
            }
        });
        other.Start();
        for (int turn = 0; turn < Turns; turn++)
        {
            there.Signal();
            back.WaitWhile(turn);
            Assert.Equal(turn + 1, answers);
        }

        other.Join();
        Assert.Equal((Turns, Turns, false), (there.Version, back.Version, there.HasParked));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_signal_wakes_all(bool usesFutex)
    {
        Assert.SkipWhen(usesFutex && !Futex.IsSupported, "This system has no futex.");
        WakeSignal signal = new(0, usesFutex);
        Thread[] waiting = [.. Enumerable.Range(0, 4).Select(_ => new Thread(() => signal.WaitWhile(0)))];
        Array.ForEach(waiting, t => t.Start());
        while (!signal.HasParked)
        {
            Thread.Yield();
        }

        signal.Signal();
        Array.ForEach(waiting, t => t.Join());
        Assert.False(signal.HasParked);
        // Who comes later does not wait.
        signal.WaitWhile(0);
    }

    [Fact]
    public void Linux_has_a_futex() => Assert.Equal(OperatingSystem.IsLinux(), Futex.IsSupported);
}
