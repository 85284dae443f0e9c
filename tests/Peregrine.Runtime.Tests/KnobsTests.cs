namespace Peregrine.Runtime.Tests;

public sealed class KnobsTests
{
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
