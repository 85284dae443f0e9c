using System.Runtime.CompilerServices;

namespace Peregrine.TestProcesses;

/// <summary>Runs before anything else in each test process.</summary>
internal static class TestProcess
{
    /// <summary>What earlier runs have measured must not decide what a test sees, nor tests fill the user's cache. Child processes inherit it.</summary>
    [ModuleInitializer]
    internal static void ForgetTimings()
    {
        if (Environment.GetEnvironmentVariable("PEREGRINE_CACHE") is null)
        {
            Environment.SetEnvironmentVariable("PEREGRINE_CACHE", "off");
        }
    }
}
