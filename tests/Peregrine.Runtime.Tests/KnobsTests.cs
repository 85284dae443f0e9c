namespace Peregrine.Runtime.Tests;

public sealed class KnobsTests
{
    [Fact]
    public void The_cache_folder_can_be_moved_and_switched_off()
    {
        string? before = Environment.GetEnvironmentVariable("PEREGRINE_CACHE");
        try
        {
            Environment.SetEnvironmentVariable("PEREGRINE_CACHE", "/somewhere/else");
            Assert.Equal("/somewhere/else", Knobs.CacheFolder);
            Environment.SetEnvironmentVariable("PEREGRINE_CACHE", "off");
            Assert.Null(Knobs.CacheFolder);
            Assert.Null(Runtime.Tuning.TimingCache.OpenDefault());
            Environment.SetEnvironmentVariable("PEREGRINE_CACHE", null);
            Assert.EndsWith("peregrine", Knobs.CacheFolder, StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable("PEREGRINE_CACHE", before);
        }
    }

    [Fact]
    public void Values_are_trimmed_and_blank_means_not_set()
    {
        string? before = Environment.GetEnvironmentVariable("PEREGRINE_ISA");
        try
        {
            Environment.SetEnvironmentVariable("PEREGRINE_ISA", " AVX2 ");
            Assert.Equal("avx2", Knobs.Isa);
            Environment.SetEnvironmentVariable("PEREGRINE_ISA", "  ");
            Assert.Null(Knobs.Isa);
        }
        finally
        {
            Environment.SetEnvironmentVariable("PEREGRINE_ISA", before);
        }
    }
}
