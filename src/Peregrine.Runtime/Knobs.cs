namespace Peregrine.Runtime;

/// <summary>The environment variables of Peregrine, all of them; nothing else in the program reads the environment.</summary>
public static class Knobs
{
    /// <summary>
    /// <c>PEREGRINE_ISA</c>: caps the instruction set of generated code (<c>avx512</c>, <c>avx2</c>, <c>portable</c>), lower case; null if not set.
    /// </summary>
    public static string? Isa => Read("PEREGRINE_ISA")?.ToLowerInvariant();

    /// <summary><c>PEREGRINE_DUMP</c>: the folder that receives what is needed to reproduce a failure of the compiler; null if not set.</summary>
    public static string? DumpFolder => Read("PEREGRINE_DUMP");

    private static string? Read(string name)
    {
#pragma warning disable RS0030 // This is the one place the rule points to.
        string? value = Environment.GetEnvironmentVariable(name);
#pragma warning restore RS0030
        return string.IsNullOrWhiteSpace(value) ? null : value.Trim();
    }
}
