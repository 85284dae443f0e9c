using System.Reflection;
using Peregrine.Backends.Cpu;
using Peregrine.Operators;
using Peregrine.Runtime.Kernels;
using Peregrine.Runtime.Tuning;

namespace Architecture;

public sealed class BuiltOnTests
{
    /// <summary>A reference that is not told would let a timing, or a kernel that counts as checked, outlive a change of the code that makes it.</summary>
    [Fact]
    public void The_tactics_of_the_processor_name_all_that_decides_on_their_kernels()
    {
        Assembly tactics = typeof(CpuBackend).Assembly;
        string?[] told = [.. tactics.GetCustomAttributes<BuiltOnAttribute>().SelectMany(a => a.Types).Append(typeof(Operator)).Append(typeof(ITactic)).Select(t => t.Assembly.GetName().Name)];
        string?[] used = [.. tactics.GetReferencedAssemblies().Select(a => a.Name).Where(n => n!.StartsWith("Peregrine.", StringComparison.Ordinal))];
        Assert.Contains("Peregrine.CodeGen.X64", used);
        Assert.Empty(used.Except(told));
    }
}
